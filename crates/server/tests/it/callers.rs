//! Machines ask at their endpoints, people and bots at theirs, and never the other way round.

use http::Method;
use serde_json::json;

use crate::harness::{Actor, Call, Client, Server};

const USERS: [Actor; 5] = [Actor::Admin, Actor::OrganizationAdmin, Actor::Member, Actor::Viewer, Actor::Bot];

/// Every endpoint for machines.
fn machine_calls<'a>(server: &Server, client: &Client<'a>) -> Vec<Call<'a>> {
    let user = server.cast.mia.id.to_string();
    let home = server.cast.home.id;
    let asks = [("user_id", user.as_str()), ("action", "read")];
    let event = json!({"organization_id": home, "feature": "pipeline", "total": 1, "metadata": {}});
    vec![
        client.patch("/workspace_status"),
        client.patch("/tenant_status"),
        client.post("/rbac/check_permissions").query(&asks).json(&json!(["stack"])),
        client.get("/rbac/check_permissions").query(&asks).query(&[("resources", "stack")]),
        client.get("/rbac/allowed_resource_ids").query(&asks).query(&[("resource", "stack")]),
        client.delete("/rbac/resources"),
        client.get(&format!("/organizations/{home}/entitlement/pipeline")),
        client.post("/usage-event").json(&event),
        client.post("/usage-batch").json(&json!([event])),
    ]
}

#[tokio::test]
async fn a_machine_is_answered_at_its_endpoints() {
    let server = Server::new().await;
    for call in machine_calls(&server, &server.as_(Actor::Machine)) {
        call.await.ok();
    }
}

#[tokio::test]
async fn nobody_else_is() {
    let server = Server::new().await;
    for actor in USERS {
        for call in machine_calls(&server, &server.as_(actor)) {
            call.await.fails(403, "IllegalOperationError", "wrong-credential");
        }
    }
    for call in machine_calls(&server, &server.as_(Actor::Nobody)) {
        call.await.fails(401, "CredentialsNotValid", "credentials-invalid");
    }
}

#[tokio::test]
async fn a_machine_is_refused_where_people_and_bots_ask() {
    let server = Server::new().await;
    let machine = server.as_(Actor::Machine);
    let own = server.cast.workspace.id.to_string();
    let calls = [
        machine.get("/users/me"),
        machine.get("/users"),
        machine.get("/users/me/api_keys"),
        machine.get("/users/authorize_server").query(&[("server_id", &own)]),
        machine.get("/organizations"),
        machine.get("/organizations/home"),
        machine.get("/organizations/home/members"),
        machine.get("/organizations/home/service_accounts"),
        machine.get("/workspaces"),
        machine.get("/workspaces/ws-one"),
        machine.get("/roles").query(&[("organization_id", "home")]),
        machine.post("/auth/logout"),
        machine.call(Method::POST, "/workspaces/ws-one/enrollment_key/rotate"),
    ];
    for call in calls {
        call.await.fails(403, "IllegalOperationError", "wrong-credential");
    }
}

#[tokio::test]
async fn a_machine_that_says_it_is_another_is_refused() {
    let server = Server::new().await;
    let (other, _) = server.platform.workspace(&server.cast.admin, &server.cast.home, "ws-two").await;
    let report =
        |id: &str| server.as_(Actor::Machine).patch("/workspace_status").header("zenml-server-id", id);
    report(&server.cast.workspace.id.to_string()).await.ok();
    for id in [other.id.to_string().as_str(), "no id"] {
        report(id).await.fails(403, "IllegalOperationError", "wrong-credential");
    }
}

#[tokio::test]
async fn a_machine_learns_only_of_its_own_organization() {
    let server = Server::new().await;
    let elsewhere = server.cast.elsewhere.id;
    let path = format!("/organizations/{elsewhere}/entitlement/pipeline");
    server.as_(Actor::Machine).get(&path).await.fails(404, "KeyError", "not-found");
}

#[tokio::test]
async fn a_server_learns_who_presented_a_credential_to_it() {
    let server = Server::new().await;
    let own = server.cast.workspace.id.to_string();
    let ask = |bearer: &str| {
        server.bearing(bearer).get("/users/authorize_server").query(&[("server_id", own.as_str())])
    };
    let bot = server.cast.bot.bearer.expose();
    for bearer in [bot, &server.session_of(bot).await] {
        let who = ask(bearer).await.ok();
        assert_eq!((&who["username"], &who["is_service_account"]), (&json!("bot"), &json!(true)));
    }
    assert_eq!(ask(server.started.token.expose()).await.ok()["username"], "admin");
    // An error other than 403 reaches the person as a failure of the server.
    let refused = ask(server.cast.otto.bearer.expose()).await;
    refused.fails(403, "IllegalOperationError", "permission-denied");
}
