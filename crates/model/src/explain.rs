//! Why a right is held, or why not: the same rules as the decision, with their grounds.

use crate::access::{Access, WorkspaceRights, implied};
use crate::ids::{RoleId, TeamId};
use crate::permission::{Action, ActionSet};
use crate::resource::Resource;
use crate::role::{Place, Role};
use crate::workspace::Workspace;

/// Something that gives a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// It bypasses permissions in the whole installation.
    Superuser,
    /// A role at a place, perhaps through a team.
    Role {
        /// Which role.
        role: RoleId,
        /// Where it is held.
        place: Place,
        /// Through which team, if not directly.
        via_team: Option<TeamId>,
    },
    /// The resource was shared, perhaps with a team.
    Share {
        /// With which team, if not directly.
        via_team: Option<TeamId>,
    },
}

/// Something that stands in the way of a right, whatever gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The account is deactivated.
    AccountInactive,
    /// The organization is deactivated.
    OrganizationInactive,
    /// The workspace is deactivated.
    WorkspaceInactive,
    /// The credential is narrowed to something else.
    CredentialScope,
    /// The credential is deactivated or past its life.
    CredentialInactive,
    /// It does not belong to the organization.
    NotAMember,
    /// No role and no share gives it.
    NothingGrantsIt,
}

impl Obstacle {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountInactive => "account_inactive",
            Self::OrganizationInactive => "organization_inactive",
            Self::WorkspaceInactive => "workspace_inactive",
            Self::CredentialScope => "credential_scope",
            Self::CredentialInactive => "credential_inactive",
            Self::NotAMember => "not_a_member",
            Self::NothingGrantsIt => "nothing_grants_it",
        }
    }
}

/// What is asked: may it do the action on the resource?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The workspace that the resource is in; none for what belongs to the organization.
    pub workspace: Option<&'a Workspace>,
    /// The resource.
    pub resource: Resource<'a>,
    /// The action.
    pub action: Action,
    /// What of the resource was shared with the principal and its teams.
    pub shares: &'a [(Option<TeamId>, ActionSet)],
}

/// The answer, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it may.
    pub is_allowed: bool,
    /// All that would give the right.
    pub grounds: Vec<Ground>,
    /// All that stands in its way. Empty if it may.
    pub obstacles: Vec<Obstacle>,
}

impl Question<'_> {
    /// Whether the workspace's own server asks this, and not the control plane.
    #[must_use]
    pub fn is_inside_workspace(&self) -> bool {
        self.workspace.is_some()
            && self.resource.known().is_none_or(crate::permission::ResourceType::is_of_workspace)
    }

    /// Where the control plane looks for roles.
    fn place(&self) -> Place {
        match (self.workspace, self.resource.governing_project()) {
            (None, _) => Place::Organization,
            (Some(workspace), Some(project)) => Place::Project(workspace.id, project),
            (Some(workspace), None) => Place::Workspace(workspace.id),
        }
    }
}

/// Answers a question with all its grounds and obstacles.
#[must_use]
pub fn explain(access: &Access<'_>, question: &Question<'_>) -> Explanation {
    let grounds = grounds(access, question);
    let obstacles = obstacles(access, question, grounds.is_empty());
    Explanation { is_allowed: obstacles.is_empty(), grounds, obstacles }
}

fn grounds(access: &Access<'_>, question: &Question<'_>) -> Vec<Ground> {
    let mut grounds = Vec::new();
    if access.principal.is_superuser {
        grounds.push(Ground::Superuser);
    }
    for assignment in access.membership.iter().flat_map(|membership| &membership.assignments) {
        let role = access.organization.roles.get(&assignment.role);
        let role = role.filter(|role| role.level == assignment.place.level());
        if role.is_some_and(|role| gives(access, question, role, assignment.place)) {
            let (role, place, via_team) = (assignment.role, assignment.place, assignment.via_team);
            grounds.push(Ground::Role { role, place, via_team });
        }
    }
    if question.is_inside_workspace() && question.resource.id.is_some() {
        let kind = question.resource.known();
        let giving =
            question.shares.iter().filter(|(_, actions)| implied(kind, *actions).contains(question.action));
        grounds.extend(giving.map(|(via_team, _)| Ground::Share { via_team: *via_team }));
    }
    grounds
}

/// Whether a role at a place gives what is asked for.
fn gives(access: &Access<'_>, question: &Question<'_>, role: &Role, place: Place) -> bool {
    let grants = role.grants.allows_word(question.resource.kind, question.action);
    let reaches = match question.workspace {
        Some(workspace) if question.is_inside_workspace() => match place {
            // Of the roles of the organization only an administrator's reaches inside.
            Place::Organization => access.is_administrator(),
            Place::Workspace(at) => at == workspace.id,
            Place::Project(at, project) => {
                at == workspace.id && WorkspaceRights::governs(&question.resource, project)
            }
        },
        _ => {
            let asked = question.place();
            place == Place::Organization
                || place == asked
                || asked.workspace().map(Place::Workspace) == Some(place)
        }
    };
    grants && reaches
}

fn obstacles(access: &Access<'_>, question: &Question<'_>, nothing_grants_it: bool) -> Vec<Obstacle> {
    let organization = &access.organization.organization;
    let is_closed = question.workspace.is_some_and(|workspace| !workspace.is_open());
    let present = [
        (!access.principal.is_active, Obstacle::AccountInactive),
        (!organization.is_active && !access.principal.is_superuser, Obstacle::OrganizationInactive),
        (is_closed && question.is_inside_workspace(), Obstacle::WorkspaceInactive),
        (!is_left(access, question), Obstacle::CredentialScope),
        (nothing_grants_it && access.membership.is_none(), Obstacle::NotAMember),
        (nothing_grants_it, Obstacle::NothingGrantsIt),
    ];
    present.into_iter().filter(|(is_there, _)| *is_there).map(|(_, obstacle)| obstacle).collect()
}

/// Whether the credential leaves what is asked for.
fn is_left(access: &Access<'_>, question: &Question<'_>) -> bool {
    let Some(scope) = access.scope else { return true };
    let (kind, action) = (question.resource.kind, question.action);
    match question.workspace {
        Some(workspace) if question.is_inside_workspace() => {
            scope.reaches_workspace(workspace.organization, workspace.id)
                && scope.permissions().allows_word(kind, action)
                && scope.reaches_project(question.resource.governing_project())
        }
        _ => {
            let organization = access.organization.organization.id;
            scope.ceiling(organization, question.place()).allows_word(kind, action)
        }
    }
}
