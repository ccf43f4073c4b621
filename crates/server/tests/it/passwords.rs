//! Passwords: the forced change, what a change ends, and what it leaves alone.

use serde_json::json;
use testkit::PASSWORD;

use crate::harness::{Actor, Server};

const FIRST: &str = "given by the admin";
const SECOND: &str = "chosen by the person";

async fn with_new_person() -> (Server, String, String) {
    let server = Server::new().await;
    let query = [("username", "nina"), ("password", FIRST)];
    let id = server.as_(Actor::Admin).post("/users").query(&query).await.text_at("id");
    let session = sign_in(&server, "nina", FIRST).await;
    (server, id, session)
}

async fn sign_in(server: &Server, username: &str, password: &str) -> String {
    server.login(&[("username", username), ("password", password)]).await.text_at("access_token")
}

async fn change(server: &Server, session: &str, from: &str, to: &str) -> crate::harness::Answer {
    let body = json!({"current_password": from, "new_password": to});
    server.bearing(session).post("/users/me/password").json(&body).await
}

#[tokio::test]
async fn a_first_password_opens_nothing_but_its_own_change() {
    let (server, _, session) = with_new_person().await;
    let nina = server.bearing(&session);
    assert_eq!(nina.get("/users/me").await.ok()["password_expired"], true);
    let calls = [
        nina.get("/organizations"),
        nina.get("/workspaces"),
        nina.post("/organizations").query(&[("name", "mine")]),
        nina.get("/users/me/api_keys"),
        nina.post("/users/me/api_keys").query(&[("name", "early")]),
        nina.get("/auth/api_token"),
        nina.get("/permissions"),
        nina.get("/rbac/effective_permissions"),
    ];
    for call in calls {
        call.await.fails(403, "IllegalOperationError", "password-expired");
    }
    let changed = change(&server, &session, FIRST, SECOND).await.ok();
    assert_eq!(changed["password_expired"], false);
    server.clock.advance_microseconds(1);
    let session = sign_in(&server, "nina", SECOND).await;
    server.bearing(&session).get("/organizations").await.ok();
}

#[tokio::test]
async fn an_administrators_reset_ends_all_sessions_and_forces_a_change() {
    let (server, id, session) = with_new_person().await;
    change(&server, &session, FIRST, SECOND).await.ok();
    server.clock.advance_microseconds(1);
    let session = sign_in(&server, "nina", SECOND).await;
    server.clock.advance_microseconds(1);
    let reset = json!({"password": "given by the admin again"});
    server.as_(Actor::Admin).patch(&format!("/users/{id}")).json(&reset).await.ok();
    assert!(!server.holds(&session).await);
    server.login(&[("username", "nina"), ("password", SECOND)]).await.is_unauthenticated();
    let session = sign_in(&server, "nina", "given by the admin again").await;
    let refused = server.bearing(&session).get("/organizations").await;
    refused.fails(403, "IllegalOperationError", "password-expired");
}

#[tokio::test]
async fn a_change_ends_sessions_and_leaves_access_tokens_alone() {
    let server = Server::new().await;
    let mia = server.as_(Actor::Member);
    let token = mia.post("/users/me/api_keys").query(&[("name", "laptop")]).await.text_at("key");
    let derived = server.session_of(&token).await;
    let script = mia.get("/auth/api_token").await.ok();
    server.clock.advance_microseconds(1);
    change(&server, server.cast.mia.bearer.expose(), PASSWORD, SECOND).await.ok();
    assert!(!server.holds(server.cast.mia.bearer.expose()).await);
    assert!(!server.holds(script.as_str().unwrap()).await);
    assert!(server.holds(&token).await);
    assert!(!server.holds(&derived).await, "all sessions end, whatever they came from");
    server.login(&[("username", "mia"), ("password", PASSWORD)]).await.is_unauthenticated();
    sign_in(&server, "mia", SECOND).await;
}

#[tokio::test]
async fn a_change_needs_the_present_password_and_a_fit_new_one() {
    let server = Server::new().await;
    let session = server.cast.mia.bearer.expose();
    for (from, to, field) in [
        ("wrong", SECOND, "current_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "", "new_password"),
    ] {
        let message = change(&server, session, from, to).await.fails(422, "ValueError", "invalid-field");
        assert!(message.starts_with(field), "{message}");
    }
    assert!(server.holds(session).await, "nothing was changed");
    let bot = change(&server, server.cast.bot.bearer.expose(), PASSWORD, SECOND).await;
    assert!(!bot.status.is_success(), "a bot has no password: {bot}");
}
