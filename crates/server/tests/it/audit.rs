//! The audit log: every change is in it, with who, with what, from where, and what it was before and after.

use std::collections::HashSet;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Actor, Server};
use crate::tour::{Step, Tour};

/// All events of the installation, oldest first.
async fn events(server: &Server) -> Vec<Value> {
    let listed = server.as_(Actor::Admin).get("/audit_events").query(&[("limit", "1000")]).await;
    let mut events = listed.ok().as_array().unwrap().clone();
    assert_eq!(listed.header("x-total-count"), Some(events.len().to_string().as_str()));
    events.reverse();
    events
}

/// The actor as its events must tell it.
fn actor(server: &Server, actor: Actor) -> (&'static str, String, &str) {
    let cast = &server.cast;
    let (kind, caller) = match actor {
        Actor::Admin => ("user", &cast.admin),
        Actor::OrganizationAdmin => ("user", &cast.olga),
        Actor::Member => ("user", &cast.mia),
        Actor::Viewer => ("user", &cast.vera),
        Actor::Outsider => ("user", &cast.otto),
        Actor::Bot => ("service_account", &cast.bot),
        Actor::Machine => return ("workspace", cast.workspace.id.to_string(), &cast.workspace.name),
        Actor::Nobody => panic!("nobody changes nothing"),
    };
    (kind, caller.id.to_string(), &caller.username)
}

fn check_event(server: &Server, step: &Step, event: &Value, bot_key: &Value) {
    let (kind, id, name) = actor(server, step.actor);
    let key = if step.actor == Actor::Bot { bot_key } else { &Value::Null };
    let expected = json!({"kind": kind, "id": id, "name": name, "credential_id": key});
    assert_eq!(event["actor"], expected, "{event}");
    assert_eq!((&event["ip"], &event["user_agent"]), (&json!("192.0.2.7"), &json!("it/1.0")), "{event}");
    assert_eq!(event["at"], serde_json::to_value(server.app.platform.now()).unwrap(), "{event}");
    for part in ["kind", "id", "name"] {
        assert!(event["target"][part].as_str().is_some_and(|text| !text.is_empty()), "{part}: {event}");
    }
    let sides = (event["before"].is_object(), event["after"].is_object());
    let expected = match event["action"].as_str().unwrap() {
        "resource.deleted" => (false, true),
        action if action.starts_with("role_assignment.") => (false, true),
        action if action.ends_with(".deleted") => (true, false),
        action if action.ends_with("updated") || action.ends_with("rotated") => (true, true),
        "user.password_changed" | "workspace.reported" => (true, true),
        _ => (false, true),
    };
    assert_eq!(sides, expected, "before and after: {event}");
}

#[tokio::test]
async fn every_change_is_recorded_with_who_and_with_what_and_from_where() {
    let server = Server::new().await;
    let before = events(&server).await.len();
    let keys = server.as_(Actor::Admin).get("/organizations/home/service_accounts/bot/api_keys").await.ok();
    let tour = Tour::of(&server).await;
    let recorded = events(&server).await;
    let mut told = before;
    for step in &tour.steps {
        let own: Vec<&Value> =
            recorded.iter().filter(|event| event["request_id"] == step.request_id.as_str()).collect();
        let mut actions: Vec<&str> = own.iter().map(|event| event["action"].as_str().unwrap()).collect();
        let mut expected = step.events.clone();
        actions.sort_unstable();
        expected.sort_unstable();
        assert_eq!(actions, expected, "{}", step.operation);
        told += own.len();
        for event in own {
            check_event(&server, step, event, &keys[0]["id"]);
        }
    }
    assert_eq!(recorded.len(), told, "nothing else was recorded");
}

#[tokio::test]
async fn no_operation_that_changes_something_is_left_out() {
    let server = Server::new().await;
    let tour = Tour::of(&server).await;
    let taken: HashSet<&str> = tour.steps.iter().map(|step| step.operation).collect();
    let changes = server::operations().iter().filter(|operation| operation.method != Method::GET);
    let missing: Vec<&str> = changes.map(|operation| operation.id).filter(|id| !taken.contains(id)).collect();
    assert!(missing.is_empty(), "not on the tour: {missing:?}");
}

#[tokio::test]
async fn the_log_says_what_changed_and_nothing_else() {
    let server = Server::new().await;
    let admin = server.as_(Actor::OrganizationAdmin);
    let path = "/organizations/home/service_accounts/bot/api_keys/default";
    admin.patch(path).json(&json!({"name": "renamed", "active": false})).await.ok();
    let event = events(&server).await.pop().unwrap();
    assert_eq!(event["action"], "api_key.updated");
    assert_eq!(event["before"], json!({"name": "default", "is_active": true}));
    assert_eq!(event["after"], json!({"name": "renamed", "is_active": false}));
    assert_eq!(event["target"]["name"], "renamed");
}

#[tokio::test]
async fn what_is_refused_changes_and_records_nothing() {
    let server = Server::new().await;
    let before = events(&server).await;
    let admin = server.as_(Actor::OrganizationAdmin);
    let bots = "/organizations/home/service_accounts";
    admin.post(bots).json(&json!({"username": "bot"})).await.expect(409);
    admin.post(bots).json(&json!({"username": "", "initial_api_key": true})).await.expect(422);
    // The account would have been made before its key is refused.
    let input = json!({"username": "late", "initial_api_key": {"name": "k", "expires_in_days": -1}});
    admin.post(bots).json(&input).await.expect(422);
    admin.get(&format!("{bots}/late")).await.expect(404);
    server.as_(Actor::Member).post(bots).json(&json!({"username": "mine"})).await.expect(403);
    server.as_(Actor::Outsider).delete("/organizations/home").await.expect(404);
    server.as_(Actor::Nobody).delete("/organizations/home").await.expect(401);
    assert_eq!(events(&server).await, before);
}

#[tokio::test]
async fn an_organization_reads_its_own_events_in_one_chain() {
    let server = Server::new().await;
    Tour::of(&server).await;
    let path = "/organizations/home/audit_events";
    let listed = server.as_(Actor::OrganizationAdmin).get(path).query(&[("limit", "1000")]).await.ok();
    let listed = listed.as_array().unwrap();
    for (index, event) in listed.iter().enumerate() {
        assert_eq!(event["sequence"], listed.len() - index, "newest first, without gaps");
        let before = listed.get(index + 1).map_or(json!("0".repeat(64)), |before| before["hash"].clone());
        assert_eq!(event["previous_hash"], before, "{event}");
    }
    let only = [("action", "workspace.reported"), ("limit", "5")];
    let reported = server.as_(Actor::OrganizationAdmin).get(path).query(&only).await.ok();
    assert_eq!(reported.as_array().unwrap().len(), 1);
    for actor in [Actor::Member, Actor::Bot] {
        server.as_(actor).get(path).await.fails(403, "IllegalOperationError", "permission-denied");
    }
    server.as_(Actor::Outsider).get(path).await.fails(404, "KeyError", "not-found");
    let all = server.as_(Actor::OrganizationAdmin).get("/audit_events").await;
    all.fails(403, "IllegalOperationError", "permission-denied");
}

#[tokio::test]
async fn a_request_id_that_cannot_be_printed_is_replaced() {
    let server = Server::new().await;
    let long = "x".repeat(65);
    for given in ["", "a b", "a\"b", long.as_str(), "ä"] {
        let call = server.as_(Actor::OrganizationAdmin).patch("/organizations/home").json(&json!({}));
        let answer = call.header("x-request-id", given).await.expect(200);
        let id = answer.header("x-request-id").unwrap();
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{given:?} became {id:?}");
    }
}
