//! Rows and statements: how types meet tables.

use std::sync::OnceLock;

use model::{Error, Result};
use serde_json::Value as Json;
use sqlx::Row as _;
use uuid::Uuid;

use crate::dialect::Dialect;
use crate::value::{Column, Value};

/// A row of either database.
#[derive(Debug)]
pub(crate) enum Row {
    /// Of SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// Of PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

macro_rules! getters {
    ($($name:ident: $kind:ty;)*) => {$(
        pub(crate) fn $name(&self, index: usize) -> Result<Option<$kind>> {
            match self {
                Self::Sqlite(row) => row.try_get(index),
                Self::Postgres(row) => row.try_get(index),
            }
            .map_err(Error::internal)
        }
    )*};
}

impl Row {
    getters! { text: String; int: i64; bool: bool; uuid: Uuid; bytes: Vec<u8>; }

    pub(crate) fn json(&self, index: usize) -> Result<Option<Json>> {
        match self {
            Self::Sqlite(row) => {
                let text: Option<String> = row.try_get(index).map_err(Error::internal)?;
                text.map(|text| serde_json::from_str(&text)).transpose().map_err(Error::internal)
            }
            Self::Postgres(row) => row.try_get(index).map_err(Error::internal),
        }
    }

    /// Reads columns from the first on.
    pub(crate) fn read<T: Column>(&self) -> Result<T> {
        T::decode(self, &mut 0)
    }
}

macro_rules! tuples {
    ($(($($name:ident),*);)*) => {$(
        impl<$($name: Column),*> Column for ($($name,)*) {
            #[expect(non_snake_case, reason = "type parameters double as variable names")]
            fn encode(&self, out: &mut Vec<Value>) {
                let ($($name,)*) = self;
                $($name.encode(out);)*
            }
            fn decode(row: &Row, at: &mut usize) -> Result<Self> {
                Ok(($($name::decode(row, at)?,)*))
            }
        }
    )*};
}

tuples! { (A, B, C); (A, B, C, D); (A, B, C, D, E); }

impl<A: Column, B: Column> Column for Pair<A, B> {
    fn encode(&self, out: &mut Vec<Value>) {
        self.0.encode(out);
        self.1.encode(out);
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        Ok(Self(A::decode(row, at)?, B::decode(row, at)?))
    }
}

/// Two columns. A type of its own, since a pair of a hash and a time is one column group already.
#[derive(Debug)]
pub(crate) struct Pair<A, B>(pub A, pub B);

/// A type that is a row of a table.
pub(crate) trait Record: Column + Send + Sync {
    /// The table.
    const TABLE: &'static str;
    /// The columns in the order of [`Column::encode`] and [`Column::decode`]; `id` comes first.
    const COLUMNS: &'static [&'static str];
    /// Columns that are derived from others, for inserts and updates: the folded names.
    const DERIVED: &'static [&'static str];
    /// The values of the derived columns.
    fn derived(&self, out: &mut Vec<Value>);
    /// The statements that every record has.
    fn statements() -> &'static [Statement; 2];

    /// All values to write.
    fn values(&self) -> Vec<Value> {
        let mut values = Vec::with_capacity(Self::COLUMNS.len() + Self::DERIVED.len());
        self.encode(&mut values);
        self.derived(&mut values);
        values
    }
}

/// A statement with a name: the unit that tests prepare on both databases.
#[derive(Debug)]
pub(crate) struct Statement {
    /// What it is called in errors and tests.
    pub name: &'static str,
    shape: Shape,
    text: OnceLock<String>,
    locking: OnceLock<String>,
}

#[derive(Debug)]
enum Shape {
    Text(&'static str),
    Select(fn() -> String, &'static str),
    Write(fn() -> String),
}

impl Statement {
    /// A statement written out.
    pub(crate) const fn text(name: &'static str, text: &'static str) -> Self {
        Self { name, shape: Shape::Text(text), text: OnceLock::new(), locking: OnceLock::new() }
    }

    /// `SELECT <the record's columns> FROM <its table> <rest>`.
    pub(crate) const fn select<R: Record>(name: &'static str, rest: &'static str) -> Self {
        Self {
            name,
            shape: Shape::Select(select_prefix::<R>, rest),
            text: OnceLock::new(),
            locking: OnceLock::new(),
        }
    }

    /// `INSERT INTO <the record's table> …`.
    pub(crate) const fn insert<R: Record>(name: &'static str) -> Self {
        Self { name, shape: Shape::Write(insert_text::<R>), text: OnceLock::new(), locking: OnceLock::new() }
    }

    /// `UPDATE <the record's table> SET … WHERE id = $1`.
    pub(crate) const fn update<R: Record>(name: &'static str) -> Self {
        Self { name, shape: Shape::Write(update_text::<R>), text: OnceLock::new(), locking: OnceLock::new() }
    }

    /// The SQL for a session that is going to change what it finds.
    pub(crate) fn sql_locking<R: Record>(&'static self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sql(),
            Dialect::Postgres => {
                self.locking.get_or_init(|| format!("{}{}", self.sql(), dialect.lock_rows(R::TABLE)))
            }
        }
    }

    /// The SQL.
    pub(crate) fn sql(&'static self) -> &'static str {
        match self.shape {
            Shape::Text(text) => text,
            Shape::Select(prefix, rest) => self.text.get_or_init(|| format!("{} {rest}", prefix())),
            Shape::Write(build) => self.text.get_or_init(build),
        }
    }
}

/// `SELECT <columns> FROM <table>`, each column with its table, so that joins stay unambiguous.
pub(crate) fn select_prefix<R: Record>() -> String {
    let columns: Vec<String> = R::COLUMNS.iter().map(|column| format!("{}.{column}", R::TABLE)).collect();
    format!("SELECT {} FROM {}", columns.join(", "), R::TABLE)
}

fn written<R: Record>() -> impl Iterator<Item = &'static str> {
    R::COLUMNS.iter().chain(R::DERIVED).copied()
}

fn insert_text<R: Record>() -> String {
    let columns: Vec<_> = written::<R>().collect();
    let places: Vec<_> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", R::TABLE, columns.join(", "), places.join(", "))
}

fn update_text<R: Record>() -> String {
    let sets: Vec<_> = written::<R>()
        .enumerate()
        .skip(1)
        .map(|(index, column)| format!("{column} = ${}", index + 1))
        .collect();
    format!("UPDATE {} SET {} WHERE id = $1", R::TABLE, sets.join(", "))
}

/// Declares how a type of the model is a row: its fields with their columns, and the derived columns.
macro_rules! record {
    ($kind:ident in $table:literal { $($field:ident: [$($column:literal),+],)+ } derived { $($derived:literal = |$row:ident| $value:expr,)* }) => {
        impl $crate::value::Column for $kind {
            fn encode(&self, out: &mut Vec<$crate::value::Value>) {
                $($crate::value::Column::encode(&self.$field, out);)+
            }
            fn decode(row: &$crate::row::Row, at: &mut usize) -> model::Result<Self> {
                Ok(Self { $($field: $crate::value::Column::decode(row, at)?,)+ })
            }
        }
        impl $crate::row::Record for $kind {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$($($column,)+)+];
            const DERIVED: &'static [&'static str] = &[$($derived,)*];
            #[allow(clippy::allow_attributes, unused_variables, reason = "records without derived columns")]
            fn derived(&self, out: &mut Vec<$crate::value::Value>) {
                $({ let $row = self; out.push($value); })*
            }
            fn statements() -> &'static [$crate::row::Statement; 2] {
                static STATEMENTS: [$crate::row::Statement; 2] = [
                    $crate::row::Statement::insert::<$kind>(concat!("insert_", $table)),
                    $crate::row::Statement::update::<$kind>(concat!("update_", $table)),
                ];
                &STATEMENTS
            }
        }
    };
}

/// Declares the statements of a module and the list of them that the registry takes.
macro_rules! statements {
    ($($name:ident = $constructor:ident $(::<$record:ty>)? ($text:literal);)*) => {
        $(static $name: $crate::row::Statement =
            $crate::row::Statement::$constructor$(::<$record>)?(stringify!($name), $text);)*
        /// The statements of this module.
        pub(crate) fn statements() -> Vec<&'static $crate::row::Statement> {
            vec![$(&$name,)*]
        }
    };
}

pub(crate) use {record, statements};
