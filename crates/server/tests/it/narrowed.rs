//! Credentials that may less than their owners: themselves, their sessions, and inside workspaces.

use serde_json::{Value, json};

use crate::harness::{Actor, Server};

/// A token of olga, who may everything in `home`, with that scope; and a session had with it.
async fn narrowed(server: &Server, scope: Value) -> [String; 2] {
    let input = json!({"name": format!("token {scope}"), "scope": scope});
    let made = server.as_(Actor::OrganizationAdmin).post("/users/me/api_keys").json(&input).await;
    let value = made.text_at("key");
    let session = server.session_of(&value).await;
    [value, session]
}

#[tokio::test]
async fn what_only_reads_changes_nothing() {
    let server = Server::new().await;
    for bearer in narrowed(&server, json!({"read_only": true})).await {
        let client = server.bearing(&bearer);
        client.get("/organizations/home/members").await.ok();
        client.get("/organizations/home/audit_events").await.ok();
        for call in [
            client.patch("/organizations/home").json(&json!({"description": "changed"})),
            client.post("/organizations/home/service_accounts").query(&[("username", "x")]),
            client.delete("/workspaces/ws-one"),
            client.post("/organizations").query(&[("name", "x")]),
            client.patch("/users/me").json(&json!({"name": "x"})),
        ] {
            call.await.expect(403);
        }
    }
}

#[tokio::test]
async fn what_is_for_one_workspace_sees_no_other() {
    let server = Server::new().await;
    let (other, _) = server.platform.workspace(&server.cast.admin, &server.cast.home, "ws-two").await;
    let own = server.cast.workspace.id;
    for bearer in narrowed(&server, json!({"workspaces": [own]})).await {
        let client = server.bearing(&bearer);
        let names = client.get("/workspaces").await.ok();
        assert_eq!(names.as_array().unwrap().len(), 1, "{names}");
        client.get("/workspaces/ws-one").await.ok();
        client.get("/workspaces/ws-two").await.fails(404, "KeyError", "not-found");
        client.get("/organizations/home/members").await.expect(403);
        let enter = |id: String| client.get("/users/authorize_server").query(&[("server_id", id.as_str())]);
        enter(own.to_string()).await.ok();
        assert!(enter(other.id.to_string()).await.status.is_client_error());
    }
}

#[tokio::test]
async fn inside_a_workspace_it_is_asked_for_under_a_name_of_its_own() {
    let server = Server::new().await;
    let scope = json!({"workspaces": [server.cast.workspace.id], "permissions": ["stack:read"]});
    let id = server.cast.workspace.id.to_string();
    for bearer in narrowed(&server, scope).await {
        let enter = server.bearing(&bearer).get("/users/authorize_server").query(&[("server_id", &id)]);
        let known_as = enter.await.text_at("id");
        assert_ne!(known_as, server.cast.olga.id.to_string());
        let ask = async |action: &str| {
            let query = [("user_id", known_as.as_str()), ("action", action)];
            let call = server.as_(Actor::Machine).post("/rbac/check_permissions").query(&query);
            call.json(&json!(["stack", "secret"])).await.ok()
        };
        assert_eq!(ask("read").await, json!({"stack": true, "secret": false}));
        assert_eq!(ask("update").await, json!({"stack": false, "secret": false}));
    }
}

#[tokio::test]
async fn a_scope_that_makes_no_sense_is_refused() {
    let server = Server::new().await;
    let nowhere = uuid::Uuid::nil();
    for (scope, field) in [
        (json!({"organizations": []}), "scope.organizations"),
        (json!({"organizations": [server.cast.elsewhere.id]}), "scope.organizations"),
        (json!({"workspaces": [nowhere]}), "scope.workspaces"),
        (json!({"projects": [nowhere]}), "scope.workspaces"),
        (json!({"permissions": ["nonsense"]}), "scope.permissions"),
        (json!({"colour": "red"}), "scope"),
    ] {
        let input = json!({"name": "k", "scope": scope});
        let answer = server.as_(Actor::OrganizationAdmin).post("/users/me/api_keys").json(&input).await;
        let message = answer.fails(422, "ValueError", "invalid-field");
        assert!(message.starts_with(field), "{scope}: {message}");
    }
}
