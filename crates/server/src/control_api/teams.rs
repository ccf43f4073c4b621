//! Teams and who is in them.

use control::teams::{self, TeamCreate, TeamUpdate};
use model::{Action, PrincipalId, Read, ResourceType, Result, Team, Write};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::CountedTeam;

use super::{delete, examples, get, may, patch, post};
use crate::call::Call;
use crate::input::{Fields, Nothing, Paging, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::{TeamView, User};

/// Which teams to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TeamQuery {
    /// The organization, where the path does not name it.
    #[expect(dead_code, reason = "the target of the operation reads it")]
    organization_id: Option<String>,
    /// Of this name, without regard to case.
    name: Option<String>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// Who is to be in a team, or not any more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TeamMember {
    /// A user or service account of the organization.
    user_id: PrincipalId,
}

const fn on(action: Action, target: Target) -> Access {
    Access::Permission(may(ResourceType::Team, action), target)
}

pub(super) fn operations() -> Vec<Operation> {
    const ALL: &str = "/teams";
    const ONE: &str = "/teams/{team}";
    let of_team = |action| on(action, Target::TeamOrganization);
    let example = examples::team();
    let mut operations = tagged(
        "Teams",
        vec![
            Operation::new(
                "list_organization_teams",
                get("/organizations/{organization}/teams"),
                on(Action::Read, Target::Organization),
                list,
            )
            .summary("Lists the teams of an organization")
            .example(json!([example])),
            Operation::new("list_teams", get(ALL), on(Action::Read, Target::OrganizationField), list)
                .summary("The same, with the organization as a query parameter")
                .example(json!([example])),
            Operation::new("create_team", post(ALL), on(Action::Create, Target::OrganizationField), create)
                .summary("Makes a team, without members and roles")
                .example(examples::team()),
            Operation::new("get_team", get(ONE), of_team(Action::Read), get_one)
                .summary("Shows a team")
                .example(example.clone()),
            Operation::new("update_team", patch(ONE), of_team(Action::Update), update)
                .summary("Names or describes a team")
                .details("The caller must hold all that the team holds.")
                .example(example),
            Operation::new("delete_team", delete(ONE), of_team(Action::Delete), remove)
                .summary("Deletes a team; its members lose what they had through it, at once")
                .example(json!(null)),
        ],
    );
    operations.extend(member_operations());
    operations
}

fn member_operations() -> Vec<Operation> {
    const MEMBERS: &str = "/teams/{team}/members";
    let of_team = |action| on(action, Target::TeamOrganization);
    tagged(
        "Teams",
        vec![
            Operation::new("list_team_members", get(MEMBERS), of_team(Action::Read), list_members)
                .summary("Lists the users and service accounts in a team")
                .example(json!([examples::user(), examples::service_account()])),
            Operation::new("add_team_member", post(MEMBERS), of_team(Action::Update), add_member)
                .summary("Puts a member of the organization into a team, which gives it what the team holds")
                .details(
                    "The caller must hold all that the team holds: its roles, and what is shared with it.",
                )
                .example(json!(null)),
            Operation::new("remove_team_member", delete(MEMBERS), of_team(Action::Update), remove_member)
                .summary("Takes somebody out of a team, and what it had through the team, at once")
                .example(json!(null)),
            Operation::new(
                "remove_team_member_by_path",
                delete("/teams/{team}/members/{user}"),
                of_team(Action::Update),
                remove_member_by_path,
            )
            .summary("The same, with the user in the path")
            .example(json!(null)),
        ],
    )
}

async fn list(call: &mut Call<Read>, Query(query): Query<TeamQuery>) -> Result<List<TeamView>> {
    let page = page(query.offset, query.limit)?;
    let listed = call.session().list_teams(query.name.as_deref(), page).await?;
    Ok(List(listed.map(|team| (&team).into())))
}

async fn create(call: &mut Call<Write>, Fields(input): Fields<TeamCreate>) -> Result<Json<TeamView>> {
    let team = teams::create(call.session(), input).await?;
    Ok(view(team, 0))
}

fn view(team: Team, members: i64) -> Json<TeamView> {
    Json((&CountedTeam { team, members }).into())
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<TeamView>> {
    let id = call.raw.id("team")?;
    let team = teams::get(call.session(), id).await?;
    let members = call.session().count_team_members(team.id).await?;
    Ok(view(team, members))
}

async fn update(call: &mut Call<Write>, Fields(input): Fields<TeamUpdate>) -> Result<Json<TeamView>> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("team")?);
    let team = teams::update(call.session(), &standing, id, input).await?;
    let members = call.session().count_team_members(team.id).await?;
    Ok(view(team, members))
}

async fn remove(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("team")?);
    teams::delete(call.session(), &standing, id).await.map(|()| Done)
}

async fn list_members(call: &mut Call<Read>, Query(paging): Query<Paging>) -> Result<List<User>> {
    let id = call.raw.id("team")?;
    let team = teams::get(call.session(), id).await?;
    let listed = call.session().list_team_members(team.id, paging.page()?).await?;
    Ok(List(listed.map(|member| (&member).into())))
}

async fn add_member(call: &mut Call<Write>, Fields(input): Fields<TeamMember>) -> Result<Done> {
    let (standing, id) = (call.standing()?.clone(), call.raw.id("team")?);
    teams::add_member(call.session(), &standing, id, input.user_id).await.map(|()| Done)
}

async fn remove_member(call: &mut Call<Write>, Query(input): Query<TeamMember>) -> Result<Done> {
    let id = call.raw.id("team")?;
    teams::remove_member(call.session(), id, input.user_id).await.map(|()| Done)
}

async fn remove_member_by_path(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let (id, user) = (call.raw.id("team")?, call.raw.id("user")?);
    teams::remove_member(call.session(), id, user).await.map(|()| Done)
}
