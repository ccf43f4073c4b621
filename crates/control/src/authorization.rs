//! From a caller and what it names to a permit: looks the facts up and asks [`model::decide`].

use std::sync::Arc;

use model::access::admission;
use model::error::code;
use model::{
    Action, Admission, CredentialScope, Denied, Error, ErrorKind, Grants, Mode, OrganizationId, Permission,
    Permit, Place, ProjectId, ResourceType, Result, Role, RoleId, Shares, Target, TeamId, Visibility,
    WorkspaceId, decide,
};
use store::WorkspaceEntry;

use crate::Platform;
use crate::authentication::{Authenticated, Principal};
use crate::standing::Standing;

/// What a request names, before it is looked up.
#[derive(Debug, Clone)]
pub enum TargetRef {
    /// The caller's own account.
    OwnAccount,
    /// The installation.
    Instance,
    /// An organization, by id or name.
    Organization(String),
    /// A workspace, by id or name, and a project of it.
    Workspace(String, Option<ProjectId>),
    /// The workspaces that the caller may see.
    Workspaces {
        /// Only what the caller gets into.
        member_only: bool,
    },
    /// The organizations that the caller belongs to, and the people in them.
    OwnOrganizations,
    /// The workspace whose machine is calling.
    OwnWorkspace,
}

/// A permit and what was looked up on the way to it.
#[derive(Debug)]
pub struct Authorized<M: Mode> {
    /// The proof.
    pub permit: Permit<M>,
    /// The caller in the organization concerned.
    pub standing: Option<Standing>,
    /// The workspace concerned.
    pub workspace: Option<Arc<WorkspaceEntry>>,
}

/// Decides whether the caller may do this, and proves it.
pub async fn authorize<M: Mode>(
    platform: &Platform,
    who: &Authenticated,
    permission: Permission,
    target: TargetRef,
) -> Result<Authorized<M>> {
    limit_by_credential(who, permission, &target)?;
    let actor = who.actor();
    let decided =
        |target: &Target<'_>| decide::<M>(who.caller(), permission, target, &actor).map_err(Error::from);
    match target {
        TargetRef::OwnAccount => Ok(alone(decided(&Target::OwnAccount)?)),
        TargetRef::Instance => Ok(alone(decided(&Target::Instance)?)),
        TargetRef::OwnWorkspace => match &who.principal {
            Principal::Machine(entry) => {
                let permit = decided(&Target::OwnWorkspace(&entry.facts.workspace))?;
                Ok(Authorized { permit, standing: None, workspace: Some(entry.clone()) })
            }
            Principal::Account(_) => {
                Err(Denied::WrongCaller("This endpoint is for workspace servers only.").into())
            }
        },
        TargetRef::Organization(name) => {
            let standing = platform.standing(who, &name).await?;
            let permit = decided(&Target::Organization(standing.access()))
                .map_err(|error| name_roles(error, permission, &standing, Place::Organization))?;
            Ok(Authorized { permit, standing: Some(standing), workspace: None })
        }
        TargetRef::Workspace(name, project) => {
            let (entry, standing, admission) = platform.workspace_standing(who, &name).await?;
            let workspace = &entry.facts.workspace;
            let place = project
                .map_or(Place::Workspace(workspace.id), |project| Place::Project(workspace.id, project));
            let access = standing.access();
            let permit = decided(&Target::Workspace { access, workspace, place, admission })
                .map_err(|error| name_roles(error, permission, &standing, place))?;
            Ok(Authorized { permit, standing: Some(standing), workspace: Some(entry) })
        }
        TargetRef::Workspaces { member_only } => {
            let visibility = platform.visible_workspaces(who, member_only).await?;
            Ok(alone(decided(&Target::Everything(visibility))?))
        }
        TargetRef::OwnOrganizations => {
            let visibility = platform.own_organizations(who).await?;
            Ok(alone(decided(&Target::Everything(visibility))?))
        }
    }
}

fn alone<M: Mode>(permit: Permit<M>) -> Authorized<M> {
    Authorized { permit, standing: None, workspace: None }
}

/// Names the roles that would give the missing permission, to callers who may see the organization's roles.
fn name_roles(mut error: Error, permission: Permission, standing: &Standing, place: Place) -> Error {
    let may_know = Permission::new(ResourceType::Role, Action::Read);
    if error.code == code::PERMISSION_DENIED
        && let Some(missing) = error.missing.as_mut()
        && standing.access().in_organization().allows(may_know)
    {
        let roles = standing.organization.facts.roles.values();
        let helps = |role: &&Role| role.grants.allows(permission) && role.level.reaches(place.level());
        let mut names: Vec<String> = roles.filter(helps).map(|role| role.name.clone()).collect();
        names.sort_unstable();
        missing.granted_by = names;
    }
    error
}

/// What the credential itself forbids, whoever it belongs to.
fn limit_by_credential(who: &Authenticated, permission: Permission, target: &TargetRef) -> Result<()> {
    if let Some(only) = who.only_workspace() {
        let message = format!("This token is only good for signing in to workspace {only}.");
        return Err(Error::new(ErrorKind::Forbidden, code::WRONG_CREDENTIAL, message));
    }
    if permission == Permission::new(ResourceType::AccessToken, Action::Create) && who.is_from_access_token()
    {
        return Err(Error::new(
            ErrorKind::Forbidden,
            code::WRONG_CREDENTIAL,
            "A personal access token cannot make or rotate personal access tokens. Sign in with your password.",
        ));
    }
    let is_own_account = matches!(target, TargetRef::OwnAccount) && permission.resource == ResourceType::User;
    if is_own_account { Ok(()) } else { require_lasting_password(who) }
}

/// Refuses people whose password somebody else has chosen: they change it before they do anything else.
pub fn require_lasting_password(who: &Authenticated) -> Result<()> {
    if who.is_interactive() && who.account()?.principal.password_expired {
        return Err(Error::new(
            ErrorKind::Forbidden,
            code::PASSWORD_EXPIRED,
            "Change your password first: POST /users/me/password with current_password and new_password.",
        ));
    }
    Ok(())
}

impl Platform {
    /// The organization of that id or name.
    pub async fn organization_id(&self, id_or_name: &str) -> Result<OrganizationId> {
        if let Ok(id) = id_or_name.parse::<OrganizationId>() {
            Ok(id)
        } else {
            let found = self.store.facts().organization_named(id_or_name).await?;
            found.ok_or_else(|| Error::not_found("organization", id_or_name))
        }
    }

    /// The organization of a role, for those who may see it.
    pub async fn organization_of_role(&self, who: &Authenticated, role: RoleId) -> Result<OrganizationId> {
        let found = self.store.facts().organization_of_role(role).await?;
        self.if_seen(who, found).await?.ok_or_else(|| Error::not_found("role", role))
    }

    /// The organization of a team, for those who may see it.
    pub async fn organization_of_team(&self, who: &Authenticated, team: TeamId) -> Result<OrganizationId> {
        let found = self.store.facts().organization_of_team(team).await?;
        self.if_seen(who, found).await?.ok_or_else(|| Error::not_found("team", team))
    }

    /// The organization, if the caller may see it: what lies in a hidden one is not there, as what is not.
    async fn if_seen(
        &self,
        who: &Authenticated,
        organization: Option<OrganizationId>,
    ) -> Result<Option<OrganizationId>> {
        let (account, Some(id)) = (who.account()?, organization) else { return Ok(None) };
        let standing = Standing::find(self.store.facts(), account, who.scope.as_ref(), id).await?;
        Ok(standing.filter(|standing| standing.access().is_present()).map(|_| id))
    }

    /// The workspace of that id or name.
    pub async fn workspace_id(&self, id_or_name: &str) -> Result<WorkspaceId> {
        if let Ok(id) = id_or_name.parse::<WorkspaceId>() {
            Ok(id)
        } else {
            let found = self.store.facts().workspace_named(id_or_name).await?;
            found.ok_or_else(|| Error::not_found("workspace", id_or_name))
        }
    }

    /// The caller in an organization. An organization that it may not see does not exist for it.
    pub async fn standing(&self, who: &Authenticated, id_or_name: &str) -> Result<Standing> {
        let account = who.account()?;
        let id = self.organization_id(id_or_name).await?;
        let standing = Standing::find(self.store.facts(), account, who.scope.as_ref(), id).await?;
        // Called by the caller's word for it: the message must not tell an id from a name that exists.
        let hidden = || Error::not_found("organization", id_or_name);
        standing.filter(|standing| standing.access().is_present()).ok_or_else(hidden)
    }

    /// A workspace, the caller in its organization, and how the caller gets in.
    pub async fn workspace_standing(
        &self,
        who: &Authenticated,
        id_or_name: &str,
    ) -> Result<(Arc<WorkspaceEntry>, Standing, Admission)> {
        let hidden = || Error::not_found("workspace", id_or_name);
        let account = who.account()?;
        let facts = self.store.facts();
        let id = self.workspace_id(id_or_name).await?;
        let entry = facts.workspace(id).await?.ok_or_else(hidden)?;
        let workspace = &entry.facts.workspace;
        let standing = Standing::find(facts, account, who.scope.as_ref(), workspace.organization).await?;
        let standing = standing.ok_or_else(hidden)?;
        let shares = self.shares_of(&entry, &standing).await?;
        let admission = admission(&standing.access(), workspace, !shares.is_empty());
        if admission == Admission::None {
            return Err(hidden());
        }
        Ok((entry, standing, admission))
    }

    pub(crate) async fn shares_of(&self, entry: &WorkspaceEntry, standing: &Standing) -> Result<Arc<Shares>> {
        let teams = standing.membership.as_ref().map_or(&[][..], |membership| &membership.teams);
        self.store.facts().shares(entry, standing.account.principal.id, teams).await
    }

    /// What the caller holds in an organization or over a workspace; nothing where it does not belong.
    pub async fn effective(
        &self,
        who: &Authenticated,
        organization: Option<OrganizationId>,
        workspace: Option<WorkspaceId>,
    ) -> Result<Grants> {
        let account = who.account()?;
        if let Some(workspace) = workspace {
            let (_, standing, _) = self.workspace_standing(who, &workspace.to_string()).await?;
            return Ok(standing.access().over_workspace(workspace));
        }
        if let Some(organization) = organization {
            return Ok(self.standing(who, &organization.to_string()).await?.access().in_organization());
        }
        Ok(match &who.scope {
            _ if !account.principal.is_superuser => Grants::none(),
            Some(scope) if scope.is_bound() => Grants::none(),
            Some(scope) => scope.permissions(),
            None => Grants::everything(),
        })
    }

    /// A permit to list the workspaces that the caller may see.
    pub async fn workspace_list_permit(&self, who: &Authenticated) -> Result<Permit<model::Read>> {
        let permission = Permission::new(ResourceType::Workspace, Action::Read);
        let target = TargetRef::Workspaces { member_only: false };
        authorize(self, who, permission, target).await.map(|authorized| authorized.permit)
    }

    /// The workspaces a caller may see. Super-users get into every workspace.
    async fn visible_workspaces(&self, who: &Authenticated, member_only: bool) -> Result<Visibility> {
        let account = who.account()?;
        let scope = who.scope.as_deref();
        if let Some(listed) = scope.and_then(|scope| scope.workspaces.as_ref()) {
            return self.visible_of(who, listed, member_only).await;
        }
        if account.principal.is_superuser {
            return Ok(match scope.and_then(|scope| scope.organizations.clone()) {
                None => Visibility::All,
                Some(organizations) => {
                    Visibility::Listed { organizations, workspaces: Vec::new(), shared_with: None }
                }
            });
        }
        let needed = if member_only { Action::Client } else { Action::Read };
        let needed = Permission::new(ResourceType::Workspace, needed);
        let (mut organizations, mut workspaces) = (Vec::new(), Vec::new());
        for standing in self.standings(who).await? {
            if standing.access().lists_workspaces(needed) {
                organizations.push(standing.organization.facts.organization.id);
            }
            let assignments = standing.membership.iter().flat_map(|membership| &membership.assignments);
            workspaces.extend(assignments.filter_map(|assignment| assignment.place.workspace()));
        }
        workspaces.sort_unstable();
        workspaces.dedup();
        let is_bound = scope.is_some_and(CredentialScope::is_bound);
        let shared_with = (!is_bound).then_some(account.principal.id);
        Ok(Visibility::Listed { organizations, workspaces, shared_with })
    }

    /// Those of a credential's workspaces that its owner may see.
    async fn visible_of(
        &self,
        who: &Authenticated,
        listed: &[WorkspaceId],
        member_only: bool,
    ) -> Result<Visibility> {
        let mut workspaces = Vec::new();
        for id in listed {
            let found = self.workspace_standing(who, &id.to_string()).await;
            match found.map(|(_, _, admission)| admission) {
                Ok(Admission::Visible) if member_only => {}
                Ok(_) => workspaces.push(*id),
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Visibility::Listed { organizations: Vec::new(), workspaces, shared_with: None })
    }

    /// The organizations a caller belongs to; for super-users all.
    async fn own_organizations(&self, who: &Authenticated) -> Result<Visibility> {
        let account = who.account()?;
        let organizations = if account.principal.is_superuser {
            match who.scope.as_ref().and_then(|scope| scope.organizations.clone()) {
                None => return Ok(Visibility::All),
                Some(organizations) => organizations,
            }
        } else {
            let standings = self.standings(who).await?;
            standings.iter().map(|standing| standing.organization.facts.organization.id).collect()
        };
        let shared_with = Some(account.principal.id);
        Ok(Visibility::Listed { organizations, workspaces: Vec::new(), shared_with })
    }

    /// The caller in each active organization it belongs to.
    async fn standings(&self, who: &Authenticated) -> Result<Vec<Standing>> {
        let account = who.account()?;
        let mut standings = Vec::new();
        for id in &account.organizations {
            let standing = Standing::find(self.store.facts(), account, who.scope.as_ref(), *id).await?;
            standings.extend(standing.filter(|standing| standing.access().is_present()));
        }
        Ok(standings)
    }
}
