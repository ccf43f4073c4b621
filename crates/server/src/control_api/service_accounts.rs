//! Service accounts of an organization, and their API keys.

use control::api_keys;
use control::credentials::{CredentialCreate, CredentialRotate, CredentialUpdate};
use control::scopes::GrantedScope;
use control::service_accounts::{self as accounts, InitialKey, ServiceAccountCreate, ServiceAccountUpdate};
use model::{Action, Principal, PrincipalKind, Read, ResourceType, Result, Write};
use serde_json::json;
use store::PrincipalFilter;

use super::tokens::scope_of;
use super::{delete, examples, get, may, patch, post, put};
use crate::call::Call;
use crate::input::{Fields, Nothing, Paging, Query};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json, List};
use crate::target::Target;
use crate::wire::{Key, NewServiceAccount, User};

const fn on(action: Action) -> Access {
    Access::Permission(may(ResourceType::ServiceAccount, action), Target::Organization)
}

const fn on_keys(action: Action) -> Access {
    Access::Permission(may(ResourceType::ApiKey, action), Target::Organization)
}

pub(super) fn operations() -> Vec<Operation> {
    const ALL: &str = "/organizations/{organization}/service_accounts";
    const ONE: &str = "/organizations/{organization}/service_accounts/{account}";
    let example = examples::service_account();
    let mut operations = tagged(
        "Service accounts",
        vec![
            Operation::new("list_service_accounts", get(ALL), on(Action::Read), list)
                .summary("Lists the service accounts of an organization")
                .example(json!([example])),
            Operation::new("create_service_account", post(ALL), on(Action::Create), create)
                .summary("Makes a service account, if wanted with a first key")
                .example(examples::new_service_account()),
            Operation::new("get_service_account", get(ONE), on(Action::Read), get_one)
                .summary("Shows a service account, by id or username")
                .example(example.clone()),
            Operation::new("update_service_account", patch(ONE), on(Action::Update), update)
                .summary("Describes, activates or deactivates a service account")
                .details("Deactivating stops all its keys, and the sessions that came from them, at once.")
                .example(example),
            Operation::new("delete_service_account", delete(ONE), on(Action::Delete), remove)
                .summary("Deletes a service account and its keys")
                .example(json!(null)),
        ],
    );
    operations.extend(key_operations());
    operations
}

fn key_operations() -> Vec<Operation> {
    const ALL: &str = "/organizations/{organization}/service_accounts/{account}/api_keys";
    const ONE: &str = "/organizations/{organization}/service_accounts/{account}/api_keys/{key}";
    const ROTATE: &str = "/organizations/{organization}/service_accounts/{account}/api_keys/{key}/rotate";
    tagged(
        "API keys",
        vec![
            Operation::new("list_api_keys", get(ALL), on_keys(Action::Read), list_keys)
                .summary("Lists the keys of a service account, without their values")
                .example(json!([examples::key()])),
            Operation::new("create_api_key", post(ALL), on_keys(Action::Create), create_key)
                .summary("Makes a key for a service account; its value is shown once")
                .details("The caller must hold everything that the account holds.")
                .example(examples::shown_key()),
            Operation::new("get_api_key", get(ONE), on_keys(Action::Read), get_key)
                .summary("Shows a key of a service account, by id or name")
                .example(examples::key()),
            Operation::new("update_api_key", patch(ONE), on_keys(Action::Update), update_key)
                .also(http::Method::PUT, ONE)
                .summary("Renames, describes, activates or deactivates a key")
                .example(examples::key()),
            Operation::new("rotate_api_key", put(ROTATE), on_keys(Action::Create), rotate_key)
                .also(http::Method::POST, ROTATE)
                .summary("Gives a key a new value; the old one works on for the retention period")
                .example(examples::shown_key()),
            Operation::new("delete_api_key", delete(ONE), on_keys(Action::Delete), remove_key)
                .summary("Deletes a key, and ends the sessions that came from it")
                .example(json!(null)),
        ],
    )
}

async fn list(call: &mut Call<Read>, Query(paging): Query<Paging>) -> Result<List<User>> {
    let filter = PrincipalFilter { kind: Some(PrincipalKind::ServiceAccount), ..PrincipalFilter::default() };
    let listed = call.session().list_principals(filter, paging.page()?).await?;
    Ok(List(listed.map(|account| (&account).into())))
}

async fn create(
    call: &mut Call<Write>,
    Fields(input): Fields<ServiceAccountCreate>,
) -> Result<Json<NewServiceAccount>> {
    let standing = call.standing()?.clone();
    let wanted = input.initial_api_key.as_ref().and_then(InitialKey::scope);
    let scope = match &input.initial_api_key {
        Some(_) => call.platform().grant_scope(call.who()?, wanted).await?,
        None => GrantedScope::unlimited(),
    };
    let (account, shown) = accounts::create(call.session(), &standing, input, &scope).await?;
    let initial_api_key = shown.map(|shown| Key::shown(&shown.credential, &shown.key));
    Ok(Json(NewServiceAccount { account: (&account).into(), initial_api_key }))
}

async fn get_one(call: &mut Call<Read>, _: Nothing) -> Result<Json<User>> {
    let name = call.raw.param("account")?.to_owned();
    accounts::get(call.session(), &name).await.map(|account| Json((&account).into()))
}

async fn update(call: &mut Call<Write>, Fields(input): Fields<ServiceAccountUpdate>) -> Result<Json<User>> {
    let (standing, name) = (call.standing()?.clone(), call.raw.param("account")?.to_owned());
    let account = accounts::update(call.session(), &standing, &name, input).await?;
    Ok(Json((&account).into()))
}

async fn remove(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let name = call.raw.param("account")?.to_owned();
    accounts::delete(call.session(), &name).await.map(|()| Done)
}

/// The account in the path, for calls that only read of it.
async fn owner(call: &mut Call<Read>) -> Result<Principal> {
    let name = call.raw.param("account")?.to_owned();
    accounts::get(call.session(), &name).await
}

/// The account and the key in the path.
fn named(call: &Call<Write>) -> Result<(String, String)> {
    Ok((call.raw.param("account")?.to_owned(), call.raw.param("key")?.to_owned()))
}

async fn list_keys(call: &mut Call<Read>, Query(paging): Query<Paging>) -> Result<List<Key>> {
    let owner = owner(call).await?;
    let listed = call.session().list_credentials(&owner, paging.page()?).await?;
    Ok(List(listed.map(|credential| Key::hidden(&credential))))
}

async fn create_key(call: &mut Call<Write>, Fields(input): Fields<CredentialCreate>) -> Result<Json<Key>> {
    let (standing, account) = (call.standing()?.clone(), call.raw.param("account")?.to_owned());
    let scope = call.platform().grant_scope(call.who()?, input.scope.clone()).await?;
    let shown = api_keys::create(call.session(), &standing, &account, input, &scope).await?;
    Ok(Json(Key::shown(&shown.credential, &shown.key)))
}

async fn get_key(call: &mut Call<Read>, _: Nothing) -> Result<Json<Key>> {
    let owner = owner(call).await?;
    let name = call.raw.param("key")?.to_owned();
    let credential = call.session().get_credential(&owner, &name).await?;
    Ok(Json(Key::hidden(&credential)))
}

async fn update_key(call: &mut Call<Write>, Fields(input): Fields<CredentialUpdate>) -> Result<Json<Key>> {
    let (standing, (account, key)) = (call.standing()?.clone(), named(call)?);
    let scope = scope_of(call, &input).await?;
    let named = (account.as_str(), key.as_str());
    let credential = api_keys::update(call.session(), &standing, named, input, &scope).await?;
    Ok(Json(Key::hidden(&credential)))
}

async fn rotate_key(call: &mut Call<Write>, Fields(input): Fields<CredentialRotate>) -> Result<Json<Key>> {
    let (standing, (account, key)) = (call.standing()?.clone(), named(call)?);
    let shown = api_keys::rotate(call.session(), &standing, (&account, &key), &input).await?;
    Ok(Json(Key::shown(&shown.credential, &shown.key)))
}

async fn remove_key(call: &mut Call<Write>, _: Nothing) -> Result<Done> {
    let (standing, (account, key)) = (call.standing()?.clone(), named(call)?);
    api_keys::delete(call.session(), &standing, (&account, &key)).await.map(|()| Done)
}
