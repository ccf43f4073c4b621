//! A permit at work: one transaction, what it changed, and what is told about it.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use model::audit::{Event, Origin};
use model::{
    Env, Error, Membership, Mode, OrganizationId, Permit, PrincipalId, Result, Scope, Shares, TeamId,
    WorkspaceId, Write,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::audit;
use crate::change::Change;
use crate::db::Tx;
use crate::facts::{read_membership, read_shares};
use crate::row::{Record, Row, Statement};
use crate::select::Select;
use crate::store::Inner;
use crate::value::Value;

/// A transaction under a permit. Dropped, it leaves no trace.
#[must_use = "a session that is dropped is rolled back"]
pub struct Session<M: Mode> {
    pub(crate) inner: Arc<Inner>,
    tx: Tx,
    permit: Permit<M>,
    origin: Origin,
    events: Vec<Event>,
    changes: BTreeSet<Change>,
    mode: PhantomData<M>,
}

impl<M: Mode> Session<M> {
    pub(crate) fn new(inner: Arc<Inner>, tx: Tx, permit: Permit<M>, origin: Origin) -> Self {
        Self { inner, tx, permit, origin, events: Vec::new(), changes: BTreeSet::new(), mode: PhantomData }
    }

    /// The permit it runs under.
    #[must_use]
    pub fn permit(&self) -> &Permit<M> {
        &self.permit
    }

    /// Time and randomness.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// The organization it is limited to. A permit of another reach is a bug in the operation.
    pub fn organization(&self) -> Result<OrganizationId> {
        match self.permit.scope() {
            Scope::Organization(id) | Scope::Workspace(id, _) => Ok(*id),
            scope => Err(Error::internal(format!("no organization in scope {scope:?}"))),
        }
    }

    /// The workspace it is limited to.
    pub fn workspace(&self) -> Result<WorkspaceId> {
        match self.permit.scope() {
            Scope::Workspace(_, id) => Ok(*id),
            scope => Err(Error::internal(format!("no workspace in scope {scope:?}"))),
        }
    }

    /// The account it is limited to.
    pub fn account(&self) -> Result<PrincipalId> {
        match self.permit.scope() {
            Scope::Account(id) => Ok(*id),
            scope => Err(Error::internal(format!("no account in scope {scope:?}"))),
        }
    }

    /// An account's place in the permit's organization, as this transaction sees it.
    pub async fn find_membership(&mut self, principal: PrincipalId) -> Result<Option<Membership>> {
        let organization = self.organization()?;
        read_membership(&mut self.tx, organization, principal).await
    }

    /// What was shared with an account, or with these teams of it, in a workspace of the permit's organization,
    /// as this transaction sees it.
    pub async fn find_shares(
        &mut self,
        workspace: WorkspaceId,
        principal: PrincipalId,
        teams: &[TeamId],
    ) -> Result<Shares> {
        match self.find_workspace(workspace).await? {
            Some(_) => read_shares(&mut self.tx, workspace, principal, teams).await,
            None => Ok(Shares::default()),
        }
    }

    pub(crate) async fn rows(&mut self, statement: &'static Statement, args: Vec<Value>) -> Result<Vec<Row>> {
        self.tx.all(statement.sql(), args).await
    }

    pub(crate) async fn row(
        &mut self,
        statement: &'static Statement,
        args: Vec<Value>,
    ) -> Result<Option<Row>> {
        self.tx.optional(statement.sql(), args).await
    }

    /// Finds a record. In a session that writes it is locked until the end: what is read, changed and written
    /// back would otherwise undo what somebody else changed in between.
    pub(crate) async fn find<R: Record>(
        &mut self,
        statement: &'static Statement,
        args: Vec<Value>,
    ) -> Result<Option<R>> {
        let sql =
            if M::WRITES { statement.sql_locking::<R>(self.inner.db.dialect()) } else { statement.sql() };
        self.tx.optional(sql, args).await?.map(|row| row.read()).transpose()
    }

    /// Keeps a rule about several rows, such as that one of them remains: sessions that count them before
    /// they change one do so one after the other.
    pub(crate) async fn lock_rule(&mut self, about: Uuid) -> Result<()> {
        if M::WRITES {
            let (_, number) = about.as_u64_pair();
            self.tx.lock(number.cast_signed()).await?;
        }
        Ok(())
    }

    pub(crate) async fn list<R: Record>(
        &mut self,
        statement: &'static Statement,
        args: Vec<Value>,
    ) -> Result<Vec<R>> {
        self.rows(statement, args).await?.iter().map(Row::read).collect()
    }

    /// The rows of a page, and how many there are on all pages.
    pub(crate) async fn page<R: Record>(&mut self, select: Select<R>) -> Result<Listed<R>> {
        let (text, count, args) = select.build();
        let total = self.tx.optional(AssertSqlSafe(count), args.clone()).await?;
        let total = total.map(|row| row.read::<i64>()).transpose()?.unwrap_or(0);
        let rows = self.tx.all(AssertSqlSafe(text), args).await?;
        Ok(Listed { rows: rows.iter().map(Row::read).collect::<Result<_>>()?, total })
    }
}

/// A page of rows and the number of all.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
}

impl<T> Listed<T> {
    /// The same page with each row turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Listed<U> {
        Listed { rows: self.rows.into_iter().map(turn).collect(), total: self.total }
    }
}

impl Session<Write> {
    pub(crate) async fn execute(&mut self, statement: &'static Statement, args: Vec<Value>) -> Result<u64> {
        self.tx.execute(statement.sql(), args).await
    }

    pub(crate) async fn insert<R: Record>(&mut self, record: &R) -> Result<()> {
        let [insert, _] = R::statements();
        self.execute(insert, record.values()).await.map(|_| ())
    }

    pub(crate) async fn update<R: Record>(&mut self, record: &R) -> Result<()> {
        let [_, update] = R::statements();
        match self.execute(update, record.values()).await? {
            1 => Ok(()),
            _ => Err(Error::exists("This was deleted by somebody else meanwhile.")),
        }
    }

    /// Notes a change that caches must follow. Called by the store's own writing functions, so that no use
    /// case can forget it.
    pub(crate) fn changed(&mut self, change: Change) {
        self.changes.insert(change);
    }

    /// Notes what happened, for the audit log. It is written with the commit or not at all.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Makes everything final: data, audit events, change log; then, before returning, the caches.
    ///
    /// The work goes on when the caller goes away: a commit that the database did and the caches did not hear
    /// of would let a revoked credential live on.
    pub async fn commit(self) -> Result<()> {
        let finish = tokio::spawn(self.finish());
        finish.await.unwrap_or_else(|error| Err(Error::internal(error)))
    }

    async fn finish(mut self) -> Result<()> {
        if !self.changes.is_empty() && self.events.is_empty() {
            return Err(Error::internal("a change of who may do what without an audit event"));
        }
        let mut events = std::mem::take(&mut self.events);
        // Chains are locked in one order by everybody, so that two commits cannot wait for each other.
        events.sort_by_key(|event| event.organization);
        for event in &events {
            audit::append(&mut self.tx, &self.inner.env, self.permit.actor(), &self.origin, event).await?;
        }
        self.log_changes().await?;
        let Self { inner, tx, changes, .. } = self;
        let outcome = tx.commit().await;
        // Also when the answer got lost: then the commit may have happened.
        for change in changes {
            inner.facts.follow(change);
        }
        outcome
    }

    async fn log_changes(&mut self) -> Result<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(self.changes.len()).unwrap_or(i64::MAX);
        // The row lock on the clock is held until the end: numbers are committed in order.
        let clock = self.tx.optional(ADVANCE_CLOCK.sql(), vec![count.into()]).await?;
        let last: i64 = clock.ok_or_else(|| Error::internal("the change clock is gone"))?.read()?;
        for (change, seq) in self.changes.clone().into_iter().zip(last - count + 1..) {
            let (kind, subject, until) = change.parts();
            let (node, now) = (self.inner.node, self.inner.env.now());
            let args = vec![seq.into(), node.into(), kind.into(), subject.into(), until.into(), now.into()];
            self.tx.execute(LOG_CHANGE.sql(), args).await?;
        }
        self.tx.notify().await
    }
}

crate::row::statements! {
    ADVANCE_CLOCK = text("UPDATE change_clock SET seq = seq + $1 WHERE id = 1 RETURNING seq");
    LOG_CHANGE = text("INSERT INTO change_log (seq, node, kind, subject, until, at) VALUES ($1, $2, $3, $4, $5, $6)");
}
