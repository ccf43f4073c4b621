//! The bodies on the wire, word for word: time and randomness stand still, so that they are the same in every run.

use serde_json::{Value, json};
use testkit::PASSWORD;
use uuid::Uuid;

use crate::harness::{Actor, Server};

/// Compares a body with the stored one of that name.
macro_rules! assert_body {
    ($name:expr, $body:expr) => {
        let body = &$body;
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_json_snapshot!($name, body);
        });
    };
}

/// A server with somebody in it who has every optional field.
async fn server() -> Server {
    let server = Server::new().await;
    let profile = json!({
        "name": "Mia Example", "company": "Example Ltd", "job_title": "Engineer", "metadata": {"theme": "dark"},
        "avatar_url": "https://example.com/mia.png",
    });
    server.as_(Actor::Member).patch("/users/me").json(&profile).await.ok();
    let path = format!("/users/{}", server.cast.mia.id);
    server.as_(Actor::Admin).patch(&path).json(&json!({"email": "mia@example.com"})).await.ok();
    server.clock.advance(1);
    server
}

/// The only one of a list for which the test holds.
fn the_one(list: &Value, test: impl Fn(&Value) -> bool) -> Value {
    let found: Vec<&Value> = list.as_array().unwrap().iter().filter(|row| test(row)).collect();
    assert_eq!(found.len(), 1, "{list}");
    found[0].clone()
}

#[tokio::test]
async fn people_and_bots() {
    let server = server().await;
    assert_body!("user", server.as_(Actor::Member).get("/users/me").await.ok());
    let made = [("username", "nina"), ("password", "a fit password")];
    assert_body!("user_created", server.as_(Actor::Admin).post("/users").query(&made).await.ok());
    let olga = server.as_(Actor::OrganizationAdmin);
    let bots = "/organizations/home/service_accounts";
    assert_body!("service_account", olga.get(&format!("{bots}/bot")).await.ok());
    let input =
        json!({"username": "robot", "full_name": "Robot", "description": "cleans", "initial_api_key": true});
    assert_body!("service_account_created", olga.post(bots).json(&input).await.ok());
}

#[tokio::test]
async fn organizations_and_members() {
    let server = server().await;
    let mia = server.as_(Actor::Member);
    let input =
        json!({"name": "mine", "description": "All mine", "logo_url": "https://example.com/logo.png"});
    assert_body!("organization_created", mia.post("/organizations").json(&input).await.ok());
    let settings = json!({"settings": {"theme": "dark"}});
    assert_body!("organization", mia.patch("/organizations/mine").json(&settings).await.ok());
    let members = mia.get("/organizations/home/members").await.ok();
    assert_body!("member", the_one(&members, |member| member["user"]["username"] == "mia"));
    assert_body!("member_service_account", the_one(&members, |member| member["user"]["username"] == "bot"));
    let members = mia.get("/workspaces/ws-one/members").await.ok();
    assert_body!("workspace_member", the_one(&members, |member| member["user"]["username"] == "vera"));
}

#[tokio::test]
async fn keys() {
    let server = server().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    for (noun, client, path) in [
        ("key", &olga, "/organizations/home/service_accounts/bot/api_keys"),
        ("access_token", &server.as_(Actor::Member), "/users/me/api_keys"),
    ] {
        let input = json!({"name": "laptop", "description": "on the desk", "expires_in_days": 30});
        let made = client.post(path).json(&input).await;
        assert_body!(format!("{noun}_created"), made.ok());
        server.clock.advance(1);
        server.bearing(&made.text_at("key")).get("/users/me").await.ok();
        server.app.platform.store.flush().await.unwrap();
        let input = json!({"retain_period_minutes": 60});
        let rotated = client.put(&format!("{path}/laptop/rotate")).json(&input).await;
        assert_body!(format!("{noun}_rotated"), rotated.ok());
        let listed = client.get(path).await.ok();
        assert_body!(format!("{noun}_listed"), the_one(&listed, |key| key["name"] == "laptop"));
        let scope =
            json!({"workspaces": [server.cast.workspace.id], "permissions": ["stack:*"], "read_only": true});
        let narrowed = client.patch(&format!("{path}/laptop")).json(&json!({"scope": scope})).await;
        assert_body!(format!("{noun}_narrowed"), narrowed.ok());
        let off = client.patch(&format!("{path}/laptop")).json(&json!({"active": false})).await;
        assert_body!(format!("{noun}_inactive"), off.ok());
    }
}

#[tokio::test]
async fn a_workspace_in_each_of_its_states() {
    let server = server().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let input = json!({
        "name": "ws-two", "display_name": "The second", "description": "For trying out", "enroll": true,
        "organization_id": server.cast.home.id, "server_url": "https://ws-two.example.com",
    });
    assert_body!("workspace_created", olga.post("/workspaces").json(&input).await.ok());
    let one = "/workspaces/ws-one";
    assert_body!("workspace_pending", olga.get(one).await.ok());
    server.clock.advance(1);
    let report = server.as_(Actor::Machine).patch("/workspace_status");
    let report = report.header("zenml-server-version", "0.98.0");
    report.header("zenml-server-url", "https://ws-one.example.com").await.ok();
    assert_body!("workspace_available", olga.get(one).await.ok());
    server.clock.advance(1);
    assert_body!("workspace_deactivated", olga.post(&format!("{one}/deactivate")).await.ok());
    let rotated = olga.post(&format!("{one}/enrollment_key/rotate")).await;
    assert_body!("workspace_enrollment_key_rotated", rotated.ok());
    assert_body!("workspace_environment", olga.get(&format!("{one}/environment")).await.ok());
}

#[tokio::test]
async fn roles_and_assignments() {
    let server = server().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let input = json!({
        "name": "Reader", "description": "Reads stacks", "organization_id": server.cast.home.id,
        "level": "workspace", "permissions": ["stack:read", "stack_component:*"],
    });
    let made = olga.post("/roles").json(&input).await;
    assert_body!("role", made.ok());
    let roles = olga.get("/organizations/home/roles").await.ok();
    assert_body!("role_predefined", the_one(&roles, |role| role["name"] == "Organization Member"));
    let path = format!("/roles/{}/assignments", made.text_at("id"));
    let (vera, workspace) = (server.cast.vera.id.to_string(), server.cast.workspace.id.to_string());
    let query = [("user_id", vera.as_str()), ("workspace_id", workspace.as_str())];
    olga.post(&path).query(&query).await.ok();
    assert_body!("role_assignments", olga.get(&path).await.ok());
}

#[tokio::test]
async fn signing_in() {
    let server = server().await;
    let form = [("username", "mia"), ("password", PASSWORD)];
    assert_body!("login", server.login(&form).await.ok());
    let refused = server.login(&[("username", "mia"), ("password", "wrong")]).await;
    assert_body!("login_refused", refused.expect(401).json());
    let mia = server.as_(Actor::Member);
    assert_body!("workspace_authorization", mia.get("/auth/workspace_authorization/ws-one").await.ok());
    assert_body!("server_info", server.as_(Actor::Nobody).get("/server/info").await.ok());
}

#[tokio::test]
async fn answers_to_workspace_servers() {
    let server = server().await;
    let machine = server.as_(Actor::Machine);
    let (mia, vera) = (server.cast.mia.id.to_string(), server.cast.vera.id.to_string());
    let (project, stack) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let resources = json!([
        "stack",
        format!("stack/{stack}"),
        "secret",
        format!("{project}:pipeline"),
        "nonsense/x",
        "stack",
    ]);
    let asks = |user: &str, action: &str| {
        let query = [("user_id", user), ("action", action)];
        machine.post("/rbac/check_permissions").query(&query).json(&resources)
    };
    assert_body!("permissions_of_viewer", asks(&vera, "read").await.ok());
    assert_body!("permissions_of_nobody", asks("unknown", "read").await.ok());
    let allowed = |user: &str, action: &str| {
        let query = [("user_id", user), ("action", action), ("resource", "stack")];
        machine.get("/rbac/allowed_resource_ids").query(&query)
    };
    assert_body!("allowed_ids_all", allowed(&mia, "update").await.ok());
    let input = json!({
        "user_id": vera, "sharing_user_id": mia, "resource": format!("stack/{stack}"), "actions": ["read", "update"],
    });
    machine.post("/rbac/resource_members").json(&input).await.ok();
    assert_body!("allowed_ids_some", allowed(&vera, "update").await.ok());
    let shared = [("resource", format!("{}@stack/{stack}", server.cast.workspace.id))];
    let shared = shared.each_ref().map(|(name, value)| (*name, value.as_str()));
    let members = server.as_(Actor::Member).get("/rbac/resource_members").query(&shared).await.ok();
    assert_body!("resource_members", members);
    let id = server.cast.workspace.id.to_string();
    let enters = server.as_(Actor::Bot).get("/users/authorize_server").query(&[("server_id", &id)]);
    assert_body!("authorize_server", enters.await.ok());
}

#[tokio::test]
async fn what_is_counted() {
    let server = server().await;
    let (machine, admin) = (server.as_(Actor::Machine), server.as_(Actor::Admin));
    let event = json!({"feature": "pipeline", "total": 2, "metadata": {"resource_id": Uuid::from_u128(9)}});
    assert_body!("usage_counted", machine.post("/usage-event").json(&event).await.ok());
    assert_body!("usage", admin.get("/organizations/home/usage").await.ok());
    let limits = json!({"pipeline": 2, "model": 5});
    assert_body!("entitlements", admin.put("/organizations/home/entitlements").json(&limits).await.ok());
    let home = server.cast.home.id;
    let ask = |feature: &str| machine.get(&format!("/organizations/{home}/entitlement/{feature}"));
    assert_body!("entitlement_allowed", ask("model").await.ok());
    assert_body!("entitlement_reached", ask("pipeline").await.expect(402).json());
}

#[tokio::test]
async fn an_event_of_the_audit_log() {
    let server = server().await;
    let path = "/organizations/home/service_accounts/bot";
    let call = server.as_(Actor::OrganizationAdmin).patch(path).json(&json!({"is_active": false}));
    call.header("x-request-id", "a-request").await.ok();
    let events = server.as_(Actor::OrganizationAdmin).get("/organizations/home/audit_events");
    let mut event = events.query(&[("limit", "1")]).await.ok()[0].take();
    // They cover the whole chain before; that they do is tested with the log.
    for name in ["hash", "previous_hash"] {
        assert_eq!(event[name].as_str().map(str::len), Some(64));
        event[name] = json!("64 hexadecimal digits");
    }
    assert_body!("audit_event", event);
}
