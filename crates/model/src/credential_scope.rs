//! What a credential is narrowed to (RFC 6749 section 3.3 calls it scope).
//!
//! A scope takes away and never gives: what a credential may do is what its owner may do at that moment, cut
//! down to the scope. So nothing here asks who the owner is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::grants::Grants;
use crate::ids::{OrganizationId, ProjectId, WorkspaceId};
use crate::permission::{Action, ActionSet, Permission, ResourceType};
use crate::role::Place;

/// What a credential is narrowed to. Each part narrows further; a part that is absent does not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialScope {
    /// Only in these organizations. Present whenever `workspaces` is: then their owners are among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<OrganizationId>>,
    /// Only in these workspaces; of their organizations no more than that they exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspaces: Option<Vec<WorkspaceId>>,
    /// Only in these projects; of their workspaces no more than that they exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<ProjectId>>,
    /// Only these permissions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    pub permissions: Option<Grants>,
    /// Only reading.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// Knowing who one is and where one is: without it no client gets as far as using what it is left with.
const ORIENTATION: [Permission; 4] = [
    Permission::new(ResourceType::User, Action::Read),
    Permission::new(ResourceType::Organization, Action::Read),
    Permission::new(ResourceType::Workspace, Action::Read),
    Permission::new(ResourceType::Project, Action::Read),
];

fn within<T: PartialEq>(list: Option<&Vec<T>>, wanted: &T) -> bool {
    list.is_none_or(|list| list.contains(wanted))
}

fn covers<T: PartialEq>(outer: Option<&Vec<T>>, inner: Option<&Vec<T>>) -> bool {
    match (outer, inner) {
        (None, _) => true,
        (Some(outer), Some(inner)) => inner.iter().all(|item| outer.contains(item)),
        (Some(_), None) => false,
    }
}

impl CredentialScope {
    /// Whether it takes nothing away.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is bound to places: such a credential manages no installation.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.organizations.is_some() || self.workspaces.is_some() || self.projects.is_some()
    }

    /// Whether the organization is within it.
    #[must_use]
    pub fn reaches_organization(&self, id: OrganizationId) -> bool {
        within(self.organizations.as_ref(), &id)
    }

    /// Whether the workspace, of that organization, is within it.
    #[must_use]
    pub fn reaches_workspace(&self, organization: OrganizationId, id: WorkspaceId) -> bool {
        self.reaches_organization(organization) && within(self.workspaces.as_ref(), &id)
    }

    /// The permissions it leaves at most, wherever it reaches.
    #[must_use]
    pub fn permissions(&self) -> Grants {
        let mut left = self.permissions.clone().unwrap_or_else(Grants::everything);
        if self.read_only {
            left = left.only(ActionSet::NONE.with(Action::Read));
        }
        left.merge(&orientation());
        left
    }

    /// The most it leaves at a place of the organization.
    #[must_use]
    pub fn ceiling(&self, organization: OrganizationId, place: Place) -> Grants {
        let reaches = match place.workspace() {
            None => self.reaches_organization(organization),
            Some(workspace) => self.reaches_workspace(organization, workspace),
        };
        let is_narrower = match place {
            Place::Organization => self.workspaces.is_some() || self.projects.is_some(),
            Place::Workspace(_) => self.projects.is_some(),
            Place::Project(..) => false,
        };
        match place.project() {
            _ if !reaches => Grants::none(),
            Some(project) if !within(self.projects.as_ref(), &project) => Grants::none(),
            _ if is_narrower => orientation(),
            _ => self.permissions(),
        }
    }

    /// Whether it reaches what lies in the project, or in none.
    #[must_use]
    pub fn reaches_project(&self, project: Option<ProjectId>) -> bool {
        match (&self.projects, project) {
            (None, _) => true,
            (Some(projects), Some(project)) => projects.contains(&project),
            (Some(_), None) => false,
        }
    }

    /// Whether it takes something away inside a workspace that it reaches.
    #[must_use]
    pub fn narrows_inside(&self) -> bool {
        self.projects.is_some() || self.permissions.is_some() || self.read_only
    }

    /// Whether everything that the other leaves is left by this one too: what a credential with this scope may
    /// hand out.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        covers(self.organizations.as_ref(), other.organizations.as_ref())
            && covers(self.workspaces.as_ref(), other.workspaces.as_ref())
            && covers(self.projects.as_ref(), other.projects.as_ref())
            && self.permissions().covers(&other.permissions())
    }

    /// What both leave.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        fn both<T: Clone + PartialEq>(one: Option<&Vec<T>>, two: Option<&Vec<T>>) -> Option<Vec<T>> {
            match (one, two) {
                (Some(one), Some(two)) => {
                    Some(one.iter().filter(|item| two.contains(item)).cloned().collect())
                }
                (one, two) => one.or(two).cloned(),
            }
        }
        Self {
            organizations: both(self.organizations.as_ref(), other.organizations.as_ref()),
            workspaces: both(self.workspaces.as_ref(), other.workspaces.as_ref()),
            projects: both(self.projects.as_ref(), other.projects.as_ref()),
            permissions: match (&self.permissions, &other.permissions) {
                (Some(one), Some(two)) => Some(one.intersection(two)),
                (one, two) => one.as_ref().or(two.as_ref()).cloned(),
            },
            read_only: self.read_only || other.read_only,
        }
    }
}

fn orientation() -> Grants {
    ORIENTATION.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const TYPES: [&str; 6] = ["stack", "pipeline", "project", "workspace", "organization", "resource_pool"];
    const ACTIONS: [Action; 3] = [Action::Read, Action::Create, Action::Share];

    fn ids<T: Clone + std::fmt::Debug>(make: fn(Uuid) -> T) -> impl Strategy<Value = Option<Vec<T>>> {
        prop::option::of(prop::collection::vec((1_u128..4).prop_map(move |n| make(Uuid::from_u128(n))), 0..3))
    }

    fn patterns() -> impl Strategy<Value = Vec<String>> {
        let types = prop::sample::select(TYPES.iter().copied().chain(["*"]).collect::<Vec<_>>());
        let actions = prop::sample::select(vec!["read", "create", "share", "*"]);
        prop::collection::vec((types, actions).prop_map(|(t, a)| format!("{t}:{a}")), 0..4)
    }

    fn scope() -> impl Strategy<Value = CredentialScope> {
        let permissions = prop::option::of(patterns());
        (ids(OrganizationId), ids(WorkspaceId), ids(ProjectId), permissions, any::<bool>()).prop_map(
            |(organizations, workspaces, projects, permissions, read_only)| CredentialScope {
                organizations,
                workspaces,
                projects,
                permissions: permissions.map(|p| Grants::parse("p", p.iter().map(String::as_str)).unwrap()),
                read_only,
            },
        )
    }

    /// The slow, obvious model: each part is asked in turn.
    fn model(scope: &CredentialScope, place: Place, organization: u128, word: &str, action: Action) -> bool {
        let is_in = |list: Option<Vec<Uuid>>, id: Option<Uuid>| match (list, id) {
            (None, _) => true,
            (Some(list), Some(id)) => list.contains(&id),
            (Some(_), None) => false,
        };
        let organizations = scope.organizations.as_ref().map(|l| l.iter().map(|i| i.0).collect());
        let workspaces: Option<Vec<Uuid>> =
            scope.workspaces.as_ref().map(|l| l.iter().map(|i| i.0).collect());
        let projects: Option<Vec<Uuid>> = scope.projects.as_ref().map(|l| l.iter().map(|i| i.0).collect());
        let (workspace, project) = (place.workspace().map(|i| i.0), place.project().map(|i| i.0));
        if !is_in(organizations, Some(Uuid::from_u128(organization)))
            || (workspace.is_some() && !is_in(workspaces.clone(), workspace))
            || (project.is_some() && !is_in(projects.clone(), project))
        {
            return false;
        }
        let orients =
            ["user", "organization", "workspace", "project"].contains(&word) && action == Action::Read;
        let above =
            (workspaces.is_some() && workspace.is_none()) || (projects.is_some() && project.is_none());
        if orients || above {
            return orients;
        }
        let listed = scope.permissions.as_ref().is_none_or(|listed| listed.allows_word(word, action));
        listed && (!scope.read_only || action == Action::Read)
    }

    fn places() -> impl Strategy<Value = Place> {
        let id = || (1_u128..4).prop_map(Uuid::from_u128);
        prop_oneof![
            Just(Place::Organization),
            id().prop_map(|w| Place::Workspace(WorkspaceId(w))),
            (id(), id()).prop_map(|(w, p)| Place::Project(WorkspaceId(w), ProjectId(p))),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_ceiling_is_what_the_parts_leave(
            scope in scope(), place in places(), organization in 1_u128..4,
            word in prop::sample::select(TYPES.to_vec()), action in prop::sample::select(ACTIONS.to_vec())
        ) {
            let ceiling = scope.ceiling(OrganizationId(Uuid::from_u128(organization)), place);
            prop_assert_eq!(ceiling.allows_word(word, action), model(&scope, place, organization, word, action));
        }

        #[test]
        fn what_is_contained_leaves_no_more(
            outer in scope(), inner in scope(), place in places(), organization in 1_u128..4
        ) {
            let at = |scope: &CredentialScope| scope.ceiling(OrganizationId(Uuid::from_u128(organization)), place);
            let both = outer.intersection(&inner);
            prop_assert!(outer.contains(&both) && inner.contains(&both));
            if outer.contains(&inner) {
                prop_assert!(at(&outer).covers(&at(&inner)));
            }
            for (word, action) in TYPES.iter().flat_map(|word| ACTIONS.map(|action| (word, action))) {
                let left = at(&outer).allows_word(word, action) && at(&inner).allows_word(word, action);
                prop_assert!(left || !at(&both).allows_word(word, action));
            }
        }

        #[test]
        fn what_is_stored_is_what_is_read(scope in scope()) {
            let text = serde_json::to_string(&scope).unwrap();
            let read: CredentialScope = serde_json::from_str(&text).unwrap();
            prop_assert!(read.contains(&scope) && scope.contains(&read));
        }
    }
}
