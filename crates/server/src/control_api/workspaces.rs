//! Workspaces: enrolling servers, and their life. `tenants` is the old spelling.

use std::collections::BTreeMap;

use control::workspaces::{self, Report, WorkspaceCreate, WorkspaceUpdate};
use model::{
    Action, Error, OrganizationId, PrincipalId, ProjectId, Read, ResourceType, Result, Secret, Timestamp,
    Workspace, WorkspaceId, WorkspaceState, Write, name,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::WorkspaceFilter;

use super::{delete, examples, get, may, patch, post};
use crate::call::{Call, Kind};
use crate::input::{Fields, Nothing, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::WorkspaceView;

/// Which workspaces to list. Names and URLs match exactly.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WorkspaceQuery {
    /// This one.
    #[serde(alias = "tenant_id")]
    workspace_id: Option<WorkspaceId>,
    /// Of this name, without regard to case.
    #[serde(alias = "tenant_name")]
    workspace_name: Option<String>,
    /// Reached at this URL; a trailing slash does not count.
    url: Option<String>,
    /// Of this organization.
    organization_id: Option<OrganizationId>,
    /// In this state.
    status: Option<String>,
    /// Run by us or by others.
    is_managed: Option<bool>,
    /// Owned by this account.
    owner_id: Option<PrincipalId>,
    /// Only those that the caller gets into.
    #[expect(dead_code, reason = "the target of the operation reads it")]
    member_only: Option<bool>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// A project that a workspace has reported.
#[derive(Debug, Serialize, JsonSchema)]
struct ProjectView {
    /// Its id.
    id: ProjectId,
    /// Who made it, if that is known.
    created_by: Option<PrincipalId>,
    /// When it was reported.
    created: Timestamp,
}

const fn at(action: Action) -> Access {
    Access::Permission(may(ResourceType::Workspace, action), Target::Workspace)
}

pub(super) fn operations() -> Vec<Operation> {
    let mut operations = tagged("Workspaces", basic_operations());
    operations.extend(tagged("Workspaces", life_operations()));
    operations
}

fn basic_operations() -> Vec<Operation> {
    const ONE: &str = "/workspaces/{workspace}";
    let seen = Access::Permission(may(ResourceType::Workspace, Action::Read), Target::Workspaces);
    let create_there =
        Access::Permission(may(ResourceType::Workspace, Action::Create), Target::OrganizationField);
    let list_of = Access::Permission(may(ResourceType::Organization, Action::Read), Target::Organization);
    let example = examples::workspace();
    vec![
        Operation::new("list_workspaces", get("/workspaces"), seen, list)
            .alias("/tenants")
            .summary("Lists the workspaces you may see; with member_only those you get into")
            .example(json!([example])),
        Operation::new("create_workspace", post("/workspaces"), create_there, create)
            .alias("/tenants")
            .summary("Makes a workspace for a server that you run; its enrollment key is shown once")
            .example(examples::enrolled_workspace()),
        Operation::new("get_workspace", get(ONE), at(Action::Read), get_one)
            .alias("/tenants/{workspace}")
            .summary("Shows a workspace, by id or name")
            .example(example.clone()),
        Operation::new("update_workspace", patch(ONE), at(Action::Update), update)
            .alias("/tenants/{workspace}")
            .summary("Changes a workspace")
            .example(example.clone()),
        Operation::new("delete_workspace", delete(ONE), at(Action::Delete), remove)
            .alias("/tenants/{workspace}")
            .summary("Deletes a workspace with the roles and shares in it; its server is out at once")
            .example(json!(null)),
        Operation::new(
            "list_organization_workspaces",
            get("/organizations/{organization}/workspaces"),
            list_of,
            list_of_organization,
        )
        .alias("/organizations/{organization}/tenants")
        .summary("Lists the workspaces of an organization that you may see")
        .example(json!([example])),
        Operation::new(
            "get_organization_workspace",
            get("/organizations/{organization}/workspace/{workspace}"),
            at(Action::Read),
            get_one_of_organization,
        )
        .alias("/organizations/{organization}/tenant/{workspace}")
        .summary("Shows a workspace of an organization, by id or name")
        .example(example),
    ]
}

fn life_operations() -> Vec<Operation> {
    let example = examples::workspace();
    let rotate = Access::Permission(may(ResourceType::EnrollmentKey, Action::Update), Target::Workspace);
    vec![
        Operation::new("deactivate_workspace", post("/workspaces/{workspace}/deactivate"), at(Action::Update), deactivate)
            .alias("/tenants/{workspace}/deactivate")
            .summary("Shuts a workspace: nobody gets in, all permissions in it are answered with no, at once")
            .example(example.clone()),
        Operation::new("activate_workspace", post("/workspaces/{workspace}/activate"), at(Action::Update), activate)
            .alias("/tenants/{workspace}/activate")
            .also(http::Method::POST, "/workspaces/{workspace}/deploy")
            .also(http::Method::POST, "/tenants/{workspace}/deploy")
            .summary("Opens a workspace again")
            .example(example),
        Operation::new(
            "rotate_enrollment_key",
            post("/workspaces/{workspace}/enrollment_key/rotate"),
            rotate,
            rotate_enrollment_key,
        )
        .alias("/workspaces/{workspace}/client_secret/rotate")
        .summary("Replaces the enrollment key; the server and all its tokens are out at once")
        .example(examples::enrolled_workspace()),
        Operation::new("get_workspace_environment", get("/workspaces/{workspace}/environment"), at(Action::Read), environment)
            .summary("Gives the environment variables that enroll a server, without the secret")
            .example(json!({
                "ZENML_SERVER_DEPLOYMENT_TYPE": "cloud", "ZENML_SERVER_PRO_API_URL": "https://claviger.example.com/api/v1",
                "ZENML_SERVER_PRO_WORKSPACE_NAME": "ws-one",
            })),
        Operation::new("list_workspace_projects", get("/workspaces/{workspace}/projects"), at(Action::Read), projects)
            .summary("Lists the projects that a workspace's server has reported")
            .example(json!([])),
        Operation::new("report_workspace_status", patch("/workspace_status"), Access::Machine, report)
            .alias("/tenant_status")
            .summary("Takes the report of a workspace server that has started, from its headers")
            .example(json!(null)),
    ]
}

async fn view<M>(call: &mut Call<M>, workspace: &Workspace) -> Result<WorkspaceView>
where
    M: model::Mode + Kind<Mode = M, Slot = store::Session<M>>,
{
    let usage = call.session().list_workspace_usage().await?;
    let organization = &call.organization()?.organization;
    Ok(WorkspaceView { usage_counts: usage, ..WorkspaceView::new(workspace, organization) })
}

/// The views of workspaces of several organizations.
async fn views(call: &Call<Read>, listed: store::Listed<Workspace>) -> Result<List<WorkspaceView>> {
    let facts = call.platform().store.facts();
    let mut rows = Vec::with_capacity(listed.rows.len());
    for workspace in &listed.rows {
        if let Some(entry) = facts.organization(workspace.organization).await? {
            rows.push(WorkspaceView::new(workspace, &entry.facts.organization));
        }
    }
    Ok(List(store::Listed { rows, total: listed.total }))
}

fn filter(query: &WorkspaceQuery) -> Result<WorkspaceFilter> {
    let status = query.status.as_deref().map(|text| {
        WorkspaceState::parse(text)
            .ok_or_else(|| Error::invalid("status", format!("'{text}' is not a state")))
    });
    Ok(WorkspaceFilter {
        id: query.workspace_id,
        name: query.workspace_name.clone(),
        url: query.url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
        organization: query.organization_id,
        status: status.transpose()?,
        is_managed: query.is_managed,
        owner: query.owner_id,
    })
}

async fn list(call: &mut Call<Read>, Query(query): Query<WorkspaceQuery>) -> Result<List<WorkspaceView>> {
    let page = page(query.offset, query.limit)?;
    let listed = call.session().list_workspaces(filter(&query)?, page).await?;
    views(call, listed).await
}

async fn list_of_organization(
    call: &mut Call<Read>,
    Query(query): Query<WorkspaceQuery>,
) -> Result<List<WorkspaceView>> {
    let organization = call.organization()?.organization.id;
    let filter = WorkspaceFilter { organization: Some(organization), ..filter(&query)? };
    let permit = call.platform().workspace_list_permit(call.who()?).await?;
    let mut session = call.platform().store.begin::<Read>(permit, call.raw.origin()).await?;
    let listed = session.list_workspaces(filter, page(query.offset, query.limit)?).await?;
    views(call, listed).await
}

async fn create(
    call: &mut Call<Write>,
    Fields(input): Fields<WorkspaceCreate>,
) -> Result<Json<WorkspaceView>> {
    let standing = call.standing()?.clone();
    let (workspace, key) = workspaces::create(call.session(), &standing, input).await?;
    let view = WorkspaceView::new(&workspace, &call.organization()?.organization);
    Ok(Json(view.with_key(&key)))
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<WorkspaceView>> {
    let workspace = call.session().get_workspace().await?;
    view(call, &workspace).await.map(Json)
}

async fn get_one_of_organization(call: &mut Call<Read>, _: Nothing) -> Result<Json<WorkspaceView>> {
    let (named, own) = (call.raw.param("organization")?, &call.organization()?.organization);
    if named.parse() != Ok(own.id) && name::fold(named) != name::fold(&own.name) {
        return Err(Error::not_found("workspace", call.raw.param("workspace")?));
    }
    get_one(call, Nothing).await
}

async fn update(
    call: &mut Call<Write>,
    Fields(input): Fields<WorkspaceUpdate>,
) -> Result<Json<WorkspaceView>> {
    let standing = call.standing()?.clone();
    let workspace = workspaces::update(call.session(), &standing, input).await?;
    view(call, &workspace).await.map(Json)
}

async fn remove(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    workspaces::delete(call.session()).await.map(|()| Done)
}

async fn deactivate(call: &mut Call<Write>, _: Nothing) -> Result<Json<WorkspaceView>> {
    set_state(call, WorkspaceState::Deactivated).await
}

async fn activate(call: &mut Call<Write>, _: Nothing) -> Result<Json<WorkspaceView>> {
    set_state(call, WorkspaceState::Available).await
}

async fn set_state(call: &mut Call<Write>, state: WorkspaceState) -> Result<Json<WorkspaceView>> {
    let standing = call.standing()?.clone();
    let input = WorkspaceUpdate { desired_state: Some(state.to_string()), ..WorkspaceUpdate::default() };
    let workspace = workspaces::update(call.session(), &standing, input).await?;
    view(call, &workspace).await.map(Json)
}

async fn rotate_enrollment_key(call: &mut Call<Write>, _: Nothing) -> Result<Json<WorkspaceView>> {
    let (workspace, key): (Workspace, Secret) = workspaces::rotate_enrollment_key(call.session()).await?;
    let view = WorkspaceView::new(&workspace, &call.organization()?.organization);
    Ok(Json(view.with_key(&key)))
}

async fn environment(call: &mut Call<Read>, _: Nothing) -> Result<Json<BTreeMap<&'static str, String>>> {
    let workspace = call.session().get_workspace().await?;
    let organization = &call.organization()?.organization;
    let settings = &call.app.settings;
    let mut variables = BTreeMap::from([
        ("ZENML_SERVER_DEPLOYMENT_TYPE", "cloud".to_owned()),
        ("ZENML_SERVER_PRO_API_URL", settings.api_url.clone()),
        ("ZENML_SERVER_PRO_DASHBOARD_URL", settings.public_url.clone()),
        ("ZENML_SERVER_PRO_OAUTH2_AUDIENCE", settings.api_url.clone()),
        ("ZENML_SERVER_PRO_ORGANIZATION_ID", organization.id.to_string()),
        ("ZENML_SERVER_PRO_ORGANIZATION_NAME", organization.name.clone()),
        ("ZENML_SERVER_PRO_WORKSPACE_ID", workspace.id.to_string()),
        ("ZENML_SERVER_PRO_WORKSPACE_NAME", workspace.name.clone()),
    ]);
    if let Some(url) = workspace.server_url {
        variables.insert("ZENML_SERVER_SERVER_URL", url);
    }
    Ok(Json(variables))
}

async fn projects(call: &mut Call<Read>, _: Nothing) -> Result<Json<Vec<ProjectView>>> {
    let projects = call.session().list_projects().await?;
    Ok(Json(
        projects
            .into_iter()
            .map(|(id, created_by, created)| ProjectView { id, created_by, created })
            .collect(),
    ))
}

async fn report(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let header = |name: &str| call.raw.header(name).map(ToOwned::to_owned);
    let report = Report { version: header("zenml-server-version"), url: header("zenml-server-url") };
    workspaces::report(call.session(), report).await.map(|_| Done)
}
