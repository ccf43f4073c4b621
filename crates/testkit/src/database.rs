//! A database of one's own: SQLite, or PostgreSQL when the environment names a server.

use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use store::Store;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::postgres::PostgresDatabase;
use crate::store::open;
use crate::{SeededEntropy, TestClock};

/// Names the server, as a URL with the right to create databases. Without it the tests use SQLite.
const SERVER: &str = "CLAVIGER_TEST_DB";

/// A database that goes away with this value.
#[derive(Debug)]
pub enum TestDatabase {
    /// A file in a folder of its own.
    Sqlite(TempDir),
    /// A database of the server.
    Postgres(PostgresDatabase),
}

/// The server of the environment. The one place that reads it.
fn server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the tests are started twice, once for each database")]
    let url = std::env::var(SERVER);
    url.ok().filter(|url| !url.is_empty())
}

impl TestDatabase {
    /// Migrated, with server keys, otherwise empty.
    pub async fn migrated() -> Self {
        if let Some(server) = server() {
            return Self::Postgres(PostgresDatabase::from_template(&server).await);
        }
        let folder = new_folder();
        std::fs::write(file_in(folder.path()), sqlite_template().await).expect("cannot write the database");
        Self::Sqlite(folder)
    }

    /// Without any table.
    pub async fn empty() -> Self {
        match server() {
            Some(server) => Self::Postgres(PostgresDatabase::empty(&server).await),
            None => Self::Sqlite(new_folder()),
        }
    }

    /// What the store is opened with.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => sqlite_url(folder.path()),
            Self::Postgres(database) => database.url().to_owned(),
        }
    }

    /// A connection past the store, for what the store does not do: tampering and looking behind it.
    pub async fn raw(&self) -> Raw {
        match self {
            Self::Sqlite(folder) => {
                // As a stranger would write: nothing checks references.
                let options =
                    SqliteConnectOptions::new().filename(file_in(folder.path())).foreign_keys(false);
                Raw::Sqlite(options.connect().await.expect("cannot open the file"))
            }
            Self::Postgres(database) => Raw::Postgres(
                PgConnection::connect(database.url()).await.expect("cannot connect to the database"),
            ),
        }
    }
}

fn new_folder() -> TempDir {
    TempDir::with_prefix("claviger-test-").expect("cannot make a folder")
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join("claviger.db")
}

fn sqlite_url(folder: &Path) -> String {
    format!("sqlite:{}", file_in(folder).display())
}

/// The bytes of a migrated file: made once in a process, since migrating costs more than most tests do.
async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = || async {
        let folder = new_folder();
        let store = migrate(&sqlite_url(folder.path())).await.expect("cannot migrate the template");
        // Closing the last connection moves the log into the file.
        store.close().await.expect("cannot close the template");
        std::fs::read(file_in(folder.path())).expect("cannot read the template")
    };
    TEMPLATE.get_or_init(make).await
}

/// Opens a database once, which migrates it and makes its server keys.
pub(crate) async fn migrate(url: &str) -> model::Result<Store> {
    open(url, TestClock::default(), SeededEntropy::new(0)).await
}

/// A connection past the store.
#[derive(Debug)]
pub enum Raw {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To the server.
    Postgres(PgConnection),
}

impl Raw {
    /// Runs a statement and answers how many rows it touched.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        let query = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                let done = sqlx::query(query).execute(connection).await;
                done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
            }
            Self::Postgres(connection) => {
                let done = sqlx::query(query).execute(connection).await;
                done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
            }
        }
    }

    /// The first column of a query that gives text.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let query = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(query).fetch_all(connection).await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(query).fetch_all(connection).await;
                let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// How many rows of a table meet the condition.
    pub async fn count(&mut self, table: &str, condition: &str) -> i64 {
        let sql = format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table} WHERE {condition}");
        let counted = self.texts(&sql).await;
        counted.first().and_then(|text| text.parse().ok()).expect("COUNT answers a number")
    }

    /// An id as a literal of this database.
    #[must_use]
    pub fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'::uuid"),
        }
    }
}
