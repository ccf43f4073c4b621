//! Narrowing credentials: from what a caller asks for to a scope that it may give.

use std::sync::Arc;

use model::grants::Grants;
use model::{CredentialScope, Error, ErrorKind, OrganizationId, ProjectId, Result, WorkspaceId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Platform;
use crate::authentication::Authenticated;

/// A list in a scope has at most so many entries: it is gone through at each check.
const LONGEST_LIST: usize = 100;

/// What a key or token is narrowed to. What is left out does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeInput {
    /// Only these organizations.
    #[serde(default)]
    pub organizations: Option<Vec<OrganizationId>>,
    /// Only these workspaces.
    #[serde(default)]
    pub workspaces: Option<Vec<WorkspaceId>>,
    /// Only these projects of the workspaces, which must be named too.
    #[serde(default)]
    pub projects: Option<Vec<ProjectId>>,
    /// Only these permissions: `type:action`, either may be `*`.
    #[serde(default)]
    pub permissions: Option<Vec<String>>,
    /// Only reading.
    #[serde(default)]
    pub read_only: bool,
}

/// A scope that the caller may give: checked to be no wider than its own.
#[derive(Debug, Clone)]
pub struct GrantedScope(Option<Arc<CredentialScope>>);

impl GrantedScope {
    /// No scope, given by the program itself.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self(None)
    }

    pub(crate) fn get(&self) -> Option<&Arc<CredentialScope>> {
        self.0.as_ref()
    }
}

impl Platform {
    /// Checks a scope that a caller wants to give to a credential: that its places exist for the caller, and
    /// that the caller's own credential leaves all of it.
    pub async fn grant_scope(&self, who: &Authenticated, input: Option<ScopeInput>) -> Result<GrantedScope> {
        let scope = self.read_scope(who, input).await?;
        if let Some(own) = &who.scope
            && !scope.as_ref().is_some_and(|scope| own.contains(scope))
        {
            return Err(Error::forbidden(
                "Your credential is narrowed. It can only make or change credentials with a scope within its own.",
            ));
        }
        Ok(GrantedScope(scope))
    }

    /// Reads a scope and checks that its places exist for the caller, not that the caller may give it.
    pub async fn read_scope(
        &self,
        who: &Authenticated,
        input: Option<ScopeInput>,
    ) -> Result<Option<Arc<CredentialScope>>> {
        let Some(input) = input else { return Ok(None) };
        let scope = self.checked_scope(who, input).await?;
        Ok(Some(Arc::new(scope)).filter(|scope| !scope.is_unlimited()))
    }

    async fn checked_scope(&self, who: &Authenticated, input: ScopeInput) -> Result<CredentialScope> {
        check_list("scope.organizations", input.organizations.as_deref())?;
        check_list("scope.workspaces", input.workspaces.as_deref())?;
        check_list("scope.projects", input.projects.as_deref())?;
        check_list("scope.permissions", input.permissions.as_deref())?;
        if input.projects.is_some() && input.workspaces.is_none() {
            return Err(Error::invalid(
                "scope.workspaces",
                "is missing; name the workspaces of the projects",
            ));
        }
        for organization in input.organizations.iter().flatten() {
            self.standing(who, &organization.to_string()).await.map_err(unknown("scope.organizations"))?;
        }
        let owners = self.owners_of(who, input.workspaces.as_deref()).await?;
        if let (Some(organizations), Some(owners)) = (&input.organizations, &owners)
            && !owners.iter().all(|owner| organizations.contains(owner))
        {
            let problem = "names a workspace of an organization that scope.organizations leaves out";
            return Err(Error::invalid("scope.workspaces", problem));
        }
        let patterns = input.permissions.as_ref().map(|patterns| patterns.iter().map(String::as_str));
        let permissions =
            patterns.map(|patterns| Grants::parse("scope.permissions", patterns)).transpose()?;
        Ok(CredentialScope {
            organizations: owners.or(input.organizations),
            workspaces: input.workspaces,
            projects: input.projects,
            permissions: permissions.filter(|permissions| !permissions.is_everything()),
            read_only: input.read_only,
        })
    }

    /// The organizations of workspaces, each once. The caller must see the workspaces.
    async fn owners_of(
        &self,
        who: &Authenticated,
        workspaces: Option<&[WorkspaceId]>,
    ) -> Result<Option<Vec<OrganizationId>>> {
        let Some(workspaces) = workspaces else { return Ok(None) };
        let mut owners = Vec::new();
        for workspace in workspaces {
            let found = self.workspace_standing(who, &workspace.to_string()).await;
            let (entry, ..) = found.map_err(unknown("scope.workspaces"))?;
            let owner = entry.facts.workspace.organization;
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        Ok(Some(owners))
    }
}

fn check_list<T>(field: &'static str, list: Option<&[T]>) -> Result<()> {
    match list {
        Some([]) => Err(Error::invalid(field, "is empty; leave it out to narrow nothing by it")),
        Some(list) if list.len() > LONGEST_LIST => {
            Err(Error::invalid(field, format!("has {} entries; {LONGEST_LIST} at most", list.len())))
        }
        _ => Ok(()),
    }
}

/// What does not exist for the caller is a wrong value of that field.
fn unknown(field: &'static str) -> impl Fn(Error) -> Error {
    move |error| match error.kind {
        ErrorKind::NotFound => Error::invalid(field, format!("names what you cannot see: {}", error.message)),
        _ => error,
    }
}
