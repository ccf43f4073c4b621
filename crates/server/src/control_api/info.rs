//! What the server says of itself.

use model::Result;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::get;
use crate::call::{Call, Memory};
use crate::input::Nothing;
use crate::registry::{Access, Operation, tagged};
use crate::reply::Json;

/// What the server says of itself.
#[derive(Debug, Serialize, JsonSchema)]
struct ServerInfo {
    /// Names the installation.
    id: Uuid,
    /// Its name.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// Where people reach it.
    url: String,
    /// Always `available`.
    status: &'static str,
    /// Free data.
    metadata: serde_json::Map<String, serde_json::Value>,
    /// Where clients reach the API.
    api_url: String,
    /// Where people reach the console.
    dashboard_url: String,
    /// How people can sign in.
    auth_providers: Vec<&'static str>,
    /// How accounts come into being: by invitation, i.e. made by somebody.
    registration: &'static str,
    /// What it can do.
    features: serde_json::Map<String, serde_json::Value>,
}

pub(super) fn operations() -> Vec<Operation> {
    tagged(
        "Server",
        vec![
            Operation::new("get_health", get("/health"), Access::Public("probes ask it"), health)
                .summary("Tells that the server is up")
                .example(json!("OK")),
            Operation::new("get_readiness", get("/ready"), Access::Public("probes ask it"), ready)
                .summary("Tells whether the database answers")
                .example(json!("OK")),
            Operation::new(
                "get_server_info",
                get("/server/info"),
                Access::Public("clients ask it before anybody signs in; it holds nothing of tenants"),
                info,
            )
            .summary("Tells which server this is and how to sign in")
            .example(json!({
                "id": "0190a000-0000-8000-8000-000000000001", "name": "claviger", "version": "0.1.0",
                "url": "https://claviger.example.com", "status": "available", "metadata": {},
                "api_url": "https://claviger.example.com/api/v1", "dashboard_url": "https://claviger.example.com",
                "auth_providers": ["password"], "registration": "invite", "features": {"enrollment": true},
            })),
        ],
    )
}

async fn health(_: &mut Call<Memory>, _: Nothing) -> Result<Json<&'static str>> {
    Ok(Json("OK"))
}

async fn ready(call: &mut Call<Memory>, _: Nothing) -> Result<Json<&'static str>> {
    call.platform().store.ping().await.map(|()| Json("OK"))
}

async fn info(call: &mut Call<Memory>, _: Nothing) -> Result<Json<ServerInfo>> {
    let settings = &call.app.settings;
    let features = json!({"enrollment": true, "native_workspaces": false});
    Ok(Json(ServerInfo {
        id: call.app.server_id,
        name: "claviger",
        version: settings.version,
        url: settings.public_url.clone(),
        status: "available",
        metadata: serde_json::Map::new(),
        api_url: settings.api_url.clone(),
        dashboard_url: settings.public_url.clone(),
        auth_providers: vec!["password"],
        registration: "invite",
        features: features.as_object().cloned().unwrap_or_default(),
    }))
}
