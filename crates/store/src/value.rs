//! Values on their way into the database, and columns on their way out, without naming a database.

use std::sync::Arc;

use model::grants::Grants;
use model::permission::ActionSet;
use model::{
    CredentialId, CredentialKind, CredentialScope, Error, InvitationId, Level, OrganizationId, PrincipalId,
    PrincipalKind, ProjectId, Result, RoleId, SecretHash, TeamId, Timestamp, TokenId, WorkspaceId,
    WorkspaceState,
};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::row::Row;

/// A value to bind. Absent values keep their type: PostgreSQL wants to know it.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// `BLOB(16)` / `uuid`.
    Uuid(Option<Uuid>),
    /// `TEXT`.
    Text(Option<String>),
    /// `INTEGER` / `bigint`; times are microseconds.
    Int(Option<i64>),
    /// `INTEGER` / `boolean`.
    Bool(Option<bool>),
    /// `BLOB` / `bytea`.
    Bytes(Option<Vec<u8>>),
    /// `TEXT` / `jsonb`.
    Json(Option<Json>),
}

/// A type that fills one or more columns.
pub(crate) trait Column: Sized {
    /// Appends its column values.
    fn encode(&self, out: &mut Vec<Value>);
    /// Reads its columns from `at` on, and moves `at` behind them.
    fn decode(row: &Row, at: &mut usize) -> Result<Self>;
}

macro_rules! scalar {
    ($($kind:ty, $variant:ident, $getter:ident;)*) => {$(
        impl Column for $kind {
            fn encode(&self, out: &mut Vec<Value>) { out.push(Value::$variant(Some(self.clone().into()))); }
            fn decode(row: &Row, at: &mut usize) -> Result<Self> { required(row.$getter(advance(at))?) }
        }
        impl Column for Option<$kind> {
            fn encode(&self, out: &mut Vec<Value>) {
                out.push(Value::$variant(self.clone().map(Into::into)));
            }
            fn decode(row: &Row, at: &mut usize) -> Result<Self> { row.$getter(advance(at)) }
        }
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self { Self::$variant(Some(value.into())) }
        }
        impl From<Option<$kind>> for Value {
            fn from(value: Option<$kind>) -> Self { Self::$variant(value.map(Into::into)) }
        }
    )*};
}

macro_rules! newtype {
    ($($kind:ident, $variant:ident, $getter:ident;)*) => {$(
        impl Column for $kind {
            fn encode(&self, out: &mut Vec<Value>) { out.push(Value::$variant(Some(self.0))); }
            fn decode(row: &Row, at: &mut usize) -> Result<Self> { required(row.$getter(advance(at))?).map($kind) }
        }
        impl Column for Option<$kind> {
            fn encode(&self, out: &mut Vec<Value>) { out.push(Value::$variant(self.map(|inner| inner.0))); }
            fn decode(row: &Row, at: &mut usize) -> Result<Self> { Ok(row.$getter(advance(at))?.map($kind)) }
        }
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self { Self::$variant(Some(value.0)) }
        }
        impl From<Option<$kind>> for Value {
            fn from(value: Option<$kind>) -> Self { Self::$variant(value.map(|inner| inner.0)) }
        }
    )*};
}

macro_rules! word {
    ($($kind:ident;)*) => {$(
        impl Column for $kind {
            fn encode(&self, out: &mut Vec<Value>) { out.push((*self).into()); }
            fn decode(row: &Row, at: &mut usize) -> Result<Self> {
                let text: String = Column::decode(row, at)?;
                $kind::parse(&text).ok_or_else(|| corrupt(&format!("'{text}' is no {}", stringify!($kind))))
            }
        }
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self { Self::Text(Some(value.as_str().to_owned())) }
        }
    )*};
}

scalar! {
    String, Text, text;
    i64, Int, int;
    bool, Bool, bool;
    Uuid, Uuid, uuid;
    Vec<u8>, Bytes, bytes;
    Json, Json, json;
}

newtype! {
    Timestamp, Int, int;
    PrincipalId, Uuid, uuid;
    OrganizationId, Uuid, uuid;
    WorkspaceId, Uuid, uuid;
    ProjectId, Uuid, uuid;
    CredentialId, Uuid, uuid;
    RoleId, Uuid, uuid;
    TeamId, Uuid, uuid;
    InvitationId, Uuid, uuid;
    TokenId, Uuid, uuid;
}

word! { PrincipalKind; CredentialKind; Level; WorkspaceState; }

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl Column for Map<String, Json> {
    fn encode(&self, out: &mut Vec<Value>) {
        out.push(Value::Json(Some(Json::Object(self.clone()))));
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        match Column::decode(row, at)? {
            Json::Object(map) => Ok(map),
            _ => Err(corrupt("not a JSON object")),
        }
    }
}

impl Column for Option<Arc<CredentialScope>> {
    fn encode(&self, out: &mut Vec<Value>) {
        // What could not be written must not be read as unlimited: a JSON null is refused, an absent value not.
        let json = |scope: &Arc<CredentialScope>| serde_json::to_value(scope).unwrap_or(Json::Null);
        out.push(Value::Json(self.as_ref().map(json)));
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        let Some(json) = <Option<Json>>::decode(row, at)? else { return Ok(None) };
        serde_json::from_value(json).map(Some).map_err(|error| corrupt(&error.to_string()))
    }
}

impl Column for Grants {
    fn encode(&self, out: &mut Vec<Value>) {
        out.push(Value::Json(Some(self.patterns().into())));
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        let patterns: Vec<String> =
            serde_json::from_value(Column::decode(row, at)?).map_err(|error| corrupt(&error.to_string()))?;
        Self::parse("permissions", patterns.iter().map(String::as_str))
    }
}

impl Column for ActionSet {
    fn encode(&self, out: &mut Vec<Value>) {
        out.push(Value::Int(Some(self.bits())));
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        i64::decode(row, at).map(Self::from_bits)
    }
}

impl Column for [u8; 32] {
    fn encode(&self, out: &mut Vec<Value>) {
        out.push(Value::Bytes(Some(self.to_vec())));
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        let bytes: Vec<u8> = Column::decode(row, at)?;
        Self::try_from(bytes).map_err(|_| corrupt("not 32 bytes"))
    }
}

impl Column for SecretHash {
    fn encode(&self, out: &mut Vec<Value>) {
        self.pepper.encode(out);
        self.hash.encode(out);
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        Ok(Self { pepper: Column::decode(row, at)?, hash: Column::decode(row, at)? })
    }
}

impl Column for Option<SecretHash> {
    fn encode(&self, out: &mut Vec<Value>) {
        out.push(Value::Int(self.map(|stored| stored.pepper)));
        out.push(Value::Bytes(self.map(|stored| stored.hash.to_vec())));
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        let pepper: Option<i64> = Column::decode(row, at)?;
        let hash: Option<Vec<u8>> = Column::decode(row, at)?;
        let Some((pepper, hash)) = pepper.zip(hash) else { return Ok(None) };
        let hash = hash.try_into().map_err(|_| corrupt("not 32 bytes"))?;
        Ok(Some(SecretHash { pepper, hash }))
    }
}

impl Column for Option<(SecretHash, Timestamp)> {
    fn encode(&self, out: &mut Vec<Value>) {
        self.map(|(hash, _)| hash).encode(out);
        self.map(|(_, until)| until).encode(out);
    }
    fn decode(row: &Row, at: &mut usize) -> Result<Self> {
        let hash: Option<SecretHash> = Column::decode(row, at)?;
        let until: Option<Timestamp> = Column::decode(row, at)?;
        Ok(hash.zip(until))
    }
}

fn advance(at: &mut usize) -> usize {
    let index = *at;
    *at += 1;
    index
}

fn required<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(|| corrupt("NULL where a value must be"))
}

fn corrupt(what: &str) -> Error {
    Error::internal(format!("the database holds a value we cannot read: {what}"))
}
