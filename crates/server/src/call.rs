//! A call under way: who calls, what was decided, and the session it runs in.

use std::sync::Arc;

use control::{Authenticated, Authorized, Platform, Standing};
use model::audit::Origin;
use model::{Error, Mode, OrganizationFacts, Permit, Read, Result, Workspace, Write};
use store::{Session, Store, WorkspaceEntry};

use crate::app::App;
use crate::raw::Raw;

/// Whether and how a call touches the database.
pub trait Kind: Send + Sync + 'static {
    /// What the decision proves.
    type Mode: Mode;
    /// The session, if there is one.
    type Slot: Send;
    /// Opens the session.
    fn open(
        store: &Store,
        permit: Option<Permit<Self::Mode>>,
        origin: Origin,
    ) -> impl Future<Output = Result<Self::Slot>> + Send;
    /// Makes what was done final.
    fn close(slot: Self::Slot) -> impl Future<Output = Result<()>> + Send;
}

/// From memory alone.
#[derive(Debug)]
pub enum Memory {}

impl Kind for Memory {
    type Mode = Read;
    type Slot = ();
    async fn open(_: &Store, _: Option<Permit<Read>>, _: Origin) -> Result<()> {
        Ok(())
    }
    async fn close((): ()) -> Result<()> {
        Ok(())
    }
}

impl Kind for Read {
    type Mode = Self;
    type Slot = Session<Self>;
    async fn open(store: &Store, permit: Option<Permit<Self>>, origin: Origin) -> Result<Session<Self>> {
        store.begin(permit.ok_or_else(no_permit)?, origin).await
    }
    async fn close(_: Session<Self>) -> Result<()> {
        Ok(())
    }
}

impl Kind for Write {
    type Mode = Self;
    type Slot = Session<Self>;
    async fn open(store: &Store, permit: Option<Permit<Self>>, origin: Origin) -> Result<Session<Self>> {
        store.begin(permit.ok_or_else(no_permit)?, origin).await
    }
    async fn close(session: Session<Self>) -> Result<()> {
        session.commit().await
    }
}

fn no_permit() -> Error {
    Error::internal("a session without a permit")
}

/// A call under way.
pub struct Call<K: Kind> {
    /// The parts of the server.
    pub app: Arc<App>,
    /// The request.
    pub raw: Arc<Raw>,
    /// Who calls; nobody at public operations.
    pub who: Option<Authenticated>,
    standing: Option<Standing>,
    workspace: Option<Arc<WorkspaceEntry>>,
    slot: K::Slot,
}

impl<K: Kind> Call<K> {
    pub(crate) async fn open(
        app: Arc<App>,
        raw: Arc<Raw>,
        who: Option<Authenticated>,
        authorized: Option<Authorized<K::Mode>>,
    ) -> Result<Self> {
        let (permit, standing, workspace) = match authorized {
            Some(Authorized { permit, standing, workspace }) => (Some(permit), standing, workspace),
            None => (None, None, None),
        };
        let slot = K::open(&app.platform.store, permit, raw.origin()).await?;
        Ok(Self { app, raw, who, standing, workspace, slot })
    }

    pub(crate) async fn close(self) -> Result<()> {
        K::close(self.slot).await
    }

    /// The platform.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.app.platform
    }

    /// Who calls.
    pub fn who(&self) -> Result<&Authenticated> {
        self.who.as_ref().ok_or_else(|| Error::internal("nobody calls"))
    }

    /// The account that calls.
    pub fn account(&self) -> Result<&model::Principal> {
        self.who()?.account().map(|facts| &facts.principal)
    }

    /// The caller in the organization concerned.
    pub fn standing(&self) -> Result<&Standing> {
        self.standing.as_ref().ok_or_else(|| Error::internal("no organization is concerned"))
    }

    /// What is known of the organization concerned.
    pub fn organization(&self) -> Result<&OrganizationFacts> {
        self.standing().map(|standing| &standing.organization.facts)
    }

    /// The workspace concerned.
    pub fn workspace_entry(&self) -> Result<&Arc<WorkspaceEntry>> {
        self.workspace.as_ref().ok_or_else(|| Error::internal("no workspace is concerned"))
    }

    /// The workspace concerned, as it was when the call began.
    pub fn workspace(&self) -> Result<&Workspace> {
        self.workspace_entry().map(|entry| &entry.facts.workspace)
    }
}

impl<M: Mode> Call<M>
where
    M: Kind<Mode = M, Slot = Session<M>>,
{
    /// The session.
    pub fn session(&mut self) -> &mut Session<M> {
        &mut self.slot
    }
}

impl Call<Memory> {
    /// The workspace whose machine calls; people are refused.
    pub fn machine(&self) -> Result<&Arc<WorkspaceEntry>> {
        match &self.who()?.principal {
            control::Principal::Machine(entry) => Ok(entry),
            control::Principal::Account(_) => {
                Err(model::Denied::WrongCaller("This endpoint is for workspace servers only.").into())
            }
        }
    }
}
