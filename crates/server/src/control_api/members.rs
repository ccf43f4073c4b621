//! Members of organizations, workspaces and projects.

use control::members;
use model::predefined::{PROJECT_VIEWER, WORKSPACE_VIEWER};
use model::{
    Action, Assignee, Assignment, Error, InvitationId, Level, OrganizationFacts, Place, PrincipalId,
    ProjectId, Read, ResourceType, Result, RoleId, TeamId, Write,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::{Member, MemberFilter};

use super::{delete, examples, get, may, post};
use crate::call::{Call, Kind};
use crate::input::{Fields, Nothing, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, List};
use crate::target::Target;
use crate::wire::{HeldRole, MemberView};

/// Which members to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemberQuery {
    /// Only those who hold this role.
    role_id: Option<RoleId>,
    /// People; true if absent.
    include_users: Option<bool>,
    /// Bots; true if absent.
    include_service_accounts: Option<bool>,
    /// Teams; true if absent.
    include_teams: Option<bool>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// Which members of a workspace or project to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlaceMemberQuery {
    /// People; true if absent.
    include_users: Option<bool>,
    /// Bots; true if absent.
    include_service_accounts: Option<bool>,
    /// Teams; true if absent.
    include_teams: Option<bool>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// A member to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemberCreate {
    /// Who.
    user_id: PrincipalId,
    /// The role in the organization; Organization Member if absent.
    role_id: Option<RoleId>,
}

/// A member to be removed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MemberRef {
    /// Who.
    user_id: PrincipalId,
}

/// A member of a workspace or project, and the role. Exactly one of the first three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
struct PlaceMember {
    /// A user or service account.
    user_id: Option<PrincipalId>,
    /// A team.
    team_id: Option<TeamId>,
    /// A pending invitation.
    invitation_id: Option<InvitationId>,
    /// The role; the viewer's if absent.
    role_id: Option<RoleId>,
}

const fn on(action: Action) -> Access {
    Access::Permission(may(ResourceType::Member, action), Target::Organization)
}

const fn at(action: Action, target: Target) -> Access {
    let resource =
        if matches!(action, Action::Read) { ResourceType::Member } else { ResourceType::RoleAssignment };
    Access::Permission(may(resource, action), target)
}

pub(super) fn operations() -> Vec<Operation> {
    const OF: &str = "/organizations/{organization}/members";
    const WORKSPACE: &str = "/workspaces/{workspace}/members";
    const PROJECT: &str = "/workspaces/{workspace}/projects/{project}/members";
    let example = json!([examples::member(), examples::team_member()]);
    tagged(
        "Members",
        vec![
            Operation::new("list_members", get(OF), on(Action::Read), list)
                .summary(
                    "Lists the members of an organization, then its teams, with all roles they hold in it",
                )
                .example(example.clone()),
            Operation::new("add_member", post(OF), on(Action::Create), add)
                .summary("Makes a user a member of an organization")
                .example(json!(null)),
            Operation::new("remove_member", delete(OF), on(Action::Delete), remove)
                .summary("Ends a membership and all that came with it, at once")
                .example(json!(null)),
            Operation::new(
                "remove_member_by_path",
                delete("/organizations/{organization}/members/{user}"),
                on(Action::Delete),
                remove_by_path,
            )
            .summary("The same, with the user in the path")
            .example(json!(null)),
            Operation::new(
                "list_workspace_members",
                get(WORKSPACE),
                at(Action::Read, Target::Workspace),
                list_at,
            )
            .alias("/tenants/{workspace}/members")
            .summary("Lists who holds a role in a workspace or a project of it, directly or through a team")
            .example(example.clone()),
            Operation::new(
                "add_workspace_member",
                post(WORKSPACE),
                at(Action::Create, Target::Workspace),
                add_at,
            )
            .alias("/tenants/{workspace}/members")
            .summary("Gives somebody a role in a workspace")
            .example(json!(null)),
            Operation::new(
                "remove_workspace_member",
                delete(WORKSPACE),
                at(Action::Delete, Target::Workspace),
                remove_at,
            )
            .alias("/tenants/{workspace}/members")
            .summary("Takes away all that somebody holds in a workspace: roles, projects and shares")
            .example(json!(null)),
            Operation::new("list_project_members", get(PROJECT), at(Action::Read, Target::Project), list_at)
                .summary("Lists who holds a role in a project, directly or through a team")
                .example(example),
            Operation::new("add_project_member", post(PROJECT), at(Action::Create, Target::Project), add_at)
                .summary("Gives somebody a role in a project")
                .example(json!(null)),
            Operation::new(
                "remove_project_member",
                delete(PROJECT),
                at(Action::Delete, Target::Project),
                remove_at,
            )
            .summary("Takes all roles in a project away from somebody")
            .example(json!(null)),
        ],
    )
}

fn member_view(facts: &OrganizationFacts, member: &Member) -> MemberView {
    let name = |role: &RoleId| facts.roles.get(role).map(|role| role.name.clone());
    let held = |held: &Assignment| HeldRole::new(held.role, name(&held.role), held.place, held.via_team);
    MemberView::new(&member.holder, member.assignments.iter().map(held).collect())
}

fn views(call: &Call<Read>, listed: store::Listed<Member>) -> Result<List<MemberView>> {
    let facts = call.organization()?;
    Ok(List(listed.map(|member| member_view(facts, &member))))
}

async fn list(call: &mut Call<Read>, Query(query): Query<MemberQuery>) -> Result<List<MemberView>> {
    let page = page(query.offset, query.limit)?;
    let filter = MemberFilter {
        role: query.role_id,
        users: query.include_users.unwrap_or(true),
        service_accounts: query.include_service_accounts.unwrap_or(true),
        teams: query.include_teams.unwrap_or(true),
    };
    let listed = call.session().list_members(filter, page).await?;
    views(call, listed)
}

async fn add(call: &mut Call<Write>, Fields(input): Fields<MemberCreate>) -> Result<Done> {
    let standing = call.standing()?.clone();
    let user = call.platform().member_candidate(call.who()?, input.user_id).await?;
    members::add(call.session(), &standing, &user.principal, input.role_id).await.map(|()| Done)
}

async fn remove(call: &mut Call<Write>, Query(input): Query<MemberRef>) -> Result<Done> {
    let standing = call.standing()?.clone();
    members::remove(call.session(), &standing, input.user_id).await.map(|()| Done)
}

async fn remove_by_path(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let (standing, user) = (call.standing()?.clone(), call.raw.id("user")?);
    members::remove(call.session(), &standing, user).await.map(|()| Done)
}

/// The project in the path, if there is one.
fn place<K: Kind>(call: &Call<K>) -> Result<Place> {
    let workspace = call.workspace()?.id;
    let has_project = call.raw.path.iter().any(|(name, _)| name == "project");
    if has_project {
        Ok(Place::Project(workspace, call.raw.id::<ProjectId>("project")?))
    } else {
        Ok(Place::Workspace(workspace))
    }
}

async fn list_at(call: &mut Call<Read>, Query(query): Query<PlaceMemberQuery>) -> Result<List<MemberView>> {
    let (page, project) = (page(query.offset, query.limit)?, place(call)?.project());
    let filter = MemberFilter {
        role: None,
        users: query.include_users.unwrap_or(true),
        service_accounts: query.include_service_accounts.unwrap_or(true),
        teams: query.include_teams.unwrap_or(true),
    };
    let listed = call.session().list_place_members(filter, project, page).await?;
    views(call, listed)
}

fn assignee(input: &PlaceMember) -> Result<Assignee> {
    match (input.user_id, input.team_id, input.invitation_id) {
        (Some(id), None, None) => Ok(Assignee::Principal(id)),
        (None, Some(id), None) => Ok(Assignee::Team(id)),
        (None, None, Some(id)) => Ok(Assignee::Invitation(id)),
        _ => Err(Error::invalid("user_id", "give exactly one of user_id, team_id and invitation_id")),
    }
}

async fn add_at(call: &mut Call<Write>, Fields(input): Fields<PlaceMember>) -> Result<Done> {
    let (standing, place, assignee) = (call.standing()?.clone(), place(call)?, assignee(&input)?);
    let facts = &standing.organization.facts;
    let viewer = if place.level() == Level::Project { PROJECT_VIEWER } else { WORKSPACE_VIEWER };
    let role = match input.role_id {
        Some(id) => control::roles::get(facts, id)?,
        None => members::named(facts, place.level(), viewer)?,
    };
    control::roles::assign(call.session(), &standing, role, assignee, place).await.map(|()| Done)
}

async fn remove_at(call: &mut Call<Write>, Fields(input): Fields<PlaceMember>) -> Result<Done> {
    let (standing, place, assignee) = (call.standing()?.clone(), place(call)?, assignee(&input)?);
    members::remove_from_place(call.session(), &standing, assignee, place).await.map(|()| Done)
}
