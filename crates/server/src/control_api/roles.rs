//! Roles, their assignments, and the catalogue of permissions.

use control::custom_roles::{self, RoleCreate, RoleUpdate};
use control::roles::{self, AssignmentInput};
use model::{
    Action, Error, Level, OrganizationId, Permission, PrincipalId, ProjectId, Read, ResourceType, Result,
    RoleId, TeamId, WorkspaceId, Write, catalogue,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{AssignedRole, AssignmentFilter, Holder, RoleFilter};

use super::{delete, examples, get, may, patch, post};
use crate::call::{Call, Memory};
use crate::input::{Fields, Nothing, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::{AssignmentView, RoleView};

/// Which roles to list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoleQuery {
    /// The organization, where the path does not name it.
    #[expect(dead_code, reason = "the target of the operation reads it")]
    organization_id: Option<String>,
    /// Of this name, without regard to case.
    name: Option<String>,
    /// Assigned to this account.
    user_id: Option<PrincipalId>,
    /// Assigned to this team.
    team_id: Option<TeamId>,
    /// That grant something on this resource type.
    resource: Option<String>,
    /// That grant this action.
    action: Option<String>,
    /// Predefined or custom ones.
    system_managed: Option<bool>,
    /// `normal`, the only type there is.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Of this level.
    level: Option<Level>,
    /// Assigned to the caller.
    assigned_to_current_user: Option<bool>,
    /// Taken and ignored.
    #[expect(dead_code, reason = "a documented filter without a documented meaning")]
    workspace_scope: Option<String>,
    /// Taken and ignored.
    #[expect(dead_code, reason = "a documented filter without a documented meaning")]
    project_scope: Option<String>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// Whose assignments to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AssignmentQuery {
    /// Only in this workspace.
    #[serde(alias = "tenant_id")]
    workspace_id: Option<WorkspaceId>,
    /// Only in this project.
    project_id: Option<ProjectId>,
}

/// How a role is to be deleted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Force {
    /// Takes it from everybody who holds it.
    force: Option<bool>,
}

/// For whom the permissions are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PermissionQuery {
    /// In this organization.
    organization_id: Option<OrganizationId>,
    /// In this workspace.
    #[serde(alias = "tenant_id")]
    workspace_id: Option<WorkspaceId>,
}

/// A permission: an action on a resource type.
#[derive(Debug, Serialize, JsonSchema)]
struct PermissionView {
    /// The resource type.
    resource: &'static str,
    /// The action.
    action: &'static str,
    /// The levels of roles that can make use of it.
    levels: Vec<Level>,
}

/// The permissions there are, and those that the caller holds.
#[derive(Debug, Serialize, JsonSchema)]
struct Permissions {
    /// All that a role can grant.
    available: Vec<PermissionView>,
    /// Those that the caller holds there, as patterns.
    effective: Vec<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    const ONE: &str = "/roles/{role}";
    const ASSIGNMENTS: &str = "/roles/{role}/assignments";
    let read_in = Access::Permission(may(ResourceType::Role, Action::Read), Target::Organization);
    let read_field = Access::Permission(may(ResourceType::Role, Action::Read), Target::OrganizationField);
    let of_role = |resource, action| Access::Permission(may(resource, action), Target::RoleOrganization);
    let example = examples::role();
    tagged(
        "Roles",
        vec![
            Operation::new("list_organization_roles", get("/organizations/{organization}/roles"), read_in, list)
                .summary("Lists the roles of an organization: predefined and custom ones, at all levels")
                .example(json!([example])),
            Operation::new("list_roles", get("/roles"), read_field, list)
                .summary("The same, with the organization as a query parameter")
                .example(json!([example])),
            Operation::new(
                "create_role",
                post("/roles"),
                Access::Permission(may(ResourceType::Role, Action::Create), Target::OrganizationField),
                create,
            )
            .summary("Makes a custom role, from nothing or as a copy of another")
            .details("A role of the organization level can grant no more than its maker holds.")
            .example(examples::custom_role()),
            Operation::new("get_role", get(ONE), of_role(ResourceType::Role, Action::Read), get_one)
                .summary("Shows a role, with what it grants as a grid")
                .example(examples::custom_role()),
            Operation::new("update_role", patch(ONE), of_role(ResourceType::Role, Action::Update), update)
                .summary("Changes a custom role, for everybody who holds it at once")
                .details("The caller must hold all that it granted and will grant, wherever it is assigned.")
                .example(examples::custom_role()),
            Operation::new("delete_role", delete(ONE), of_role(ResourceType::Role, Action::Delete), remove)
                .summary("Deletes a custom role")
                .details("One that is assigned is refused with 409 and the names of those who hold it, unless forced.")
                .example(json!(null)),
            Operation::new(
                "list_role_assignments",
                get(ASSIGNMENTS),
                of_role(ResourceType::RoleAssignment, Action::Read),
                list_assignments,
            )
            .summary("Lists who holds a role, and where")
            .example(json!([examples::assignment()])),
            Operation::new(
                "assign_role",
                post(ASSIGNMENTS),
                of_role(ResourceType::RoleAssignment, Action::Create),
                assign,
            )
            .summary("Gives a role to a user, service account or team, in the organization, a workspace or a project")
            .details("Nobody can give what it does not hold itself.")
            .example(json!(null)),
            Operation::new(
                "unassign_role",
                delete(ASSIGNMENTS),
                of_role(ResourceType::RoleAssignment, Action::Delete),
                unassign,
            )
            .summary("Takes a role away, at once")
            .example(json!(null)),
            Operation::new(
                "list_permissions",
                get("/permissions"),
                Access::Authenticated("tells the caller's own permissions"),
                permissions,
            )
            .summary("Lists the permissions that roles can grant, and those that you hold")
            .example(json!({"available": [{"resource": "stack", "action": "read", "levels": ["workspace"]}], "effective": ["stack:read"]})),
        ],
    )
}

async fn list(call: &mut Call<Read>, Query(query): Query<RoleQuery>) -> Result<List<RoleView>> {
    let to_self = query.assigned_to_current_user.unwrap_or(false);
    if to_self && query.user_id.is_some() {
        return Err(Error::invalid("user_id", "cannot go together with assigned_to_current_user"));
    }
    let principal = if to_self { Some(call.account()?.id) } else { query.user_id };
    let filter = RoleFilter {
        name: query.name.clone(),
        level: query.level,
        system_managed: query.system_managed,
        principal,
        team: query.team_id,
    };
    let listed = call.session().list_roles(filter, page(query.offset, query.limit)?).await?;
    Ok(List(grants_filter(listed, &query)?.map(|role| (&role).into())))
}

/// Applies the filters that look into what roles grant. An organization has few roles: no index is needed.
fn grants_filter(
    mut listed: store::Listed<model::Role>,
    query: &RoleQuery,
) -> Result<store::Listed<model::Role>> {
    let action = query.action.as_deref().map(|word| {
        Action::parse(word).ok_or_else(|| Error::invalid("action", format!("'{word}' is not an action")))
    });
    let action = action.transpose()?;
    if query.resource.is_none() && action.is_none() && query.kind.is_none() {
        return Ok(listed);
    }
    listed.rows.retain(|role| {
        let actions = action.as_ref().map_or(Action::ALL, std::slice::from_ref);
        let resource = query.resource.as_deref();
        let allows = |action: &Action| match resource {
            Some(resource) => role.grants.allows_word(resource, *action),
            None => ResourceType::ALL.iter().any(|kind| role.grants.allows(may(*kind, *action))),
        };
        query.kind.as_deref().is_none_or(|kind| kind == "normal") && actions.iter().any(allows)
    });
    listed.total = i64::try_from(listed.rows.len()).unwrap_or(i64::MAX);
    Ok(listed)
}

async fn create(call: &mut Call<Write>, Fields(input): Fields<RoleCreate>) -> Result<Json<RoleView>> {
    let standing = call.standing()?.clone();
    let role = custom_roles::create(call.session(), &standing, input).await?;
    Ok(Json(RoleView::with_grid(&role)))
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<RoleView>> {
    let role = roles::get(call.organization()?, call.raw.id("role")?)?;
    Ok(Json(RoleView::with_grid(role)))
}

async fn update(call: &mut Call<Write>, Fields(input): Fields<RoleUpdate>) -> Result<Json<RoleView>> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("role")?);
    let role = custom_roles::update(call.session(), &standing, id, input).await?;
    Ok(Json(RoleView::with_grid(&role)))
}

async fn remove(call: &mut Call<Write>, Query(query): Query<Force>) -> Result<Done> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("role")?);
    let is_forced = query.force.unwrap_or(false);
    custom_roles::delete(call.session(), &standing, id, is_forced).await.map(|()| Done)
}

async fn list_assignments(
    call: &mut Call<Read>,
    Query(query): Query<AssignmentQuery>,
) -> Result<Json<Vec<AssignmentView>>> {
    let role: RoleId = call.raw.id("role")?;
    let organization_id = call.organization()?.organization.id;
    let filter = AssignmentFilter { workspace: query.workspace_id, project: query.project_id };
    let held = call.session().list_holders(role, filter).await?;
    let view = |(held, holder): &(AssignedRole, Option<Holder>)| {
        AssignmentView::new(organization_id, held, holder.as_ref())
    };
    Ok(Json(held.iter().map(view).collect()))
}

async fn assign(call: &mut Call<Write>, Fields(input): Fields<AssignmentInput>) -> Result<Done> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("role")?);
    let role = roles::get(&standing.organization.facts, id)?;
    roles::assign(call.session(), &standing, role, input.assignee()?, input.place()?).await.map(|()| Done)
}

async fn unassign(call: &mut Call<Write>, Fields(input): Fields<AssignmentInput>) -> Result<Done> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("role")?);
    let role = roles::get(&standing.organization.facts, id)?;
    roles::unassign(call.session(), &standing, role, input.assignee()?, input.place()?).await.map(|()| Done)
}

async fn permissions(
    call: &mut Call<Memory>,
    Query(query): Query<PermissionQuery>,
) -> Result<Json<Permissions>> {
    let all = ResourceType::ALL.iter();
    let all = all.flat_map(|resource| Action::ALL.iter().map(|action| may(*resource, *action)));
    let view = |permission: Permission| {
        let (resource, action) = (permission.resource.as_str(), permission.action.as_str());
        PermissionView { resource, action, levels: catalogue::levels(permission) }
    };
    let available = all.map(view).filter(|view| !view.levels.is_empty()).collect();
    let effective = call.platform().effective(call.who()?, query.organization_id, query.workspace_id).await?;
    Ok(Json(Permissions { available, effective: effective.patterns() }))
}
