//! Roles and their assignments: nobody hands out what it does not hold.

use model::permission::Grants;
use model::predefined::ORGANIZATION_ADMIN;
use model::{
    Assignee, Error, InvitationId, Level, OrganizationFacts, OrganizationId, Place, PrincipalId, ProjectId,
    Result, Role, RoleId, TeamId, WorkspaceId, Write, name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Session;

use crate::audit;
use crate::members;
use crate::standing::Standing;

/// A custom role to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleCreate {
    /// Unique in the organization and level, without regard to case.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whose role it is to be.
    #[serde(alias = "organization")]
    pub organization_id: OrganizationId,
    /// The level it is for.
    pub level: Level,
    /// What it grants: `type:action`, either may be `*`.
    pub permissions: Vec<String>,
}

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

/// Makes a custom role.
pub async fn create(session: &mut Session<Write>, standing: &Standing, input: RoleCreate) -> Result<Role> {
    let env = session.env().clone();
    let now = env.now();
    let role = Role {
        id: env.id(),
        organization: session.organization()?,
        level: input.level,
        name: name::label("name", &input.name)?.text,
        description: name::text("description", &input.description.unwrap_or_default(), 256)?,
        system_managed: false,
        grants: Grants::parse("permissions", input.permissions.iter().map(String::as_str))?,
        created: now,
        updated: now,
    };
    // Otherwise whoever may make roles could make one that holds everything, and ask for it.
    if role.level == Level::Organization && !standing.access().may_grant(&role, Place::Organization) {
        return Err(Error::forbidden("You cannot make a role that grants more than you hold yourself."));
    }
    session.insert_role(&role).await?;
    session.record(audit::created("role.created", &role));
    Ok(role)
}

/// Gives a role to somebody at a place.
pub async fn assign(
    session: &mut Session<Write>,
    standing: &Standing,
    role: &Role,
    assignee: Assignee,
    place: Place,
) -> Result<()> {
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

fn check_holds(standing: &Standing, role: &Role, place: Place) -> Result<()> {
    if standing.access().may_grant(role, place) {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "You cannot give or take '{}': it grants more than you hold there yourself.",
        role.name
    )))
}

async fn check_assignee(session: &mut Session<Write>, assignee: Assignee) -> Result<()> {
    match assignee {
        Assignee::Principal(id) => {
            let member = session.find_principal(id).await?;
            member.map(|_| ()).ok_or_else(|| Error::not_found("member of the organization", id))
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
