//! Personal access tokens: the caller's own.

use control::Patch;
use control::credentials::{self, CredentialCreate, CredentialRotate, CredentialUpdate};
use control::scopes::GrantedScope;
use model::{Action, Principal, Read, ResourceType, Result, Write};
use serde_json::json;

use super::{delete, examples, get, may, patch, post, put};
use crate::call::{Call, Kind};
use crate::input::{Fields, Nothing, Paging, Query};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::Key;

const fn own(action: Action) -> Access {
    Access::Permission(may(ResourceType::AccessToken, action), Target::OwnAccount)
}

pub(super) fn operations() -> Vec<Operation> {
    const LIST: &str = "/users/me/api_keys";
    const ALIAS: &str = "/users/me/personal_access_tokens";
    const ONE: &str = "/users/me/api_keys/{key}";
    const ONE_ALIAS: &str = "/users/me/personal_access_tokens/{key}";
    tagged(
        "Personal access tokens",
        vec![
            Operation::new("list_access_tokens", get(LIST), own(Action::Read), list)
                .alias(ALIAS)
                .summary("Lists your personal access tokens, without their values")
                .example(json!([examples::key()])),
            Operation::new("create_access_token", post(LIST), own(Action::Create), create)
                .alias(ALIAS)
                .summary("Makes a personal access token; its value is shown once")
                .details("Refused to callers that come with a personal access token themselves.")
                .example(examples::shown_key()),
            Operation::new("get_access_token", get(ONE), own(Action::Read), get_one)
                .alias(ONE_ALIAS)
                .summary("Shows a personal access token, by id or name")
                .example(examples::key()),
            Operation::new("update_access_token", patch(ONE), own(Action::Update), update)
                .also(http::Method::PUT, ONE)
                .alias(ONE_ALIAS)
                .also(http::Method::PUT, ONE_ALIAS)
                .summary("Renames, describes, activates or deactivates a personal access token")
                .details("A caller with a personal access token can only deactivate.")
                .example(examples::key()),
            Operation::new(
                "rotate_access_token",
                put("/users/me/api_keys/{key}/rotate"),
                own(Action::Create),
                rotate,
            )
            .also(http::Method::POST, "/users/me/api_keys/{key}/rotate")
            .alias("/users/me/personal_access_tokens/{key}/rotate")
            .also(http::Method::POST, "/users/me/personal_access_tokens/{key}/rotate")
            .summary(
                "Gives a personal access token a new value; the old one works on for the retention period",
            )
            .example(examples::shown_key()),
            Operation::new("delete_access_token", delete(ONE), own(Action::Delete), remove)
                .alias(ONE_ALIAS)
                .summary("Deletes a personal access token, and ends the sessions that came from it")
                .example(json!(null)),
        ],
    )
}

fn owner<K: Kind>(call: &Call<K>) -> Result<Principal> {
    let account = call.account()?;
    if account.is_service_account() {
        return Err(model::Error::forbidden("Service accounts have API keys, not personal access tokens."));
    }
    Ok(account.clone())
}

async fn list(call: &mut Call<Read>, Query(paging): Query<Paging>) -> Result<List<Key>> {
    let owner = owner(call)?;
    let listed = call.session().list_credentials(&owner, paging.page()?).await?;
    Ok(List(listed.map(|credential| Key::hidden(&credential))))
}

async fn create(call: &mut Call<Write>, Fields(input): Fields<CredentialCreate>) -> Result<Json<Key>> {
    let owner = owner(call)?;
    let scope = call.platform().grant_scope(call.who()?, input.scope.clone()).await?;
    let shown = credentials::create(call.session(), &owner, input, &scope).await?;
    Ok(Json(Key::shown(&shown.credential, &shown.key)))
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<Key>> {
    let (owner, name) = (owner(call)?, call.raw.param("key")?.to_owned());
    let credential = call.session().get_credential(&owner, &name).await?;
    Ok(Json(Key::hidden(&credential)))
}

/// The scope that a change asks for, checked; a change of something else asks for none.
pub(super) async fn scope_of(call: &Call<Write>, input: &CredentialUpdate) -> Result<GrantedScope> {
    match &input.scope {
        Patch::Keep => Ok(GrantedScope::unlimited()),
        Patch::Clear => call.platform().grant_scope(call.who()?, None).await,
        Patch::Set(scope) => call.platform().grant_scope(call.who()?, Some(scope.clone())).await,
    }
}

async fn update(call: &mut Call<Write>, Fields(input): Fields<CredentialUpdate>) -> Result<Json<Key>> {
    let (owner, name) = (owner(call)?, call.raw.param("key")?.to_owned());
    let may_widen = !call.who()?.is_from_access_token();
    let scope = scope_of(call, &input).await?;
    let credential = credentials::update(call.session(), &owner, &name, input, &scope, may_widen).await?;
    Ok(Json(Key::hidden(&credential)))
}

async fn rotate(call: &mut Call<Write>, Fields(input): Fields<CredentialRotate>) -> Result<Json<Key>> {
    let (owner, name) = (owner(call)?, call.raw.param("key")?.to_owned());
    let shown = credentials::rotate(call.session(), &owner, &name, &input).await?;
    Ok(Json(Key::shown(&shown.credential, &shown.key)))
}

async fn remove(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let (owner, name) = (owner(call)?, call.raw.param("key")?.to_owned());
    credentials::delete(call.session(), &owner, &name).await.map(|()| Done)
}
