//! How errors look: `{"detail": [<class>, <message>]}` with the class that stock clients know for the status.

use std::time::Duration;

use serde_json::json;
use testkit::Raw;

use crate::harness::{Actor, Server};

#[tokio::test]
async fn every_class_of_error_is_told_in_the_one_shape() {
    let server = Server::with(|settings| settings.body_bytes = 1000).await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let nobody = server.as_(Actor::Nobody);
    let last_superuser = format!("/users/{}/deactivate", server.cast.admin.id);
    let named = |name: &str| olga.post("/users/me/api_keys").json(&json!({"name": name}));
    named("k").await.ok();
    for (call, status, class, code) in [
        (nobody.post("/auth/login").form(&[("grant_type", "x")]), 400, "ValueError", "unsupported-grant"),
        (nobody.get("/users/me"), 401, "CredentialsNotValid", "credentials-invalid"),
        (
            server.as_(Actor::Member).delete("/organizations/home"),
            403,
            "IllegalOperationError",
            "permission-denied",
        ),
        (server.as_(Actor::Admin).post(&last_superuser), 403, "IllegalOperationError", "illegal-operation"),
        (olga.get("/organizations/nowhere"), 404, "KeyError", "not-found"),
        (olga.get("/no/such/path"), 404, "KeyError", "not-found"),
        (olga.put("/users/me"), 405, "MethodNotAllowedError", "method-not-allowed"),
        (named("K"), 409, "EntityExistsError", "already-exists"),
        (named(&"x".repeat(2000)), 413, "ValueError", "body-too-large"),
        (
            olga.post("/users/me/api_keys").body("text/xml", "<a/>"),
            415,
            "ValueError",
            "unsupported-media-type",
        ),
        (named(""), 422, "ValueError", "invalid-field"),
        (olga.post("/users/me/api_keys").json(&json!({"nome": "x"})), 422, "ValueError", "invalid-field"),
    ] {
        let answer = call.await;
        let message = answer.fails(status, class, code);
        assert!(!message.is_empty(), "{answer}");
        let challenge = (status == 401).then_some("Bearer");
        assert_eq!(answer.header("www-authenticate"), challenge, "{answer}");
        assert_eq!(answer.header("retry-after"), None, "{answer}");
    }
}

#[tokio::test]
async fn a_reached_limit_is_told_to_the_workspace_server() {
    let server = Server::new().await;
    let limits = json!({"pipeline": 1, "model": 0});
    server.as_(Actor::Admin).put("/organizations/home/entitlements").json(&limits).await.ok();
    let machine = server.as_(Actor::Machine);
    let home = server.cast.home.id;
    let ask = |feature: &str| machine.get(&format!("/organizations/{home}/entitlement/{feature}"));
    ask("pipeline").await.ok();
    ask("unheard-of").await.ok();
    ask("model").await.fails(402, "SubscriptionUpgradeRequiredError", "limit-reached");
    let event = |total: i64, id: u128| {
        let metadata = json!({"resource_id": uuid::Uuid::from_u128(id)});
        machine
            .post("/usage-event")
            .json(&json!({"feature": "pipeline", "total": total, "metadata": metadata}))
    };
    event(1, 1).await.ok();
    event(1, 1).await.ok();
    ask("pipeline").await.fails(402, "SubscriptionUpgradeRequiredError", "limit-reached");
    event(-1, 1).await.ok();
    ask("pipeline").await.ok();
    server.as_(Actor::Admin).put("/organizations/home/entitlements").json(&json!({"model": null})).await.ok();
    ask("model").await.ok();
}

#[tokio::test]
async fn what_takes_too_long_changes_nothing_and_can_be_tried_again() {
    let server = Server::with(|settings| settings.request_timeout = Duration::from_millis(20)).await;
    // Somebody else holds what the request needs for as long as it waits.
    let mut other = server.platform.store.raw().await;
    let is_postgres = matches!(other, Raw::Postgres(_));
    other.execute(if is_postgres { "BEGIN" } else { "BEGIN IMMEDIATE" }).await;
    if is_postgres {
        other.execute("LOCK TABLE credential").await;
    }
    let answer = server.as_(Actor::Member).post("/users/me/api_keys").query(&[("name", "late")]).await;
    answer.fails(503, "RuntimeError", "timeout");
    assert_eq!(answer.header("retry-after"), Some("2"));
    other.execute("ROLLBACK").await;
    assert_eq!(other.count("credential", "name = 'late'").await, 0);
}

#[tokio::test]
async fn a_failure_of_ours_tells_nothing_of_the_inside() {
    let server = Server::new().await;
    server.platform.store.raw().await.execute("DROP TABLE entitlement").await;
    let answer = server.as_(Actor::Admin).get("/organizations/home/entitlements").await;
    let message = answer.fails(500, "RuntimeError", "internal-error");
    assert_eq!(message, "Something went wrong on our side.");
    assert!(answer.header("x-request-id").is_some(), "by which it is found in the log");
}

#[tokio::test]
async fn errors_of_a_field_name_it_and_say_what_would_be_right() {
    let server = Server::new().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    for (call, message) in [
        (olga.get("/organizations").query(&[("limit", "0")]), "limit: is 0; use 1 to 1000"),
        (olga.get("/organizations").query(&[("offset", "-1")]), "offset: is -1; use 0 or more"),
        (
            olga.get("/workspaces").query(&[("member_only", "perhaps")]),
            "member_only: 'perhaps' is not a boolean; use true or false",
        ),
        (
            olga.post("/organizations").query(&[("name", "x")]).json(&json!({"name": "y"})),
            "name: is given in the query and in the body; give it once",
        ),
        (olga.post("/organizations"), "name: is missing"),
        (olga.get("/users/no-id"), "user: 'no-id' is not an id (UUID)"),
    ] {
        assert_eq!(call.await.fails(422, "ValueError", "invalid-field"), message);
    }
}
