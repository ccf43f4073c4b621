//! Who belongs to an organization or a workspace.

use std::sync::Arc;

use model::predefined::{ORGANIZATION_ADMIN, ORGANIZATION_MEMBER};
use model::{Assignee, Error, Level, OrganizationFacts, Place, PrincipalId, Result, Role, RoleId, Write};
use serde_json::json;
use store::{PrincipalFacts, Session};

use crate::Platform;
use crate::audit;
use crate::authentication::Authenticated;
use crate::organizations;
use crate::roles;
use crate::standing::Standing;

/// Makes a user a member of the permit's organization, with a role of the organization.
pub async fn add(
    session: &mut Session<Write>,
    standing: &Standing,
    user: &model::Principal,
    role: Option<RoleId>,
) -> Result<()> {
    if user.is_service_account() {
        return Err(Error::illegal("A service account belongs to the organization it was made in."));
    }
    let facts = &standing.organization.facts;
    let role = match role {
        Some(id) => roles::get(facts, id)?,
        None => named(facts, Level::Organization, ORGANIZATION_MEMBER)?,
    };
    let now = session.env().now();
    session.insert_membership(facts.organization.id, user.id, now).await?;
    let detail = json!({"user_id": user.id, "username": user.username});
    session.record(audit::happened("member.added", &facts.organization, detail));
    roles::assign(session, standing, role, Assignee::Principal(user.id), Place::Organization).await
}

/// Ends a membership with everything that came with it. The last administrator stays.
pub async fn remove(session: &mut Session<Write>, standing: &Standing, id: PrincipalId) -> Result<()> {
    let facts = &standing.organization.facts;
    let member = session.find_principal(id).await?.ok_or_else(|| Error::not_found("member", id))?;
    if member.is_service_account() {
        return Err(Error::forbidden("A service account cannot be removed; delete it instead."));
    }
    keep_last_admin(session, facts, id).await?;
    organizations::forget_owner(session, id).await?;
    session.delete_membership(id).await?;
    let detail = json!({"user_id": id, "username": member.username});
    session.record(audit::happened("member.removed", &facts.organization, detail));
    Ok(())
}

/// Refuses to take the last administrator away from an organization. Only active people who hold the role
/// directly count: bots cannot sign in to let others in, and a team is emptied by whoever may change teams.
pub async fn keep_last_admin(
    session: &mut Session<Write>,
    facts: &OrganizationFacts,
    leaving: PrincipalId,
) -> Result<()> {
    let admin = named(facts, Level::Organization, ORGANIZATION_ADMIN)?;
    let holders =
        session.list_role_assignments(admin.id, store::AssignmentFilter { workspace: None, project: None });
    let is_admin = holders.await?.iter().any(|held| held.assignee == Assignee::Principal(leaving));
    if is_admin && session.count_other_holders(admin.id, leaving).await? == 0 {
        return Err(Error::illegal(
            "This is the last administrator of the organization. Make somebody else one first.",
        ));
    }
    Ok(())
}

/// The predefined role of that level and name.
pub fn named<'a>(facts: &'a OrganizationFacts, level: Level, name: &str) -> Result<&'a Role> {
    facts.role_named(level, name).ok_or_else(|| Error::not_found("role", name))
}

/// Takes away what somebody holds in the permit's workspace, or in one project of it.
pub async fn remove_from_place(
    session: &mut Session<Write>,
    standing: &Standing,
    assignee: Assignee,
    place: Place,
) -> Result<()> {
    let removed = match place.project() {
        Some(project) => session.delete_project_member(assignee, project).await?,
        None => session.delete_workspace_member(assignee).await?,
    };
    if !removed {
        return Err(Error::not_found("member", "with a role there"));
    }
    let detail = json!({
        "assignee": audit::assignee(assignee), "workspace_id": place.workspace(), "project_id": place.project(),
    });
    session.record(audit::happened(
        "member.removed_from_place",
        &standing.organization.facts.organization,
        detail,
    ));
    Ok(())
}

impl Platform {
    /// A user who can be made a member: one whom the caller can see, i.e. anybody for a super-user, otherwise
    /// somebody from an organization that both belong to.
    pub async fn member_candidate(
        &self,
        who: &Authenticated,
        id: PrincipalId,
    ) -> Result<Arc<PrincipalFacts>> {
        let caller = who.account()?;
        let hidden = || Error::not_found("user", id);
        let user = self.store.facts().principal(id).await?.ok_or_else(hidden)?;
        let shares_one =
            user.organizations.iter().any(|organization| caller.organizations.contains(organization));
        if caller.principal.is_superuser || shares_one { Ok(user) } else { Err(hidden()) }
    }
}
