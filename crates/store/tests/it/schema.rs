//! Tables and columns: what the migration says is what each database has.

use std::collections::BTreeSet;

use testkit::{Raw, TestStore};

const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_foundation.sql"),
    include_str!("../../migrations/0002_authorization.sql"),
];

/// `table.column type` of the migrations, with the types of the database.
fn declared(is_sqlite: bool) -> BTreeSet<String> {
    let types = |mark: &str| match (mark, is_sqlite) {
        ("{uuid}" | "{bytes}", true) => "blob",
        ("{time}" | "{int}" | "{bool}", true) => "integer",
        ("{uuid}", false) => "uuid",
        ("{time}" | "{int}", false) => "bigint",
        ("{bool}", false) => "boolean",
        ("{bytes}", false) => "bytea",
        ("{json}", false) => "jsonb",
        ("{json}" | "{key}" | "TEXT", _) => "text",
        (other, _) => panic!("{other} is no type of a migration"),
    };
    let mut columns = BTreeSet::new();
    let mut table = None;
    for line in MIGRATIONS.iter().flat_map(|text| text.lines()) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            table = rest.split(' ').next();
        } else if let Some((table, column)) = added(line) {
            let (name, kind) = column.split_once(' ').unwrap();
            let kind = kind.split([' ', ';']).next().unwrap();
            columns.insert(format!("{table}.{name} {}", types(kind)));
        } else if line.starts_with(')') {
            table = None;
        } else if let Some(table) = table {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap_or_default();
            // Constraints are upper case, columns are not.
            if line.starts_with("    ") && name.starts_with(|c: char| c.is_ascii_lowercase()) {
                let kind = types(words.next().unwrap().trim_end_matches(','));
                columns.insert(format!("{table}.{name} {kind}"));
            }
        }
    }
    columns
}

/// The table and the column that a later migration adds to it.
fn added(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("ALTER TABLE ")?.split_once(" ADD COLUMN ")
}

#[tokio::test]
async fn the_tables_and_columns_are_those_of_the_migrations() {
    let t = TestStore::new().await;
    let mut raw = t.raw().await;
    let is_sqlite = matches!(raw, Raw::Sqlite(_));
    let query = if is_sqlite {
        "SELECT m.name || '.' || c.name || ' ' || lower(c.type) FROM sqlite_schema m, pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT IN ('migration', 'sqlite_sequence')"
    } else {
        "SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> 'migration'"
    };
    let found: BTreeSet<String> = raw.texts(query).await.into_iter().collect();
    let declared = declared(is_sqlite);
    assert!(declared.len() > 150, "the migrations were not read: {declared:?}");
    assert_eq!(found, declared);
}

#[tokio::test]
async fn every_name_that_is_compared_without_case_is_ordered_by_bytes() {
    let t = TestStore::new().await;
    let mut raw = t.raw().await;
    if matches!(raw, Raw::Sqlite(_)) {
        return; // BINARY is the only collation there.
    }
    let loose = raw
        .texts(
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'
             AND (column_name LIKE '%\\_key' OR column_name = 'resource') AND data_type = 'text'
             AND collation_name IS DISTINCT FROM 'C'",
        )
        .await;
    assert!(loose.is_empty(), "{loose:?} follow the collation of the server");
}
