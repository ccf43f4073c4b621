//! Roles and their assignments: nobody hands out what it does not hold.

use model::predefined::ORGANIZATION_ADMIN;
use model::{
    Assignee, Error, InvitationId, Level, OrganizationFacts, Place, PrincipalId, ProjectId, Result, Role,
    RoleId, TeamId, WorkspaceId, Write,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Session;

use crate::audit;
use crate::members;
use crate::standing::Standing;

/// To whom a role is given or from whom it is taken, and where. Exactly one of the first three.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentInput {
    /// A user or service account.
    #[serde(default)]
    pub user_id: Option<PrincipalId>,
    /// A team.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    /// A pending invitation.
    #[serde(default)]
    pub invitation_id: Option<InvitationId>,
    /// In this workspace.
    #[serde(default, alias = "tenant_id")]
    pub workspace_id: Option<WorkspaceId>,
    /// In this project of the workspace.
    #[serde(default)]
    pub project_id: Option<ProjectId>,
}

impl AssignmentInput {
    /// Who.
    pub fn assignee(&self) -> Result<Assignee> {
        match (self.user_id, self.team_id, self.invitation_id) {
            (Some(id), None, None) => Ok(Assignee::Principal(id)),
            (None, Some(id), None) => Ok(Assignee::Team(id)),
            (None, None, Some(id)) => Ok(Assignee::Invitation(id)),
            (None, None, None) => {
                Err(Error::invalid("user_id", "is missing; give user_id, team_id or invitation_id"))
            }
            _ => Err(Error::invalid("user_id", "is one of several assignees; give exactly one")),
        }
    }

    /// Where.
    pub fn place(&self) -> Result<Place> {
        match (self.workspace_id, self.project_id) {
            (None, None) => Ok(Place::Organization),
            (Some(workspace), None) => Ok(Place::Workspace(workspace)),
            (Some(workspace), Some(project)) => Ok(Place::Project(workspace, project)),
            (None, Some(_)) => Err(Error::invalid("workspace_id", "is missing; a project is in a workspace")),
        }
    }
}

/// Gives a role to somebody at a place.
pub async fn assign(
    session: &mut Session<Write>,
    standing: &Standing,
    role: &Role,
    assignee: Assignee,
    place: Place,
) -> Result<()> {
    // As it is now, and until the end: who edits the role meanwhile looks at where it is assigned.
    let current = session.find_role(role.id).await?;
    let role = &current.ok_or_else(|| Error::not_found("role", role.id))?;
    check_place(role, place)?;
    check_holds(standing, role, place)?;
    check_assignee(session, assignee).await?;
    if let Some(workspace) = place.workspace() {
        let found = session.find_workspace(workspace).await?;
        found.ok_or_else(|| Error::not_found("workspace", workspace))?;
    }
    session.insert_assignment(role, assignee, place).await?;
    session.record(audit::assignment("role_assignment.created", role, assignee, place));
    Ok(())
}

/// Takes a role from somebody at a place. The last administrator of an organization stays.
pub async fn unassign(
    session: &mut Session<Write>,
    standing: &Standing,
    role: &Role,
    assignee: Assignee,
    place: Place,
) -> Result<()> {
    check_place(role, place)?;
    check_holds(standing, role, place)?;
    if let (Assignee::Principal(id), Place::Organization, ORGANIZATION_ADMIN) =
        (assignee, place, role.name.as_str())
    {
        members::keep_last_admin(session, &standing.organization.facts, id).await?;
    }
    if !session.delete_assignment(role, assignee, place).await? {
        return Err(Error::not_found("assignment of the role", &role.name));
    }
    session.record(audit::assignment("role_assignment.deleted", role, assignee, place));
    Ok(())
}

fn check_place(role: &Role, place: Place) -> Result<()> {
    if role.level == place.level() {
        return Ok(());
    }
    let needed = match role.level {
        Level::Organization => "neither workspace_id nor project_id",
        Level::Workspace => "workspace_id and no project_id",
        Level::Project => "workspace_id and project_id",
    };
    let name = &role.name;
    Err(Error::invalid(
        "workspace_id",
        format!("does not fit: '{name}' is a role of the {} level and takes {needed}", role.level),
    ))
}

/// Refuses to give or take what the caller does not hold itself.
pub(crate) fn check_holds(standing: &Standing, role: &Role, place: Place) -> Result<()> {
    if standing.access().may_grant(role, place) {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "You cannot give or take '{}': it grants more than you hold there yourself.",
        role.name
    ))
    .lacking(standing.access().lacks(role, place).patterns()))
}

async fn check_assignee(session: &mut Session<Write>, assignee: Assignee) -> Result<()> {
    match assignee {
        Assignee::Principal(id) => {
            // Found, it is locked: it cannot leave any more. Until then it could, so look again.
            let is_member =
                session.find_principal(id).await?.is_some() && session.find_membership(id).await?.is_some();
            is_member.then_some(()).ok_or_else(|| Error::not_found("member of the organization", id))
        }
        Assignee::Team(id) if session.has_team(id).await? => Ok(()),
        Assignee::Team(id) => Err(Error::not_found("team", id)),
        Assignee::Invitation(id) => Err(Error::not_found("invitation", id)),
    }
}

/// The role of that id in the organization.
pub fn get(facts: &OrganizationFacts, id: RoleId) -> Result<&Role> {
    facts.roles.get(&id).ok_or_else(|| Error::not_found("role", id))
}
