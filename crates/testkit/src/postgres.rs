//! Databases of a PostgreSQL server: one template, and a copy of it for each test.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::OnceCell;

use crate::database::migrate;

const TEMPLATE: &str = "claviger_template";
/// Held exclusively while the template is made or looked over, shared while it is copied: a database that
/// somebody is connected to cannot be copied.
const LOCK: i64 = 7_236_547_124;

/// A database that is dropped with this value.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: String,
    name: String,
    url: String,
}

impl PostgresDatabase {
    pub(crate) async fn from_template(server: &str) -> Self {
        static READY: OnceCell<()> = OnceCell::const_new();
        READY.get_or_init(|| prepare_template(server)).await;
        let mut admin = connect(server).await;
        run(&mut admin, &format!("SELECT pg_advisory_lock_shared({LOCK})")).await;
        let database = Self::create(server, &mut admin, &format!("TEMPLATE {TEMPLATE}")).await;
        admin.close().await.expect("cannot close the connection");
        database
    }

    pub(crate) async fn empty(server: &str) -> Self {
        Self::create(server, &mut connect(server).await, "").await
    }

    async fn create(server: &str, admin: &mut PgConnection, how: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        // Several test programs run at once: the process tells their databases apart.
        let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let name = format!("claviger_test_{process}_{number}");
        // Left over by a process of the same number that was killed.
        run(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(admin, &format!("CREATE DATABASE {name} {how}")).await;
        Self { server: server.to_owned(), url: url_of(server, &name), name }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime cannot be waited for here.
        let work = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("cannot make a runtime").block_on(async {
                run(&mut connect(&server).await, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            });
        });
        // A database that stays behind is dropped with its server.
        let _ = work.join();
    }
}

/// Makes the template, or brings one that an earlier run left behind up to date.
async fn prepare_template(server: &str) {
    let mut admin = connect(server).await;
    run(&mut admin, &format!("SELECT pg_advisory_lock({LOCK})")).await;
    let query = format!("SELECT datname::text FROM pg_database WHERE datname = '{TEMPLATE}'");
    let found = sqlx::query_scalar::<_, String>(AssertSqlSafe(query)).fetch_optional(&mut admin).await;
    let is_there = found.expect("cannot look for the template").is_some();
    let url = url_of(server, TEMPLATE);
    // Opening compares the migrations; a template of other ones is of no use.
    let opened = if is_there { migrate(&url).await.ok() } else { None };
    let store = if let Some(store) = opened {
        store
    } else {
        run(&mut admin, &format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await;
        run(&mut admin, &format!("CREATE DATABASE {TEMPLATE}")).await;
        migrate(&url).await.expect("cannot migrate the template")
    };
    store.close().await.expect("cannot close the template");
    // Closing the connection gives the lock back.
    admin.close().await.expect("cannot close the connection");
}

async fn connect(server: &str) -> PgConnection {
    let options: PgConnectOptions = server.parse().expect("the URL of the test server cannot be read");
    options.connect().await.expect("cannot connect to the test server")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The URL of another database of the server.
fn url_of(server: &str, name: &str) -> String {
    let (place, query) = server.split_once('?').map_or((server, None), |(place, query)| (place, Some(query)));
    let base = place.rsplit_once('/').map_or(place, |(base, _)| base);
    query.map_or_else(|| format!("{base}/{name}"), |query| format!("{base}/{name}?{query}"))
}
