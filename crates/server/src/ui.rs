//! Pages and probes beside the API: health, the OpenAPI document and its page, and the console's place.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use model::error::code;
use model::{Error, ErrorKind};
use utoipa_swagger_ui::Config;

use crate::app::App;
use crate::dialect;

/// What the OpenAPI page may load: its own files. Its styles are set by its scripts.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Liveness and readiness at the root, for whoever runs the server.
#[expect(clippy::disallowed_methods, reason = "probes are no operations of the API")]
pub(crate) fn probes(app: &Arc<App>) -> Router {
    let probes = Router::new().route("/health", get(health)).route("/ready", get(ready));
    probes.with_state(app.clone())
}

/// The bases of the API as people type them, with a slash at the end. Nested routers do not answer to it.
#[expect(clippy::disallowed_methods, reason = "the pages show the registry, they are not in it")]
pub(crate) fn bases(app: &Arc<App>) -> Router {
    Router::new().route("/api/v1/", get(page)).route("/api/", get(page)).with_state(app.clone())
}

/// The OpenAPI document and its page, relative to the base of the API.
#[expect(clippy::disallowed_methods, reason = "the pages show the registry, they are not in it")]
pub(crate) fn documentation() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(page))
        .route("/openapi.json", get(document))
        .route("/docs", get(|| async { Redirect::temporary("docs/index.html") }))
        .route("/docs/{*file}", get(file))
}

async fn health() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], "\"OK\"")
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.platform.store.ping().await {
        Ok(()) => health().await.into_response(),
        Err(error) => dialect::render(&error),
    }
}

async fn document(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], app.openapi.clone())
}

/// The base of the API shows its documentation.
async fn page(State(app): State<Arc<App>>) -> Redirect {
    Redirect::temporary(&format!("{}/docs/index.html", app.settings.api_url))
}

async fn file(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let config = Config::new([format!("{}/openapi.json", app.settings.api_url)])
        .try_it_out_enabled(true)
        .persist_authorization(false)
        .with_credentials(true)
        .validator_url("none");
    match utoipa_swagger_ui::serve(&file, Arc::new(config)) {
        Ok(Some(found)) => {
            let mut response = Response::new(Body::from(found.bytes.into_owned()));
            if let Ok(kind) = HeaderValue::from_str(&found.content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            protect(response)
        }
        _ => dialect::render(&Error::new(
            ErrorKind::NotFound,
            code::NOT_FOUND,
            format!("There is no page {file}."),
        )),
    }
}

/// Keeps a page from being framed, sniffed, or fed with foreign scripts.
fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

/// The place of the console: a page that says where everything is.
pub(crate) fn console(app: &App, path: &str) -> Response {
    let is_page = path == "/"
        || ["/organizations", "/workspaces", "/devices", "/settings", "/login"].iter().any(|known| {
            path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    if !is_page {
        let message = format!("There is no page {path}. The API is at {}.", app.settings.api_url);
        return dialect::render(&Error::new(ErrorKind::NotFound, code::NOT_FOUND, message));
    }
    let page = include_str!("console.html").replace("{api_url}", &escape(&app.settings.api_url));
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    protect(response)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
