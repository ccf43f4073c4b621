//! The HTTP side: operations and their registry, the gate, the wire types, OpenAPI, and the listener.
//!
//! This crate knows no SQL. Routes come from [`operations`] and from nowhere else.

pub mod app;
pub mod call;
pub mod control_api;
pub mod cookie;
pub mod dialect;
pub mod fields;
pub mod gate;
pub mod input;
pub mod limits;
pub mod metrics;
pub mod openapi;
pub mod permissions;
pub mod raw;
pub mod registry;
pub mod reply;
pub mod routes;
pub mod serve;
pub mod settings;
pub mod target;
pub mod tls;
pub mod ui;
pub mod wire;

use std::sync::{Arc, LazyLock};

use control::Platform;
use model::Result;

pub use app::App;
pub use registry::{Access, Operation};
pub use serve::{Server, serve_metrics, service};
pub use settings::Settings;

/// All operations. Built once: they are constants with types in them.
#[must_use]
pub fn operations() -> &'static [Operation] {
    static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(control_api::operations);
    &OPERATIONS
}

/// The parts of a server, ready to be served.
pub fn app(platform: Platform, settings: Settings) -> Result<Arc<App>> {
    let document = openapi::document(operations(), &settings)?;
    let openapi = serde_json::to_vec(&document).map_err(model::Error::internal)?;
    Ok(Arc::new(App::new(platform, settings, openapi.into())))
}
