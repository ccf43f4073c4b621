//! The facts a decision rests on, and what they amount to.

use std::collections::HashMap;

use uuid::Uuid;

use crate::credential_scope::CredentialScope;
use crate::env::Timestamp;
use crate::grants::Grants;
use crate::ids::{OrganizationId, PrincipalId, ProjectId, RoleId, TeamId, WorkspaceId};
use crate::organization::Organization;
use crate::permission::{Action, ActionSet, Permission, ResourceType};
use crate::principal::Principal;
use crate::resource::Resource;
use crate::role::{Assignment, Place, Role};
use crate::workspace::Workspace;

/// What is known of an organization.
#[derive(Debug, Clone)]
pub struct OrganizationFacts {
    /// The organization itself.
    pub organization: Organization,
    /// Its roles.
    pub roles: HashMap<RoleId, Role>,
}

impl OrganizationFacts {
    /// The predefined or custom role of that level and name, without regard to case.
    #[must_use]
    pub fn role_named(&self, level: crate::Level, name: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.level == level && role.name.eq_ignore_ascii_case(name))
    }
}

/// A principal's place in an organization. Absent for those who do not belong to it.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Which organization.
    pub organization: OrganizationId,
    /// Who.
    pub principal: PrincipalId,
    /// The roles that count, own and through teams.
    pub assignments: Vec<Assignment>,
    /// The teams.
    pub teams: Vec<TeamId>,
}

/// What is known of a workspace.
#[derive(Debug)]
pub struct WorkspaceFacts {
    /// The workspace itself.
    pub workspace: Workspace,
    /// The latest of its projects that nobody has claimed to have made, and when they were reported.
    pub unclaimed: Vec<(ProjectId, Timestamp)>,
}

/// By the type's word, the resources and what may be done with them.
type SharesByType = HashMap<Box<str>, HashMap<Uuid, ActionSet>>;

/// Direct grants on single resources of one workspace, as they count for one principal.
#[derive(Debug, Clone, Default)]
pub struct Shares {
    by_project: HashMap<Option<ProjectId>, SharesByType>,
}

impl Shares {
    /// Adds a grant. Reading or editing a secret or a connector is of no use without its value or client, so
    /// sharing it for one includes the other.
    pub fn add(&mut self, resource: &Resource<'_>, actions: ActionSet) {
        let Some(id) = resource.id else { return };
        let of_project = self.by_project.entry(resource.project).or_default();
        let of_type = match of_project.get_mut(resource.kind) {
            Some(of_type) => of_type,
            None => of_project.entry(resource.kind.into()).or_default(),
        };
        let slot = of_type.entry(id).or_default();
        *slot = slot.union(implied(resource.known(), actions));
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_project.is_empty()
    }

    fn of_type(&self, resource: &Resource<'_>) -> Option<&HashMap<Uuid, ActionSet>> {
        self.by_project.get(&resource.project)?.get(resource.kind)
    }

    fn allows(&self, resource: &Resource<'_>, action: Action) -> bool {
        let of_type = || self.of_type(resource);
        resource.id.and_then(|id| of_type()?.get(&id)).is_some_and(|actions| actions.contains(action))
    }

    fn ids(&self, resource: &Resource<'_>, action: Action) -> impl Iterator<Item = Uuid> {
        self.of_type(resource)
            .into_iter()
            .flatten()
            .filter(move |(_, actions)| actions.contains(action))
            .map(|(id, _)| *id)
    }
}

/// The actions that a share gives.
#[must_use]
pub fn implied(kind: Option<ResourceType>, actions: ActionSet) -> ActionSet {
    let useful = actions.contains(Action::Read) || actions.contains(Action::Update);
    match kind {
        Some(ResourceType::Secret) if useful => actions.with(Action::ReadSecretValue),
        Some(ResourceType::ServiceConnector) if useful => actions.with(Action::Client),
        _ => actions,
    }
}

/// A principal towards an organization: the union of all it holds there.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// Where.
    pub organization: &'a OrganizationFacts,
    /// Its place there, if it has one.
    pub membership: Option<&'a Membership>,
    /// What the credential that it came with leaves of all that.
    pub scope: Option<&'a CredentialScope>,
}

impl<'a> Access<'a> {
    /// Whether it counts at all: active, and a member or a super-user, of an active organization.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.scope.is_none_or(|scope| scope.reaches_organization(self.organization.organization.id))
            && self.principal.is_active
            && (self.principal.is_superuser
                || (self.membership.is_some() && self.organization.organization.is_active))
    }

    /// The roles that count, and where. A role never gives more than its level: one that stands at a place of
    /// another level is void.
    fn counting(&self) -> impl Iterator<Item = (Place, &'a Role)> {
        let (membership, organization) = (self.membership, self.organization);
        let held = membership.into_iter().flat_map(|membership| &membership.assignments);
        held.filter_map(|assignment| {
            let role = organization.roles.get(&assignment.role)?;
            (role.level == assignment.place.level()).then_some((assignment.place, role))
        })
    }

    /// The union of the roles that `applies` picks, whatever the credential leaves of it.
    fn union(&self, applies: impl Fn(Place) -> bool) -> Grants {
        if !self.principal.is_active {
            return Grants::none();
        }
        if self.principal.is_superuser {
            return Grants::everything();
        }
        let mut grants = Grants::none();
        if !self.organization.organization.is_active {
            return grants;
        }
        for (_, role) in self.counting().filter(|(place, _)| applies(*place)) {
            grants.merge(&role.grants);
        }
        grants
    }

    /// The roles that count at a place, those of the levels above included, whatever the credential leaves.
    fn held(&self, place: Place) -> Grants {
        self.union(|at| {
            at == Place::Organization || at == place || place.workspace().map(Place::Workspace) == Some(at)
        })
    }

    /// What it holds at a place, everything from the levels above included.
    #[must_use]
    pub fn at(&self, place: Place) -> Grants {
        let held = self.held(place);
        match self.scope {
            Some(scope) => held.intersection(&scope.ceiling(self.organization.organization.id, place)),
            None => held,
        }
    }

    /// Whether its roles in the organization leave nothing out: they reach into every workspace then.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.held(Place::Organization).is_everything()
    }

    /// What it holds at the level of the organization.
    #[must_use]
    pub fn in_organization(&self) -> Grants {
        self.at(Place::Organization)
    }

    /// What it holds over a workspace as the control plane sees it: organization and workspace roles together.
    #[must_use]
    pub fn over_workspace(&self, workspace: WorkspaceId) -> Grants {
        self.at(Place::Workspace(workspace))
    }

    /// Whether a list shows it the organization's workspaces, for a right that its roles there give. A scope
    /// without workspaces leaves them all in sight.
    #[must_use]
    pub fn lists_workspaces(&self, needed: Permission) -> bool {
        self.held(Place::Organization).allows(needed)
    }

    /// What a role grants at a place beyond what it holds there itself.
    #[must_use]
    pub fn lacks(&self, role: &Role, place: Place) -> Grants {
        role.grants.difference(&self.at(place))
    }

    /// Whether it holds all that a role grants at a place: who hands out a role must have it all.
    #[must_use]
    pub fn may_grant(&self, role: &Role, place: Place) -> bool {
        self.at(place).covers(&role.grants)
    }

    /// Whether it holds all that a member holds within a scope: who makes a key for a bot must have all that
    /// the key will have.
    #[must_use]
    pub fn covers(&self, other: &Membership, within: Option<&CredentialScope>) -> bool {
        let organization = self.organization.organization.id;
        let is_within = self.scope.is_none_or(|own| within.is_some_and(|scope| own.contains(scope)));
        is_within
            && other.assignments.iter().all(|assignment| {
                let role = self.organization.roles.get(&assignment.role);
                role.is_none_or(|role| match within {
                    Some(scope) => {
                        let left = role.grants.intersection(&scope.ceiling(organization, assignment.place));
                        self.held(assignment.place).covers(&left)
                    }
                    None => self.may_grant(role, assignment.place),
                })
            })
    }
}

/// Whether and how a principal gets into a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// By a role.
    Member,
    /// Because something in it was shared.
    Implicit,
    /// Not at all, although the workspace may be seen in lists.
    Visible,
    /// The workspace does not exist for it.
    None,
}

/// What a principal may do inside a workspace: the answer to the workspace server's questions.
#[derive(Debug)]
pub struct WorkspaceRights<'a> {
    everywhere: Grants,
    /// The roles in projects, one by one: to add them up would cost more than to look through them.
    projects: Vec<(ProjectId, &'a Grants)>,
    shares: &'a Shares,
    /// What the credential leaves: its permissions, counted once, and the scope itself.
    ceiling: Option<(Grants, &'a CredentialScope)>,
}

impl<'a> WorkspaceRights<'a> {
    /// Adds up what counts inside the workspace. Of the roles of the organization only an administrator's
    /// reaches inside; project roles count for project-scoped types and the project itself.
    #[must_use]
    pub fn new(access: &Access<'a>, workspace: &Workspace, shares: &'a Shares, none: &'a Shares) -> Self {
        let is_live = access.principal.is_active
            && workspace.is_open()
            && (access.principal.is_superuser || access.organization.organization.is_active)
            && access.scope.is_none_or(|scope| scope.reaches_workspace(workspace.organization, workspace.id));
        let ceiling = access.scope.map(|scope| (scope.permissions(), scope));
        if !is_live {
            return Self { everywhere: Grants::none(), projects: Vec::new(), shares: none, ceiling };
        }
        let in_organization = access.held(Place::Organization);
        let everywhere = if in_organization.is_everything() {
            in_organization
        } else {
            access.union(|place| place == Place::Workspace(workspace.id))
        };
        let here = |place: Place| place.project().filter(|_| place.workspace() == Some(workspace.id));
        let projects = access.counting();
        let projects = projects.filter_map(|(place, role)| Some((here(place)?, &role.grants))).collect();
        Self { everywhere, projects, shares, ceiling }
    }

    /// Whether the action is allowed on the resource.
    #[must_use]
    pub fn allows(&self, resource: &Resource<'_>, action: Action) -> bool {
        self.is_left(resource, action)
            && (self.everywhere.allows_word(resource.kind, action)
                || self.project_allows(resource, action)
                || self.shares.allows(resource, action))
    }

    /// Whether the credential leaves it, if the principal has it.
    fn is_left(&self, resource: &Resource<'_>, action: Action) -> bool {
        self.ceiling.as_ref().is_none_or(|(permissions, scope)| {
            permissions.allows_word(resource.kind, action)
                && scope.reaches_project(resource.governing_project())
        })
    }

    fn project_allows(&self, resource: &Resource<'_>, action: Action) -> bool {
        resource.governing_project().filter(|project| Self::governs(resource, *project)).is_some_and(
            |asked| {
                let roles = self.projects.iter().filter(|(project, _)| *project == asked);
                roles.into_iter().any(|(_, grants)| grants.allows_word(resource.kind, action))
            },
        )
    }

    /// Whether the roles of a project count for the resource: for what lies in it, and for the project itself.
    #[must_use]
    pub fn governs(resource: &Resource<'_>, project: ProjectId) -> bool {
        let known = resource.known();
        known.is_none_or(|kind| kind.is_project_scoped() || kind == ResourceType::Project)
            && resource.governing_project() == Some(project)
    }

    /// The ids of a type that the action is allowed on; `None` if on all of them.
    #[must_use]
    pub fn allowed_ids(&self, resource: &Resource<'_>, action: Action) -> Option<Vec<Uuid>> {
        let is_project = resource.known() == Some(ResourceType::Project);
        let left_projects = self.ceiling.as_ref().and_then(|(_, scope)| scope.projects.as_ref());
        // A scope of projects narrows the type "project" to these, and takes away what lies in no project.
        let (only, is_left) = match (&self.ceiling, left_projects) {
            (Some((permissions, _)), Some(projects)) if is_project => {
                (Some(projects), permissions.allows_word(resource.kind, action))
            }
            _ => (None, self.is_left(resource, action)),
        };
        if !is_left {
            return Some(Vec::new());
        }
        let has_all =
            self.everywhere.allows_word(resource.kind, action) || self.project_allows(resource, action);
        let mut ids: Vec<Uuid> = match only {
            None if has_all => return None,
            Some(projects) if has_all => projects.iter().map(|project| project.0).collect(),
            _ => self.ids_one_by_one(resource, action),
        };
        if let Some(projects) = only {
            ids.retain(|id| projects.contains(&ProjectId(*id)));
        }
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    fn ids_one_by_one(&self, resource: &Resource<'_>, action: Action) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = self.shares.ids(resource, action).collect();
        if resource.known() == Some(ResourceType::Project) {
            let wanted = Permission::new(ResourceType::Project, action);
            let through_roles = self.projects.iter().filter(|(_, grants)| grants.allows(wanted));
            ids.extend(through_roles.map(|(project, _)| project.0));
        }
        ids
    }
}

/// Whether and how the principal gets into the workspace.
#[must_use]
pub fn admission(access: &Access<'_>, workspace: &Workspace, has_shares: bool) -> Admission {
    let is_within =
        access.scope.is_none_or(|scope| scope.reaches_workspace(workspace.organization, workspace.id));
    if !access.principal.is_active || !is_within {
        return Admission::None;
    }
    if access.principal.is_superuser {
        return Admission::Member;
    }
    if !access.organization.organization.is_active {
        return Admission::None;
    }
    let assignments = || access.membership.iter().flat_map(|membership| &membership.assignments);
    let in_organization = access.held(Place::Organization);
    if in_organization.allows(Permission::new(ResourceType::Workspace, Action::Client))
        || assignments().any(|assignment| assignment.place.workspace() == Some(workspace.id))
    {
        return Admission::Member;
    }
    if has_shares {
        return Admission::Implicit;
    }
    if in_organization.allows(Permission::new(ResourceType::Workspace, Action::Read)) {
        return Admission::Visible;
    }
    Admission::None
}
