//! What the tests do again and again, each as an administrator of the organization would.

use control::credentials::{self, CredentialRotate, CredentialUpdate};
use control::scopes::GrantedScope;
use control::service_accounts::{self, ServiceAccountUpdate};
use control::sharing::{self, ShareInput};
use control::users::{self, UserUpdate};
use control::workspaces::{self, WorkspaceUpdate};
use control::{TargetRef, organizations};
use model::error::code;
use model::{
    Action, Error, Organization, Principal, PrincipalId, ProjectId, ResourceType, Result, Secret, Workspace,
};
use testkit::{Caller, TestPlatform, in_organization};

/// An installation with its administrator and an organization of it.
pub(crate) async fn home() -> (TestPlatform, Caller, Organization) {
    let t = TestPlatform::new().await;
    let admin = t.admin().await;
    let home = t.organization(&admin, "home").await;
    (t, admin, home)
}

/// The error's code, for those that tell one refusal from another.
pub(crate) fn code_of<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code
}

/// Whether the bearer is somebody's now; a refusal must be one of credentials.
pub(crate) async fn holds(t: &TestPlatform, bearer: &Secret) -> bool {
    match t.authenticate(bearer.expose()).await {
        Ok(_) => true,
        Err(Error {
            code: code::CREDENTIALS_INVALID | code::CREDENTIALS_INACTIVE | code::CREDENTIALS_EXPIRED,
            ..
        }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn owner(t: &TestPlatform, id: PrincipalId) -> Principal {
    t.store.facts().principal(id).await.unwrap().unwrap().principal.clone()
}

/// Gives the key of a bot a new value.
pub(crate) async fn rotate(
    t: &TestPlatform,
    admin: &Caller,
    home: &Organization,
    bot: &Caller,
    minutes: i64,
) -> Result<Secret> {
    let owner = owner(t, bot.id).await;
    let input = CredentialRotate { retain_period_minutes: minutes };
    let needs = (ResourceType::ApiKey, Action::Update);
    let rotated = t.act(&admin.bearer, needs, in_organization(home), async |session, _| {
        credentials::rotate(session, &owner, "default", &input).await
    });
    rotated.await.map(|shown| shown.key)
}

/// Switches the key of a bot on or off.
pub(crate) async fn set_key_active(
    t: &TestPlatform,
    admin: &Caller,
    home: &Organization,
    bot: &Caller,
    active: bool,
) {
    let owner = owner(t, bot.id).await;
    let input = CredentialUpdate { active: Some(active), ..CredentialUpdate::default() };
    let needs = (ResourceType::ApiKey, Action::Update);
    t.act(&admin.bearer, needs, in_organization(home), async |session, _| {
        credentials::update(session, &owner, "DEFAULT", input, &GrantedScope::unlimited(), true).await
    })
    .await
    .unwrap();
}

/// Deletes the key of a bot.
pub(crate) async fn delete_key(t: &TestPlatform, admin: &Caller, home: &Organization, bot: &Caller) {
    let owner = owner(t, bot.id).await;
    let needs = (ResourceType::ApiKey, Action::Delete);
    t.act(&admin.bearer, needs, in_organization(home), async |session, _| {
        credentials::delete(session, &owner, "default").await
    })
    .await
    .unwrap();
}

/// Switches a bot on or off.
pub(crate) async fn set_bot_active(
    t: &TestPlatform,
    admin: &Caller,
    home: &Organization,
    bot: &Caller,
    active: bool,
) {
    let input = ServiceAccountUpdate { is_active: Some(active), ..ServiceAccountUpdate::default() };
    let needs = (ResourceType::ServiceAccount, Action::Update);
    t.act(&admin.bearer, needs, in_organization(home), async |session, scene| {
        service_accounts::update(session, scene.standing(), &bot.username, input).await
    })
    .await
    .unwrap();
}

/// Deletes a bot.
pub(crate) async fn delete_bot(t: &TestPlatform, admin: &Caller, home: &Organization, bot: &Caller) {
    let needs = (ResourceType::ServiceAccount, Action::Delete);
    t.act(&admin.bearer, needs, in_organization(home), async |session, _| {
        service_accounts::delete(session, &bot.username).await
    })
    .await
    .unwrap();
}

/// Changes a person as a super-user.
pub(crate) async fn update_user(
    t: &TestPlatform,
    admin: &Caller,
    id: PrincipalId,
    input: UserUpdate,
) -> Result<Principal> {
    let hash = match &input.password {
        Some(password) => Some(users::hash_password(&t.passwords, t.env(), "password", password).await?),
        None => None,
    };
    let needs = (ResourceType::User, Action::Update);
    t.act(&admin.bearer, needs, TargetRef::Instance, async |session, _| {
        users::update(session, id, input, hash.as_deref()).await
    })
    .await
}

/// Deletes a person.
pub(crate) async fn delete_user(t: &TestPlatform, admin: &Caller, id: PrincipalId) -> Result<()> {
    let needs = (ResourceType::User, Action::Delete);
    t.act(&admin.bearer, needs, TargetRef::Instance, async |session, _| users::delete(session, id).await)
        .await
}

/// Deletes an organization.
pub(crate) async fn delete_organization(t: &TestPlatform, admin: &Caller, home: &Organization) {
    let needs = (ResourceType::Organization, Action::Delete);
    t.act(&admin.bearer, needs, in_organization(home), async |session, _| {
        organizations::delete(session).await
    })
    .await
    .unwrap();
}

/// The workspace as a request names it.
pub(crate) fn in_workspace(workspace: &Workspace) -> TargetRef {
    TargetRef::Workspace(workspace.id.to_string(), None)
}

/// Wants a workspace to be in a state.
pub(crate) async fn set_state(t: &TestPlatform, admin: &Caller, workspace: &Workspace, state: &str) {
    let input = WorkspaceUpdate { desired_state: Some(state.to_owned()), ..WorkspaceUpdate::default() };
    let needs = (ResourceType::Workspace, Action::Update);
    t.act(&admin.bearer, needs, in_workspace(workspace), async |session, scene| {
        workspaces::update(session, scene.standing(), input).await
    })
    .await
    .unwrap();
}

/// Shares a resource of a workspace, as its machine does.
pub(crate) async fn share(
    t: &TestPlatform,
    machine: &Secret,
    with: PrincipalId,
    resource: &str,
    actions: &[&str],
) -> Result<()> {
    let input = ShareInput {
        user_id: Some(with.0),
        team_id: None,
        workspace_id: None,
        sharing_user_id: None,
        resource: resource.to_owned(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
    };
    let needs = (ResourceType::RoleAssignment, Action::Create);
    t.act(machine, needs, TargetRef::OwnWorkspace, async |session, scene| {
        sharing::share(session, &scene.workspace().facts.workspace, &input).await
    })
    .await
}

/// Tells that resources of a workspace are gone, as its machine does.
pub(crate) async fn forget(t: &TestPlatform, machine: &Secret, resources: &[String]) -> Result<()> {
    let needs = (ResourceType::RoleAssignment, Action::Delete);
    t.act(machine, needs, TargetRef::OwnWorkspace, async |session, scene| {
        sharing::forget(session, &scene.workspace().facts.workspace, resources).await
    })
    .await
}

/// A project's id.
pub(crate) fn project(number: u128) -> ProjectId {
    ProjectId(uuid::Uuid::from_u128(number))
}
