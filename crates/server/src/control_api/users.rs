//! People.

use control::users::{self, PasswordChange, ProfileUpdate, UserCreate, UserUpdate};
use model::{
    Action, Error, OrganizationId, PrincipalId, PrincipalKind, Read, ResourceType, Result, WorkspaceId, Write,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::PrincipalFilter;

use super::{delete, examples, get, may, patch, post};
use crate::call::{Call, Memory};
use crate::input::{Fields, Hashed, Nothing, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::User;

/// Which accounts to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UserQuery {
    /// Exactly this username, without regard to case.
    username: Option<String>,
    /// Exactly this e-mail address, without regard to case.
    email: Option<String>,
    /// Active ones or inactive ones.
    is_active: Option<bool>,
    /// Bots or people.
    is_service_account: Option<bool>,
    /// Members of this organization.
    organization_id: Option<OrganizationId>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// Which workspace server asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuthorizeServerQuery {
    /// The id of its workspace.
    server_id: WorkspaceId,
    /// Taken and ignored.
    #[expect(dead_code, reason = "newer servers send it")]
    #[serde(default)]
    action: Option<String>,
}

const READ_OWN: Access = Access::Permission(may(ResourceType::User, Action::Read), Target::OwnAccount);
const UPDATE_OWN: Access = Access::Permission(may(ResourceType::User, Action::Update), Target::OwnAccount);

const fn manage(action: Action) -> Access {
    Access::Permission(may(ResourceType::User, action), Target::Instance)
}

pub(super) fn operations() -> Vec<Operation> {
    let lists = Access::Permission(may(ResourceType::User, Action::Read), Target::OwnOrganizations);
    let (user, users) = (examples::user(), json!([examples::user()]));
    tagged(
        "Users",
        vec![
            Operation::new("get_current_user", get("/users/me"), READ_OWN, me)
                .summary("Tells who you are")
                .example(user.clone()),
            Operation::new("update_current_user", patch("/users/me"), UPDATE_OWN, update_me)
                .summary("Changes your profile")
                .example(user.clone()),
            Operation::new("change_password", post("/users/me/password"), UPDATE_OWN, change_password)
                .summary("Changes your password, and ends all your sessions")
                .details("Personal access tokens go on working.")
                .example(user.clone()),
            Operation::new(
                "authorize_server",
                get("/users/authorize_server"),
                Access::Authenticated("checks whether the caller gets into the workspace"),
                authorize_server,
            )
            .summary("Tells a workspace server who presented a credential to it")
            .details("Asked with the credential of the person or bot, not with that of the server.")
            .example(user.clone())
            .unlimited(),
            Operation::new("list_users", get("/users"), lists, list)
                .summary("Lists accounts: those of your organizations, for super-users all")
                .example(users),
            Operation::new("create_user", post("/users"), manage(Action::Create), create)
                .summary("Makes a local account; its password must be changed at the first sign-in")
                .example(user.clone()),
            Operation::new("get_user", get("/users/{user}"), lists, get_one)
                .summary("Shows an account of your organizations")
                .example(user.clone()),
            Operation::new("update_user", patch("/users/{user}"), manage(Action::Update), update)
                .summary("Changes an account; a new password must be changed at the next sign-in")
                .example(user.clone()),
            Operation::new("activate_user", post("/users/{user}/activate"), manage(Action::Update), activate)
                .summary("Lets an account act again")
                .example(user.clone()),
            Operation::new(
                "deactivate_user",
                post("/users/{user}/deactivate"),
                manage(Action::Update),
                deactivate,
            )
            .summary("Stops an account, its tokens and its sessions at once")
            .example(user),
            Operation::new("delete_user", delete("/users/{user}"), manage(Action::Delete), remove)
                .summary("Deletes an account; what it owns stays, its username is never given out again")
                .example(json!(null)),
        ],
    )
}

async fn me(call: &mut Call<Memory>, _: Nothing) -> Result<Json<User>> {
    call.account().map(|account| Json(account.into()))
}

async fn update_me(call: &mut Call<Write>, Fields(input): Fields<ProfileUpdate>) -> Result<Json<User>> {
    let id = call.account()?.id;
    users::update_profile(call.session(), id, input).await.map(|user| Json((&user).into()))
}

async fn change_password(call: &mut Call<Write>, input: Hashed<PasswordChange>) -> Result<Json<User>> {
    let id = call.account()?.id;
    let hash = input.hash.unwrap_or_default();
    users::change_password(call.session(), id, &input.input, &hash).await.map(|user| Json((&user).into()))
}

async fn authorize_server(
    call: &mut Call<Memory>,
    Query(query): Query<AuthorizeServerQuery>,
) -> Result<Json<User>> {
    let raw_keys = call.app.settings.raw_keys;
    let account = call.platform().admit(call.who()?, query.server_id, raw_keys).await?;
    Ok(Json((&account).into()))
}

async fn list(call: &mut Call<Read>, Query(query): Query<UserQuery>) -> Result<List<User>> {
    let kind = |bots| if bots { PrincipalKind::ServiceAccount } else { PrincipalKind::User };
    let filter = PrincipalFilter {
        username: query.username,
        email: query.email,
        is_active: query.is_active,
        kind: query.is_service_account.map(kind),
        organization: query.organization_id,
        ..PrincipalFilter::default()
    };
    let page = page(query.offset, query.limit)?;
    let listed = call.session().list_principals(filter, page).await?;
    Ok(List(listed.map(|user| (&user).into())))
}

async fn create(call: &mut Call<Write>, input: Hashed<UserCreate>) -> Result<Json<User>> {
    let hash = input.hash.unwrap_or_default();
    users::create(call.session(), input.input, &hash).await.map(|user| Json((&user).into()))
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<User>> {
    let id: PrincipalId = call.raw.id("user")?;
    let filter = PrincipalFilter { id: Some(id), ..PrincipalFilter::default() };
    let found = call.session().list_principals(filter, page(None, None)?).await?.rows;
    found.first().map(|user| Json(user.into())).ok_or_else(|| Error::not_found("user", id))
}

async fn update(call: &mut Call<Write>, input: Hashed<UserUpdate>) -> Result<Json<User>> {
    let id = call.raw.id("user")?;
    users::update(call.session(), id, input.input, input.hash.as_deref())
        .await
        .map(|user| Json((&user).into()))
}

async fn activate(call: &mut Call<Write>, _: Nothing) -> Result<Json<User>> {
    set_active(call, true).await
}

async fn deactivate(call: &mut Call<Write>, _: Nothing) -> Result<Json<User>> {
    set_active(call, false).await
}

async fn set_active(call: &mut Call<Write>, active: bool) -> Result<Json<User>> {
    let id = call.raw.id("user")?;
    let input = UserUpdate { is_active: Some(active), ..UserUpdate::default() };
    users::update(call.session(), id, input, None).await.map(|user| Json((&user).into()))
}

async fn remove(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let id = call.raw.id("user")?;
    users::delete(call.session(), id).await.map(|()| Done)
}
