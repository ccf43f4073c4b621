//! Permits of every reach, for tests of the store alone: where facts are looked up, `control` makes them.

use std::collections::HashMap;

use model::audit::Actor;
use model::{
    Access, Action, Admission, Caller, Mode, OrganizationFacts, OrganizationId, Permission, Permit, Place,
    PrincipalId, ResourceType, Target, Visibility, WorkspaceId, decide,
};
use uuid::Uuid;

use crate::{organization, principal, workspace};

/// For one's own account.
#[must_use]
pub fn own_account<M: Mode>(id: PrincipalId) -> Permit<M> {
    permit(id, &Target::OwnAccount)
}

/// For everything in an organization.
#[must_use]
pub fn in_organization<M: Mode>(id: OrganizationId) -> Permit<M> {
    let (root, facts) = (superuser(), facts_of(id));
    permit(
        root.id,
        &Target::Organization(Access {
            principal: &root,
            organization: &facts,
            membership: None,
            scope: None,
        }),
    )
}

/// For everything in a workspace.
#[must_use]
pub fn in_workspace<M: Mode>(owner: OrganizationId, id: WorkspaceId) -> Permit<M> {
    let (root, facts, workspace) = (superuser(), facts_of(owner), workspace(id.0.as_u128(), owner, "w"));
    let target = Target::Workspace {
        access: Access { principal: &root, organization: &facts, membership: None, scope: None },
        workspace: &workspace,
        place: Place::Workspace(id),
        admission: Admission::Member,
    };
    permit(root.id, &target)
}

/// For lists that show what the visibility says.
#[must_use]
pub fn listing<M: Mode>(visibility: Visibility) -> Permit<M> {
    permit(superuser().id, &Target::Everything(visibility))
}

fn permit<M: Mode>(who: PrincipalId, target: &Target<'_>) -> Permit<M> {
    let caller = model::Principal { id: who, ..superuser() };
    let actor = Actor { kind: "user", id: who.0, name: caller.username.clone(), credential: None };
    let needed = Permission::new(ResourceType::Instance, Action::Update);
    decide(Caller::Principal(&caller, None), needed, target, &actor).expect("a super-user may everything")
}

fn superuser() -> model::Principal {
    model::Principal { is_superuser: true, ..principal(Uuid::max().as_u128(), "root", None) }
}

fn facts_of(id: OrganizationId) -> OrganizationFacts {
    OrganizationFacts { organization: organization(id.0.as_u128(), "o"), roles: HashMap::new() }
}
