//! What is switched off, deleted or taken away is out when the call returns: keys, tokens, and every session
//! that came from them, though all of them were in use a moment before.

use serde_json::{Value, json};

use crate::harness::{Actor, Server};

const BOT: &str = "/organizations/home/service_accounts/bot";

/// Everything that the bot can present.
async fn of_bot(server: &Server) -> Vec<String> {
    let key = server.cast.bot.bearer.expose().to_owned();
    let session = server.session_of(&key).await;
    let script = server.bearing(&key).get("/auth/api_token").await.ok();
    vec![key, session, script.as_str().unwrap().to_owned()]
}

/// Everything that mia can present.
async fn of_mia(server: &Server) -> Vec<String> {
    let mia = server.as_(Actor::Member);
    let token = mia.post("/users/me/api_keys").query(&[("name", "laptop")]).await.text_at("key");
    let session = server.session_of(&token).await;
    let script = mia.get("/auth/api_token").await.ok();
    let own = server.cast.mia.bearer.expose().to_owned();
    vec![own, token, session, script.as_str().unwrap().to_owned()]
}

async fn all_hold(server: &Server, bearers: &[String], expected: bool) {
    for (index, bearer) in bearers.iter().enumerate() {
        assert_eq!(server.holds(bearer).await, expected, "bearer {index}");
    }
}

async fn enters(server: &Server, bearer: &str) -> u16 {
    let id = server.cast.workspace.id.to_string();
    let call = server.bearing(bearer).get("/users/authorize_server").query(&[("server_id", &id)]);
    call.await.status.as_u16()
}

/// What the workspace's server is told about somebody and its stacks.
async fn may_read_stacks(server: &Server, user: impl ToString) -> Value {
    let query = [("user_id", user.to_string()), ("action", "read".to_owned())];
    let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
    let call = server.as_(Actor::Machine).post("/rbac/check_permissions").query(&query);
    call.json(&json!(["stack"])).await.ok()["stack"].clone()
}

#[tokio::test]
async fn a_deactivated_service_account_is_out_until_it_is_activated() {
    let server = Server::new().await;
    let bearers = of_bot(&server).await;
    all_hold(&server, &bearers, true).await;
    assert_eq!(may_read_stacks(&server, server.cast.bot.id).await, true);
    for active in [false, true, false] {
        server.as_(Actor::OrganizationAdmin).patch(BOT).json(&json!({"is_active": active})).await.ok();
        all_hold(&server, &bearers, active).await;
        assert_eq!(may_read_stacks(&server, server.cast.bot.id).await, active);
    }
    server.login(&[("password", &bearers[0])]).await.fails(
        401,
        "CredentialsNotValid",
        "credentials-inactive",
    );
}

#[tokio::test]
async fn a_deleted_service_account_is_out() {
    let server = Server::new().await;
    let bearers = of_bot(&server).await;
    all_hold(&server, &bearers, true).await;
    server.as_(Actor::OrganizationAdmin).delete(BOT).await.ok();
    all_hold(&server, &bearers, false).await;
    assert_eq!(may_read_stacks(&server, server.cast.bot.id).await, false);
    server.login(&[("password", &bearers[0])]).await.is_unauthenticated();
    let again = server.as_(Actor::OrganizationAdmin).post("/organizations/home/service_accounts");
    again.json(&json!({"username": "BOT"})).await.fails(409, "EntityExistsError", "already-exists");
}

#[tokio::test]
async fn a_service_account_goes_with_its_organization() {
    let server = Server::new().await;
    let (bot, mia) = (of_bot(&server).await, of_mia(&server).await);
    all_hold(&server, &bot, true).await;
    server.as_(Actor::OrganizationAdmin).delete("/organizations/home").await.ok();
    all_hold(&server, &bot, false).await;
    all_hold(&server, &mia, true).await;
    server.as_(Actor::Member).get("/organizations/home").await.fails(404, "KeyError", "not-found");
    server.as_(Actor::Machine).patch("/workspace_status").await.is_unauthenticated();
}

#[tokio::test]
async fn a_deactivated_person_is_out_until_it_is_activated() {
    let server = Server::new().await;
    let bearers = of_mia(&server).await;
    all_hold(&server, &bearers, true).await;
    let path = format!("/users/{}", server.cast.mia.id);
    let admin = server.as_(Actor::Admin);
    admin.post(&format!("{path}/deactivate")).await.ok();
    all_hold(&server, &bearers, false).await;
    for bearer in &bearers {
        assert_eq!(enters(&server, bearer).await, 401);
    }
    assert_eq!(may_read_stacks(&server, server.cast.mia.id).await, false);
    admin.post(&format!("{path}/activate")).await.ok();
    all_hold(&server, &bearers, true).await;
    admin.patch(&path).json(&json!({"is_active": false})).await.ok();
    all_hold(&server, &bearers, false).await;
}

#[tokio::test]
async fn a_deleted_person_is_out() {
    let server = Server::new().await;
    let bearers = of_mia(&server).await;
    all_hold(&server, &bearers, true).await;
    server.as_(Actor::Admin).delete(&format!("/users/{}", server.cast.mia.id)).await.ok();
    all_hold(&server, &bearers, false).await;
    assert_eq!(may_read_stacks(&server, server.cast.mia.id).await, false);
    let form = [("username", "mia"), ("password", testkit::PASSWORD)];
    server.login(&form).await.fails(401, "CredentialsNotValid", "credentials-invalid");
}

#[tokio::test]
async fn who_is_no_member_any_more_has_nothing_left_in_the_organization() {
    let server = Server::new().await;
    let bearers = of_mia(&server).await;
    let id = server.cast.mia.id.to_string();
    for bearer in &bearers {
        assert_eq!(enters(&server, bearer).await, 200);
    }
    assert_eq!(may_read_stacks(&server, &id).await, true);
    let removed = server.as_(Actor::OrganizationAdmin).delete("/organizations/home/members");
    assert_eq!(removed.query(&[("user_id", &id)]).await.ok(), json!(null));
    all_hold(&server, &bearers, true).await;
    for bearer in &bearers {
        let mia = server.bearing(bearer);
        for path in ["/organizations/home", "/organizations/home/members", "/workspaces/ws-one"] {
            mia.get(path).await.fails(404, "KeyError", "not-found");
        }
        assert_eq!(mia.get("/organizations").await.ok(), json!([]));
        assert_eq!(mia.get("/workspaces").await.ok(), json!([]));
        assert_eq!(enters(&server, bearer).await, 403);
    }
    assert_eq!(may_read_stacks(&server, &id).await, false);
    // Coming back as a member does not bring the role in the workspace back.
    let added = server.as_(Actor::Admin).post("/organizations/home/members").query(&[("user_id", &id)]);
    added.await.ok();
    assert_eq!(may_read_stacks(&server, &id).await, false);
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone() {
    let server = Server::new().await;
    let id = server.cast.mia.id.to_string();
    assert_eq!(may_read_stacks(&server, &id).await, true);
    let query = [("user_id", id.as_str())];
    server.as_(Actor::Admin).delete("/workspaces/ws-one/members").query(&query).await.ok();
    assert_eq!(may_read_stacks(&server, &id).await, false);
    assert_eq!(enters(&server, server.cast.mia.bearer.expose()).await, 403);
}

#[tokio::test]
async fn a_deactivated_workspace_lets_nobody_in_and_answers_no() {
    let server = Server::new().await;
    let mia = of_mia(&server).await;
    let machine = server.as_(Actor::Machine);
    machine.patch("/workspace_status").await.ok();
    assert_eq!(may_read_stacks(&server, server.cast.mia.id).await, true);
    server.as_(Actor::OrganizationAdmin).post("/workspaces/ws-one/deactivate").await.ok();
    assert_eq!(may_read_stacks(&server, server.cast.mia.id).await, false);
    for bearer in mia.iter().chain([&server.cast.admin.bearer.expose().to_owned()]) {
        assert_eq!(enters(&server, bearer).await, 403);
    }
    let client = [
        ("client_id", server.cast.workspace.id.to_string()),
        ("client_secret", server.cast.enrollment_key.expose().to_owned()),
    ];
    let client = client.each_ref().map(|(name, value)| (*name, value.as_str()));
    server.login(&client).await.fails(401, "CredentialsNotValid", "credentials-inactive");
    server.as_(Actor::OrganizationAdmin).post("/workspaces/ws-one/activate").await.ok();
    assert_eq!(may_read_stacks(&server, server.cast.mia.id).await, true);
    assert_eq!(enters(&server, &mia[0]).await, 200);
    server.login(&client).await.ok();
}

#[tokio::test]
async fn a_deleted_workspace_and_its_machine_are_out() {
    let server = Server::new().await;
    let mia = of_mia(&server).await;
    server.as_(Actor::Machine).patch("/workspace_status").await.ok();
    assert_eq!(enters(&server, &mia[0]).await, 200);
    server.as_(Actor::OrganizationAdmin).delete("/workspaces/ws-one").await.ok();
    server.as_(Actor::Machine).patch("/workspace_status").await.is_unauthenticated();
    assert_eq!(enters(&server, &mia[0]).await, 404);
}

#[tokio::test]
async fn a_new_enrollment_key_ends_the_old_one_and_the_tokens_it_got() {
    let server = Server::new().await;
    let id = server.cast.workspace.id.to_string();
    let login = |key: &str| server.login(&[("client_id", id.as_str()), ("client_secret", key)]);
    let old = server.cast.enrollment_key.expose();
    login(old).await.ok();
    server.as_(Actor::Machine).patch("/workspace_status").await.ok();
    let rotate = server.as_(Actor::OrganizationAdmin).post("/workspaces/ws-one/enrollment_key/rotate");
    let new = rotate.await.text_at("enrollment_key");
    server.as_(Actor::Machine).patch("/workspace_status").await.is_unauthenticated();
    login(old).await.fails(401, "CredentialsNotValid", "credentials-invalid");
    let session = login(&new).await.text_at("access_token");
    server.bearing(&session).patch("/workspace_status").await.ok();
}
