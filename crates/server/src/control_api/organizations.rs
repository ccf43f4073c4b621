//! Organizations.

use control::organizations::{self, OrganizationCreate, OrganizationUpdate};
use model::{Action, Error, PrincipalId, Read, ResourceType, Result, Write, name};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::OrganizationFilter;

use super::{delete, examples, get, may, patch, post};
use crate::call::Call;
use crate::input::{Fields, Nothing, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::OrganizationView;

/// Which organizations to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrganizationQuery {
    /// Exactly this name, without regard to case.
    name: Option<String>,
    /// Owned by this account.
    owner_id: Option<PrincipalId>,
    /// Owned by the person of this username.
    owner_username: Option<String>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// A name to be checked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NameQuery {
    /// The name.
    name: String,
}

const fn on(action: Action) -> Access {
    Access::Permission(may(ResourceType::Organization, action), Target::Organization)
}

pub(super) fn operations() -> Vec<Operation> {
    const ONE: &str = "/organizations/{organization}";
    let own = Access::Permission(may(ResourceType::Organization, Action::Read), Target::OwnOrganizations);
    let create_own = Access::Permission(may(ResourceType::Organization, Action::Create), Target::OwnAccount);
    let example = examples::organization();
    tagged(
        "Organizations",
        vec![
            Operation::new("list_organizations", get("/organizations"), own, list)
                .summary("Lists the organizations you belong to; for super-users all")
                .example(json!([example])),
            Operation::new("create_organization", post("/organizations"), create_own, create)
                .summary("Makes an organization; you become its owner and administrator")
                .example(example.clone()),
            Operation::new("get_organization", get(ONE), on(Action::Read), get_one)
                .summary("Shows an organization, by id or name")
                .example(example.clone()),
            Operation::new("update_organization", patch(ONE), on(Action::Update), update)
                .summary("Changes an organization")
                .example(example),
            Operation::new("delete_organization", delete(ONE), on(Action::Delete), remove)
                .summary("Deletes an organization with its workspaces, service accounts and keys")
                .example(json!(null)),
            Operation::new(
                "validate_organization_name",
                get("/organizations/validation/name/{name}"),
                own,
                validate_name,
            )
            .summary("Tells whether an organization can have that name: 200 free, 409 taken, 422 malformed")
            .example(json!(null)),
            Operation::new(
                "validate_organization_name_by_query",
                get("/organizations/validation/name"),
                own,
                validate_name_by_query,
            )
            .summary("The same, with the name as a query parameter")
            .example(json!(null)),
            Operation::new(
                "validate_workspace_name",
                get("/organizations/{organization}/validation/workspace_name/{name}"),
                on(Action::Read),
                validate_workspace_name,
            )
            .alias("/organizations/{organization}/validation/tenant_name/{name}")
            .summary("Tells whether a workspace can have that name: 200 free, 409 taken, 422 malformed")
            .example(json!(null)),
            Operation::new(
                "validate_workspace_name_by_query",
                get("/organizations/{organization}/validation/workspace_name"),
                on(Action::Read),
                validate_workspace_name_by_query,
            )
            .alias("/organizations/{organization}/validation/tenant_name")
            .summary("The same, with the name as a query parameter")
            .example(json!(null)),
        ],
    )
}

async fn list(
    call: &mut Call<Read>,
    Query(query): Query<OrganizationQuery>,
) -> Result<List<OrganizationView>> {
    let filter =
        OrganizationFilter { name: query.name, owner: query.owner_id, owner_username: query.owner_username };
    let page = page(query.offset, query.limit)?;
    let listed = call.session().list_organizations(filter, page).await?;
    Ok(List(listed.map(|organization| (&organization).into())))
}

async fn create(
    call: &mut Call<Write>,
    Fields(input): Fields<OrganizationCreate>,
) -> Result<Json<OrganizationView>> {
    let creator = call.account()?.clone();
    let organization = organizations::create(call.session(), &creator, input).await?;
    Ok(Json((&organization).into()))
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<OrganizationView>> {
    Ok(Json((&call.session().get_organization().await?).into()))
}

async fn update(
    call: &mut Call<Write>,
    Fields(input): Fields<OrganizationUpdate>,
) -> Result<Json<OrganizationView>> {
    let standing = call.standing()?.clone();
    let organization = organizations::update(call.session(), &standing, input).await?;
    Ok(Json((&organization).into()))
}

async fn remove(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    organizations::delete(call.session()).await.map(|()| Done)
}

async fn validate_name(call: &mut Call<crate::call::Memory>, _: Nothing) -> Result<Done> {
    let name = call.raw.param("name")?.to_owned();
    check_organization_name(call, &name).await
}

async fn validate_name_by_query(
    call: &mut Call<crate::call::Memory>,
    Query(query): Query<NameQuery>,
) -> Result<Done> {
    check_organization_name(call, &query.name).await
}

async fn check_organization_name(call: &mut Call<crate::call::Memory>, text: &str) -> Result<Done> {
    let name = name::organization("name", text)?;
    let taken = call.platform().store.facts().organization_named(&name.key).await?;
    taken.map_or(Ok(Done), |_| Err(Error::exists("An organization with this name exists already.")))
}

async fn validate_workspace_name(call: &mut Call<Read>, _: Nothing) -> Result<Done> {
    let name = call.raw.param("name")?.to_owned();
    check_workspace_name(call, &name).await
}

async fn validate_workspace_name_by_query(
    call: &mut Call<Read>,
    Query(query): Query<NameQuery>,
) -> Result<Done> {
    check_workspace_name(call, &query.name).await
}

async fn check_workspace_name(call: &mut Call<Read>, text: &str) -> Result<Done> {
    let name = name::workspace("name", text)?;
    if call.session().is_workspace_name_taken(&name.key).await? {
        return Err(Error::exists("A workspace with this name exists already."));
    }
    Ok(Done)
}
