//! The answers to the workspace servers' questions: from memory, complete, and no for everybody unknown.

use std::sync::Arc;

use model::access::{WorkspaceRights, admission};
use model::{
    Action, Admission, CredentialId, CredentialScope, Error, ErrorKind, Principal, PrincipalId, Resource,
    Result, Shares, WorkspaceId,
};
use store::{PrincipalFacts, WorkspaceEntry};
use uuid::Uuid;

use crate::Platform;
use crate::authentication::Authenticated;
use crate::standing::Standing;
use crate::workspaces;

/// Which ids somebody may act on: all, or these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedIds {
    /// All of the type.
    pub full_access: bool,
    /// These, if not all.
    pub ids: Vec<Uuid>,
}

/// An account towards a workspace: the facts of one question.
pub(crate) struct Subject {
    pub(crate) standing: Standing,
    entry: Arc<WorkspaceEntry>,
    pub(crate) shares: Arc<Shares>,
}

impl Platform {
    pub(crate) async fn subject(
        &self,
        entry: &Arc<WorkspaceEntry>,
        user: PrincipalId,
    ) -> Result<Option<Subject>> {
        let facts = self.store.facts();
        let Some((account, scope)) = self.account_known_as(user).await? else { return Ok(None) };
        let organization = entry.facts.workspace.organization;
        let standing = Standing::find(facts, &account, scope.as_ref(), organization).await?;
        let Some(standing) = standing else { return Ok(None) };
        let shares = self.shares_of(entry, &standing).await?;
        Ok(Some(Subject { standing, entry: entry.clone(), shares }))
    }

    /// The account that a workspace server knows by that id: the account's own, or that of a credential that
    /// is narrowed inside workspaces and so is an account of its own there.
    pub async fn account_known_as(
        &self,
        id: PrincipalId,
    ) -> Result<Option<(Arc<PrincipalFacts>, Option<Arc<CredentialScope>>)>> {
        let facts = self.store.facts();
        if let Some(account) = facts.principal(id).await? {
            return Ok(Some((account, None)));
        }
        let Some(credential) = facts.credential(CredentialId(id.0)).await? else { return Ok(None) };
        // Without a scope it never was an account of its own.
        let Some(scope) = credential.scope.clone() else { return Ok(None) };
        if credential.check(credential.generation, self.now()).is_err() {
            return Ok(None);
        }
        Ok(facts.principal(credential.owner).await?.map(|owner| (owner, Some(scope))))
    }

    /// For each resource whether the account may do the action. Resources that cannot be read are denied, and
    /// so is everything to accounts that do not exist: the asking server takes an error for a crash.
    pub async fn check_permissions(
        &self,
        entry: &Arc<WorkspaceEntry>,
        user: PrincipalId,
        action: Action,
        resources: &[String],
    ) -> Result<Vec<bool>> {
        let Some(subject) = self.subject(entry, user).await? else { return Ok(vec![false; resources.len()]) };
        let none = Shares::default();
        let rights = subject.rights(&none);
        Ok(resources
            .iter()
            .map(|text| Resource::parse(text).is_ok_and(|resource| rights.allows(&resource, action)))
            .collect())
    }

    /// The ids of a type on which the account may do the action.
    pub async fn allowed_resource_ids(
        &self,
        entry: &Arc<WorkspaceEntry>,
        user: PrincipalId,
        action: Action,
        resource: &Resource<'_>,
    ) -> Result<AllowedIds> {
        let Some(subject) = self.subject(entry, user).await? else {
            return Ok(AllowedIds { full_access: false, ids: Vec::new() });
        };
        let none = Shares::default();
        Ok(match subject.rights(&none).allowed_ids(resource, action) {
            None => AllowedIds { full_access: true, ids: Vec::new() },
            Some(ids) => AllowedIds { full_access: false, ids },
        })
    }

    /// Whether the caller gets into the workspace, and as whom.
    ///
    /// A stock server asks no permission for what an account does with its own things. So a credential that is
    /// narrowed inside workspaces is an account of its own there, which owns only what it made.
    pub async fn admit(&self, who: &Authenticated, id: WorkspaceId, raw_keys: RawKeys) -> Result<Principal> {
        let refused = |message: String| {
            Error::new(ErrorKind::Forbidden, model::error::code::PERMISSION_DENIED, message)
        };
        if who.only_workspace().is_some_and(|only| only != id) {
            return Err(refused("This token is good for another workspace only.".to_owned()));
        }
        let account = who.account()?;
        let entry = self.store.facts().workspace(id).await?;
        let entry = entry.ok_or_else(|| Error::not_found("workspace", id))?;
        let workspace = &entry.facts.workspace;
        let scope = who.scope.as_ref();
        let standing = Standing::find(self.store.facts(), account, scope, workspace.organization).await?;
        let standing = standing.ok_or_else(|| Error::not_found("workspace", id))?;
        let shares = self.shares_of(&entry, &standing).await?;
        let is_open = workspace.is_open() && standing.organization.facts.organization.is_active;
        let admitted = admission(&standing.access(), workspace, !shares.is_empty());
        // First who may know of it, then its state.
        if matches!(admitted, Admission::None | Admission::Visible) {
            return Err(refused("You have no role in this workspace.".to_owned()));
        }
        if !is_open {
            return Err(refused("This workspace is deactivated.".to_owned()));
        }
        if who.is_interactive() && account.principal.password_expired {
            return Err(refused("Change your password first.".to_owned()));
        }
        // A stock server asks no permission for requests that carry a service account's key itself: it lets
        // them do everything. Where that is not wanted, the key itself is good only for accounts that may do
        // everything anyway; all others exchange it for a session first, as the stock client does.
        let is_raw_key = who.session().is_none() && account.principal.is_service_account();
        let narrowed = scope.filter(|scope| scope.narrows_inside()).and(who.credential());
        let is_trusted =
            narrowed.is_none() && (raw_keys == RawKeys::All || workspaces::holds_everything(&standing, id));
        if is_raw_key && !is_trusted {
            return Err(refused(
                "The key of this service account must be exchanged for a session token first: POST /auth/login.".to_owned(),
            ));
        }
        Ok(narrowed.map_or_else(
            || account.principal.clone(),
            |credential| account.principal.narrowed_to(credential),
        ))
    }
}

impl Subject {
    fn rights<'a>(&'a self, none: &'a Shares) -> WorkspaceRights<'a> {
        WorkspaceRights::new(&self.standing.access(), &self.entry.facts.workspace, &self.shares, none)
    }
}

/// Whose service-account keys enrolled servers may take as they are, unexchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RawKeys {
    /// All: a stock server does not check the permissions of their requests then.
    #[default]
    All,
    /// Only those of accounts that may do everything in the workspace.
    Administrators,
}
