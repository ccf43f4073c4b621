//! The two databases behind one door. Only this file, `row.rs` and `dialect.rs` name the driver's backends.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use model::{Error, Result};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor as _, Postgres, SqlSafeStr, Sqlite, Transaction};

use crate::dialect::{Dialect, IntoModel};
use crate::row::Row;
use crate::value::Value;

/// Where the data is, and how it is held.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections that read (SQLite), or all connections (PostgreSQL).
    pub connections: u32,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
}

impl Options {
    /// Options with the usual numbers.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 8, acquire_timeout: Duration::from_secs(10) }
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    /// One connection writes, several read: SQLite has one writer at a time in any case, and a queue of our own
    /// never sees `SQLITE_BUSY` from ourselves.
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    /// A pool.
    Postgres(PgPool),
}

/// An open transaction; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Waits for another node's word that something changed.
pub(crate) enum Listener {
    /// SQLite has no word; the poll does.
    Silent,
    Postgres(Box<PgListener>),
}

/// The channel on which nodes tell each other that the change log grew.
const CHANNEL: &str = "claviger_change";

impl Db {
    pub(crate) async fn open(options: &Options) -> Result<Self> {
        if options.url.starts_with("postgres:") || options.url.starts_with("postgresql:") {
            let connect = PgConnectOptions::from_str(&options.url).map_err(|error| bad_url(&error))?;
            let pool = PoolOptions::<Postgres>::new()
                .max_connections(options.connections.max(2))
                .acquire_timeout(options.acquire_timeout)
                .connect_with(connect)
                .await
                .map_err(|error| cannot_open(&error))?;
            return Ok(Self::Postgres(pool));
        }
        if !options.url.starts_with("sqlite:") {
            return Err(Error::invalid("database.url", "must start with sqlite: or postgres:"));
        }
        let connect = SqliteConnectOptions::from_str(&options.url)
            .map_err(|error| bad_url(&error))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What is acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        make_private(connect.get_filename())?;
        let pool = |size, connect: SqliteConnectOptions| {
            PoolOptions::<Sqlite>::new()
                .max_connections(size)
                .acquire_timeout(options.acquire_timeout)
                .idle_timeout(None)
                .max_lifetime(None)
                .connect_with(connect)
        };
        let writer = pool(1, connect.clone()).await.map_err(|error| cannot_open(&error))?;
        let reader = pool(options.connections.max(1), connect.pragma("query_only", "ON"))
            .await
            .map_err(|error| cannot_open(&error))?;
        Ok(Self::Sqlite { reader, writer })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that reads. All of its statements see one moment.
    pub(crate) async fn read(&self) -> Result<Tx> {
        const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(reader.begin().await.into_model()?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with(SNAPSHOT).await.into_model()?),
        })
    }

    /// Begins a transaction that writes.
    pub(crate) async fn write(&self) -> Result<Tx> {
        Ok(match self {
            // IMMEDIATE: a transaction that reads first and writes later could otherwise fail half-way.
            Self::Sqlite { writer, .. } => {
                Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.into_model()?)
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await.into_model()?),
        })
    }

    pub(crate) async fn listen(&self) -> Result<Listener> {
        match self {
            Self::Sqlite { .. } => Ok(Listener::Silent),
            Self::Postgres(pool) => {
                let mut listener = PgListener::connect_with(pool).await.into_model()?;
                listener.listen(CHANNEL).await.into_model()?;
                Ok(Listener::Postgres(Box::new(listener)))
            }
        }
    }

    /// Lets the database check a statement without running it.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut connection = writer.acquire().await.into_model()?;
                connection.prepare(sql.into_sql_str()).await.map(|_| ()).into_model()
            }
            Self::Postgres(pool) => {
                let mut connection = pool.acquire().await.into_model()?;
                connection.prepare(sql.into_sql_str()).await.map(|_| ()).into_model()
            }
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { reader, writer } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Listener {
    /// Returns when another node spoke; on SQLite never.
    pub(crate) async fn heard(&mut self) -> Result<()> {
        match self {
            Self::Silent => std::future::pending().await,
            Self::Postgres(listener) => listener.recv().await.map(|_| ()).into_model(),
        }
    }
}

macro_rules! bind {
    ($query:expr, $args:expr, $json:expr) => {{
        let mut query = $query;
        for value in $args {
            query = match value {
                Value::Uuid(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Bool(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
                Value::Json(value) => query.bind(value.map($json)),
            };
        }
        query
    }};
}

#[expect(clippy::needless_pass_by_value, reason = "stands beside a constructor, which takes a value")]
fn as_text(value: serde_json::Value) -> String {
    value.to_string()
}

impl Tx {
    pub(crate) async fn all(&mut self, sql: impl SqlSafeStr, args: Vec<Value>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(tx) => {
                let query = bind!(sqlx::query::<Sqlite>(sql), args, as_text);
                let rows = query.fetch_all(&mut **tx).await.into_model()?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(tx) => {
                let query = bind!(sqlx::query::<Postgres>(sql), args, sqlx::types::Json);
                let rows = query.fetch_all(&mut **tx).await.into_model()?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    pub(crate) async fn optional(&mut self, sql: impl SqlSafeStr, args: Vec<Value>) -> Result<Option<Row>> {
        match self {
            Self::Sqlite(tx) => {
                let query = bind!(sqlx::query::<Sqlite>(sql), args, as_text);
                Ok(query.fetch_optional(&mut **tx).await.into_model()?.map(Row::Sqlite))
            }
            Self::Postgres(tx) => {
                let query = bind!(sqlx::query::<Postgres>(sql), args, sqlx::types::Json);
                Ok(query.fetch_optional(&mut **tx).await.into_model()?.map(Row::Postgres))
            }
        }
    }

    pub(crate) async fn execute(&mut self, sql: impl SqlSafeStr, args: Vec<Value>) -> Result<u64> {
        match self {
            Self::Sqlite(tx) => {
                let query = bind!(sqlx::query::<Sqlite>(sql), args, as_text);
                Ok(query.execute(&mut **tx).await.into_model()?.rows_affected())
            }
            Self::Postgres(tx) => {
                let query = bind!(sqlx::query::<Postgres>(sql), args, sqlx::types::Json);
                Ok(query.execute(&mut **tx).await.into_model()?.rows_affected())
            }
        }
    }

    /// Runs several statements without parameters, as migrations hold them.
    pub(crate) async fn script(&mut self, sql: String) -> Result<()> {
        let script = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(tx) => script.execute(&mut **tx).await.map(|_| ()).into_model(),
            Self::Postgres(tx) => script.execute(&mut **tx).await.map(|_| ()).into_model(),
        }
    }

    /// Tells the other nodes, once the transaction is committed, that the change log grew.
    pub(crate) async fn notify(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                self.execute("SELECT pg_notify($1, '')", vec![CHANNEL.into()]).await.map(|_| ())
            }
        }
    }

    /// Waits until no other node is migrating, and keeps them waiting until the end of the transaction.
    pub(crate) async fn lock_migrations(&mut self) -> Result<()> {
        match self {
            // BEGIN IMMEDIATE holds the one write lock already.
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                self.execute("SELECT pg_advisory_xact_lock(7236547123)", Vec::new()).await.map(|_| ())
            }
        }
    }

    /// Waits until no other transaction holds the lock of that number, and keeps them waiting until the end of
    /// this one. For rules about several rows, which row locks cannot keep.
    pub(crate) async fn lock(&mut self, number: i64) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => {
                self.execute("SELECT pg_advisory_xact_lock($1)", vec![number.into()]).await.map(|_| ())
            }
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await.into_model(),
            Self::Postgres(tx) => tx.commit().await.into_model(),
        }
    }
}

/// Makes the file of a new database for its owner's eyes only. SQLite gives its companions the same rights.
fn make_private(file: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::invalid("database.url", format!("cannot make {}: {error}", file.display()))),
    }
}

fn bad_url(error: &sqlx::Error) -> Error {
    Error::invalid("database.url", format!("cannot be read: {error}"))
}

fn cannot_open(error: &sqlx::Error) -> Error {
    Error::unavailable(format!(
        "Cannot open the database: {error}. Check database.url and that it is reachable."
    ))
}
