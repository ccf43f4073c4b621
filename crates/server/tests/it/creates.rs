//! What is created is given in the query, as JSON, or in both, and means the same.

use serde_json::{Value, json};

use crate::harness::{Actor, Server};

/// Something that is made, by somebody who may.
struct Case {
    actor: Actor,
    path: String,
    /// The field of its name.
    name: &'static str,
    /// Its other fields, as a query has them.
    query: Vec<(&'static str, String)>,
    /// The same as JSON.
    json: Value,
}

fn case(actor: Actor, path: &str, name: &'static str, query: &[(&'static str, &str)], json: Value) -> Case {
    let query = query.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    Case { actor, path: path.to_owned(), name, query, json }
}

fn cases(server: &Server) -> Vec<Case> {
    let home = server.cast.home.id.to_string();
    let bots = "/organizations/home/service_accounts";
    let (admin, olga) = (Actor::Admin, Actor::OrganizationAdmin);
    let password = "a fit password";
    vec![
        case(olga, "/organizations", "name", &[("description", "a b")], json!({"description": "a b"})),
        case(admin, "/users", "username", &[("password", password)], json!({"password": password})),
        case(
            admin,
            "/users",
            "username",
            &[("password", password), ("is_superuser", "True")],
            json!({"password": password, "is_superuser": true}),
        ),
        case(olga, bots, "username", &[("description", "a+b")], json!({"description": "a+b"})),
        case(
            olga,
            &format!("{bots}/bot/api_keys"),
            "name",
            &[("expires_in_days", "3")],
            json!({"expires_in_days": 3}),
        ),
        case(
            olga,
            "/workspaces",
            "name",
            &[("organization_id", &home), ("enroll", "True"), ("is_managed", "False")],
            json!({"organization_id": home, "enroll": true, "is_managed": false}),
        ),
        case(
            olga,
            "/roles",
            "name",
            &[
                ("organization_id", &home),
                ("level", "workspace"),
                ("permissions", "stack:read"),
                ("permissions", "tag:read"),
            ],
            json!({"organization_id": home, "level": "workspace", "permissions": ["stack:read", "tag:read"]}),
        ),
    ]
}

/// Without what is different by nature: ids, names and secrets.
fn without_identity(mut body: Value) -> Value {
    for name in ["id", "name", "username", "email", "display_name", "enrollment_key", "key"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body
}

#[tokio::test]
async fn what_is_created_can_be_given_in_the_query_or_as_json_or_in_both() {
    let server = Server::new().await;
    for (index, Case { actor, path, name, query, json }) in cases(&server).into_iter().enumerate() {
        let client = server.as_(actor);
        let query: Vec<(&str, &str)> = query.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let named = |how: &str| format!("{how}-{index}");
        let by_query = client.post(&path).query(&[(name, named("query").as_str())]).query(&query).await;
        let mut whole = json.clone();
        whole[name] = json!(named("json"));
        let as_json = client.post(&path).json(&whole).await;
        let mixed = client.post(&path).query(&[(name, named("mixed").as_str())]).json(&json).await;
        let made = without_identity(by_query.ok());
        assert_eq!(by_query.ok()[name], named("query"));
        assert_eq!(without_identity(as_json.ok()), made, "{path}");
        assert_eq!(without_identity(mixed.ok()), made, "{path}");
    }
}

#[tokio::test]
async fn a_field_is_given_once_and_must_be_known() {
    let server = Server::new().await;
    for Case { actor, path, name, json, .. } in cases(&server) {
        let client = server.as_(actor);
        let mut whole = json.clone();
        whole[name] = json!("twice");
        let twice = client.post(&path).query(&[(name, "twice")]).json(&whole).await;
        let message = twice.fails(422, "ValueError", "invalid-field");
        assert_eq!(message, format!("{name}: is given in the query and in the body; give it once"));
        let repeated = client.post(&path).query(&[(name, "a"), (name, "b")]).json(&json).await;
        let message = repeated.fails(422, "ValueError", "invalid-field");
        assert_eq!(message, format!("{name}: is given several times; give it once"));
        let unknown = client.post(&path).query(&[(name, "unknown"), ("colour", "red")]).json(&json).await;
        let message = unknown.fails(422, "ValueError", "invalid-field");
        assert!(message.starts_with("colour: is not known here; known are "), "{message}");
    }
}
