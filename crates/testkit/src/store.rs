//! A store of one's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::audit::{Event, Origin};
use model::{Env, Permit, Read, Result, SystemReason, Write};
use store::{MasterKey, Options, Session, Store};
use zeroize::Zeroizing;

use crate::{Raw, SeededEntropy, TestClock, TestDatabase};

/// A migrated store on a database of its own, with time and randomness held still.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its clock, which all nodes on the same database share.
    pub clock: TestClock,
    nodes: AtomicU64,
    // After the store: its connections are closed before the database goes.
    database: TestDatabase,
}

impl std::ops::Deref for TestStore {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Where the requests of the tests come from.
#[must_use]
pub fn origin() -> Origin {
    Origin { request_id: "test".to_owned(), ip: Some("192.0.2.1".to_owned()), user_agent: None }
}

/// Opens a database with the master key of all tests.
pub async fn open(url: &str, clock: TestClock, entropy: SeededEntropy) -> Result<Store> {
    let env = Env { clock: Arc::new(clock), entropy: Arc::new(entropy) };
    // A test that needs more connections than this is stuck, and says so in the end.
    let options = Options { connections: 4, acquire_timeout: Duration::from_secs(20), ..Options::new(url) };
    Store::open(&options, env, MasterKey::new(Zeroizing::new([42; 32]))).await
}

impl TestStore {
    /// A migrated store with nothing in it.
    pub async fn new() -> Self {
        Self::on(TestDatabase::migrated().await).await
    }

    /// A store on that database.
    pub async fn on(database: TestDatabase) -> Self {
        let clock = TestClock::default();
        let store = open(&database.url(), clock.clone(), SeededEntropy::new(1)).await;
        Self { store: store.expect("cannot open the store"), clock, nodes: AtomicU64::new(2), database }
    }

    /// Another node on the same database, as another process would be.
    pub async fn another_node(&self) -> Store {
        let seed = self.nodes.fetch_add(1, Ordering::Relaxed);
        open(&self.database.url(), self.clock.clone(), SeededEntropy::new(seed)).await.expect("cannot open")
    }

    /// What another process would open it with.
    #[must_use]
    pub fn url(&self) -> String {
        self.database.url()
    }

    /// A connection past the store.
    pub async fn raw(&self) -> Raw {
        self.database.raw().await
    }

    /// A session that may read everything.
    pub async fn reading(&self) -> Session<Read> {
        let permit = Permit::system(SystemReason::Operator);
        self.store.begin(permit, origin()).await.expect("cannot begin")
    }

    /// A session that may change everything.
    pub async fn writing(&self) -> Session<Write> {
        let permit = Permit::system(SystemReason::Operator);
        self.store.begin(permit, origin()).await.expect("cannot begin")
    }

    /// Changes something, with an event that says nothing of interest.
    pub async fn change<T>(&self, work: impl AsyncFnOnce(&mut Session<Write>) -> Result<T>) -> Result<T> {
        let mut session = self.writing().await;
        let done = work(&mut session).await?;
        session.record(Self::event());
        session.commit().await?;
        Ok(done)
    }

    /// An event of the installation's own chain.
    #[must_use]
    pub fn event() -> Event {
        Event {
            organization: None,
            action: "test.happened",
            target_kind: "test",
            target_id: uuid::Uuid::nil(),
            target_name: "test".to_owned(),
            before: None,
            after: None,
        }
    }
}
