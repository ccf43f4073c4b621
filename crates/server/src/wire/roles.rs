//! Roles, who holds them, and members.

use std::collections::BTreeMap;

use model::{
    Action, Level, OrganizationId, Permission, Place, ProjectId, ResourceType, Role, RoleId, TeamId,
    Timestamp, WorkspaceId, catalogue,
};
use schemars::JsonSchema;
use serde::Serialize;
use store::{AssignedRole, Holder};

use super::{TeamRef, User};

/// A role.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoleView {
    /// Its id.
    pub id: RoleId,
    /// Its name, unique in the organization and level.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whose role it is.
    pub organization_id: OrganizationId,
    /// The level it is for.
    pub level: Level,
    /// Whether it is predefined.
    pub system_managed: bool,
    /// Always `normal`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it grants.
    pub permissions: Vec<String>,
    /// The same as a grid: the actions of each resource type that mean something at its level. Only where one
    /// role is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<BTreeMap<String, Vec<&'static str>>>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl From<&Role> for RoleView {
    fn from(role: &Role) -> Self {
        Self {
            id: role.id,
            name: role.name.clone(),
            description: role.description.clone(),
            organization_id: role.organization,
            level: role.level,
            system_managed: role.system_managed,
            kind: "normal",
            permissions: role.grants.patterns(),
            grid: None,
            created: role.created,
            updated: role.updated,
        }
    }
}

impl RoleView {
    /// A role with its grid.
    #[must_use]
    pub fn with_grid(role: &Role) -> Self {
        let mut grid: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for (resource, action) in granted(role) {
            grid.entry(resource).or_default().push(action.as_str());
        }
        Self { grid: Some(grid), ..Self::from(role) }
    }
}

/// What a role grants, one by one; also on types that only newer workspace servers know.
fn granted(role: &Role) -> Vec<(String, Action)> {
    let of_level = |resource: ResourceType, action: Action| {
        let permission = Permission::new(resource, action);
        role.grants.allows(permission) && catalogue::levels(permission).contains(&role.level)
    };
    let mut granted = Vec::new();
    for action in Action::ALL {
        let known = ResourceType::ALL.iter().filter(|resource| of_level(**resource, *action));
        granted.extend(known.map(|resource| (resource.as_str().to_owned(), *action)));
    }
    let patterns = role.grants.patterns();
    let mut others: Vec<&str> =
        patterns.iter().filter_map(|pattern| Some(pattern.split_once(':')?.0)).collect();
    others.retain(|word| *word != "*" && ResourceType::parse(word).is_none());
    others.dedup();
    for word in others {
        let actions = Action::ALL.iter().filter(|action| role.grants.allows_word(word, **action));
        granted.extend(actions.map(|action| (word.to_owned(), *action)));
    }
    granted
}

/// A role that a member holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeldRole {
    /// Which.
    pub role_id: RoleId,
    /// Its name.
    pub name: Option<String>,
    /// Its level.
    pub level: Level,
    /// Where, for workspace and project roles.
    pub workspace_id: Option<WorkspaceId>,
    /// Where, for project roles.
    pub project_id: Option<ProjectId>,
    /// Through which team, if not directly.
    pub via_team: Option<TeamId>,
}

impl HeldRole {
    /// A role at a place.
    #[must_use]
    pub fn new(role: RoleId, name: Option<String>, place: Place, via_team: Option<TeamId>) -> Self {
        Self {
            role_id: role,
            name,
            level: place.level(),
            workspace_id: place.workspace(),
            project_id: place.project(),
            via_team,
        }
    }
}

/// A member of an organization, workspace or project.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MemberView {
    /// The user or service account; null for teams.
    pub user: Option<User>,
    /// The team; null for users.
    pub team: Option<TeamRef>,
    /// The roles it holds.
    pub roles: Vec<HeldRole>,
}

/// Somebody to whom a role is assigned.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AssignmentView {
    /// The user or service account; null for others.
    pub user: Option<User>,
    /// The team; null for others.
    pub team: Option<TeamRef>,
    /// The role.
    pub role_id: RoleId,
    /// Whose role it is.
    pub organization_id: OrganizationId,
    /// Where, for workspace and project roles.
    pub workspace_id: Option<WorkspaceId>,
    /// Where, for project roles.
    pub project_id: Option<ProjectId>,
}

impl AssignmentView {
    /// A role that somebody holds.
    #[must_use]
    pub fn new(organization_id: OrganizationId, held: &AssignedRole, holder: Option<&Holder>) -> Self {
        let (user, team) = parts(holder);
        Self {
            user,
            team,
            role_id: held.role,
            organization_id,
            workspace_id: held.place.workspace(),
            project_id: held.place.project(),
        }
    }
}

impl MemberView {
    /// A member with its roles.
    #[must_use]
    pub fn new(holder: &Holder, roles: Vec<HeldRole>) -> Self {
        let (user, team) = parts(Some(holder));
        Self { user, team, roles }
    }
}

fn parts(holder: Option<&Holder>) -> (Option<User>, Option<TeamRef>) {
    match holder {
        Some(Holder::Account(account)) => (Some(account.into()), None),
        Some(Holder::Team(team)) => (None, Some(team.into())),
        None => (None, None),
    }
}
