//! The store: opening it, beginning sessions, and the work that goes on beside requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::audit::{Entry, Origin};
use model::{
    Credential, CredentialId, Env, Error, Mode, Organization, Permit, Principal, Read, Result, Role,
    SystemReason, Team, Timestamp, Workspace, WorkspaceId,
};
use uuid::Uuid;

use crate::db::{Db, Options};
use crate::dialect::Dialect;
use crate::facts::Facts;
use crate::keys::ServerKeys;
use crate::ledger::{Ledger, Notes, Use};
use crate::row::{Record, Statement};
use crate::session::Session;
use crate::vault::MasterKey;
use crate::{follower, keys, migrate};

/// A node's view may be this old at most; an older one refuses rather than accept what may be revoked.
const STALENESS_SECONDS: i64 = 10;

/// What all handles of a store share.
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) env: Env,
    pub(crate) master: MasterKey,
    pub(crate) facts: Facts,
    pub(crate) ledger: Ledger,
    /// Names this process in the change log.
    pub(crate) node: Uuid,
    /// When the change log was last read to its end; zero while nobody follows it.
    pub(crate) followed: AtomicI64,
}

/// A handle to the store. Clones share everything.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

impl Store {
    /// Opens the database, migrates it, and opens or makes the server's keys.
    pub async fn open(options: &Options, env: Env, master: MasterKey) -> Result<Self> {
        let db = Db::open(options).await?;
        migrate::run(&db, &env).await?;
        let server_keys = keys::load_or_create(&db, &env, &master).await?;
        let facts = Facts::new(db.clone(), server_keys);
        facts.load_revoked(env.now()).await?;
        let node = env.random_uuid();
        let inner =
            Inner { db, env, master, facts, ledger: Ledger::default(), node, followed: AtomicI64::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Begins a session under a permit.
    pub async fn begin<M: Mode>(&self, permit: Permit<M>, origin: Origin) -> Result<Session<M>> {
        let tx = if M::WRITES { self.inner.db.write().await? } else { self.inner.db.read().await? };
        Ok(Session::new(self.inner.clone(), tx, permit, origin))
    }

    /// The facts that decisions rest on.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.inner.facts
    }

    /// Time and randomness.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.inner.db.dialect()
    }

    /// The peppers and signing keys.
    #[must_use]
    pub fn server_keys(&self) -> Arc<ServerKeys> {
        self.inner.facts.server_keys()
    }

    /// Notes that a credential was used; written by the next [`Self::flush`].
    pub fn note_use(&self, id: CredentialId, at: Timestamp, ip: Option<&str>, user_agent: Option<&str>) {
        self.inner.ledger.note(id, at, ip, user_agent);
    }

    /// Notes that a workspace's server was heard of; written by the next [`Self::flush`].
    pub fn note_contact(&self, id: WorkspaceId, at: Timestamp) {
        self.inner.ledger.note_workspace(id, at);
    }

    /// The latest noted use of a credential that is not yet written.
    #[must_use]
    pub fn unwritten_use(&self, id: CredentialId) -> Option<Use> {
        self.inner.ledger.latest(id)
    }

    /// Writes the noted uses. To be called at least every minute, and at shutdown.
    pub async fn flush(&self) -> Result<()> {
        let notes = self.inner.ledger.take();
        let Notes { uses, contacts } = &notes;
        if uses.is_empty() && contacts.is_empty() {
            return Ok(());
        }
        let written = self.write_uses(uses, contacts).await;
        if written.is_err() {
            self.inner.ledger.put_back(notes);
        }
        written
    }

    async fn write_uses(
        &self,
        uses: &[(CredentialId, Use)],
        contacts: &[(WorkspaceId, Timestamp)],
    ) -> Result<()> {
        let permit = Permit::system(SystemReason::Maintenance);
        let mut session = self.begin::<model::Write>(permit, Origin::default()).await?;
        for (id, used) in uses {
            session.write_last_used(*id, used).await?;
        }
        for (id, at) in contacts {
            session.write_last_seen(*id, *at).await?;
        }
        session.commit().await
    }

    /// Removes what has expired: revoked tokens past their life, old lines of the change log.
    pub async fn tidy(&self) -> Result<()> {
        let permit = Permit::system(SystemReason::Maintenance);
        let mut session = self.begin::<model::Write>(permit, Origin::default()).await?;
        session.delete_expired_tokens().await?;
        session.delete_old_changes().await?;
        session.commit().await?;
        self.inner.facts.drop_expired_tokens(self.env().now());
        Ok(())
    }

    /// Follows the changes of other nodes until the returned task is aborted or the runtime ends.
    pub async fn follow(&self, poll: Duration) -> Result<tokio::task::JoinHandle<()>> {
        follower::start(self.inner.clone(), poll).await
    }

    /// Whether this node's view of who may do what is recent enough to answer.
    pub fn require_fresh(&self, now: Timestamp) -> Result<()> {
        let followed = self.inner.followed.load(Ordering::Relaxed);
        if followed != 0 && now > Timestamp(followed).plus_seconds(STALENESS_SECONDS) {
            return Err(Error::unavailable(
                "This server has lost touch with its database. Try again in a moment.",
            ));
        }
        Ok(())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let mut session =
            self.begin::<Read>(Permit::system(SystemReason::Maintenance), Origin::default()).await?;
        session.ping().await
    }

    /// Writes what is noted and closes all connections.
    pub async fn close(&self) -> Result<()> {
        let flushed = self.flush().await;
        self.inner.db.close().await;
        flushed
    }

    /// For tests: prepares a statement, and asks the database how it would run it.
    pub async fn explain(&self, sql: &'static str) -> Result<()> {
        self.inner.db.prepare(sql).await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// The inserts and updates of all records.
pub(crate) fn record_statements() -> Vec<&'static Statement> {
    let records = [
        Principal::statements(),
        Organization::statements(),
        Workspace::statements(),
        Role::statements(),
        Team::statements(),
        Credential::statements(),
        Entry::statements(),
    ];
    records.into_iter().flatten().collect()
}
