//! From operations to routes. The only file that names `Router::route`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{HeaderName, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::error::code;
use model::{Error, ErrorKind, Result};
use tower::ServiceExt;

use crate::app::App;
use crate::raw::Raw;
use crate::registry::Operation;
use crate::{dialect, operations, ui};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole listener: the API under its three prefixes, the console, and the API at the root of its own hosts.
pub fn router(app: &Arc<App>) -> Router {
    let api = api(app);
    let root = Router::new().fallback(at_root).with_state((app.clone(), api.clone()));
    root.merge(ui::probes(app)).merge(ui::bases(app)).nest("/api/v1", api.clone()).nest("/api", api)
}

/// At the root of a host that is listed as an API host the API answers, elsewhere the console.
async fn at_root(State((app, api)): State<(Arc<App>, Router)>, request: Request) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_api = app
        .settings
        .api_hosts
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name) || known.eq_ignore_ascii_case(host));
    if is_api {
        return api.oneshot(request).await.unwrap_or_else(|never| match never {});
    }
    ui::console(&app, request.uri().path())
}

/// The API, relative to its base.
#[expect(clippy::disallowed_methods, reason = "the one place where operations become routes")]
fn api(app: &Arc<App>) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter<Arc<App>>> = BTreeMap::new();
    for operation in operations() {
        let spellings =
            std::iter::once((operation.method.clone(), operation.path)).chain(operation.aliases.clone());
        for (method, path) in spellings {
            let Ok(filter) = MethodFilter::try_from(method) else { continue };
            let handler = move |state: State<Arc<App>>, params: Params, request: Request| {
                answer(state.0, params, request, operation)
            };
            let known = paths.remove(path).unwrap_or_else(|| MethodRouter::new().fallback(wrong_method));
            paths.insert(path, known.merge(on(filter, handler)));
        }
    }
    let mut router = Router::new();
    for (path, methods) in paths {
        router = router.route(path, methods);
    }
    router.merge(ui::documentation()).fallback(no_such_path).with_state(app.clone())
}

async fn wrong_method(request: Request) -> Response {
    let message = format!("{} is not possible here.", request.method());
    dialect::render(&Error::new(ErrorKind::MethodNotAllowed, code::METHOD_NOT_ALLOWED, message))
}

async fn no_such_path(request: Request) -> Response {
    dialect::render(&Error::new(
        ErrorKind::NotFound,
        code::NOT_FOUND,
        format!("There is no endpoint {} {}.", request.method(), request.uri().path()),
    ))
}

/// The parameters of a path, or that they cannot be read.
type Params = std::result::Result<RawPathParams, RawPathParamsRejection>;

/// Carries out an operation and renders what comes of it.
async fn answer(app: Arc<App>, params: Params, request: Request, operation: &'static Operation) -> Response {
    #[expect(clippy::disallowed_methods, reason = "how long an answer takes is measured, not decided by")]
    let started = Instant::now();
    let request_id = request_id(&app, &request);
    let timeout = app.settings.request_timeout;
    let work = carry_out(app.clone(), params, request, operation, request_id.clone());
    let outcome = match tokio::time::timeout(timeout, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::unavailable("This took too long. Try again.").with_code(code::TIMEOUT)),
    };
    let mut response = outcome.unwrap_or_else(|error| {
        log(&error, operation, &request_id);
        dialect::render(&error)
    });
    app.metrics.answered(operation.id, response.status().as_u16(), started.elapsed());
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn carry_out(
    app: Arc<App>,
    params: Params,
    request: Request,
    operation: &'static Operation,
    request_id: String,
) -> Result<Response> {
    let raw = read(&app, params, request, operation, request_id).await?;
    (operation.run)(app, Arc::new(raw), operation).await
}

async fn read(
    app: &App,
    params: Params,
    request: Request,
    operation: &Operation,
    request_id: String,
) -> Result<Raw> {
    let params = params.map_err(|error| Error::invalid("path", error.body_text()))?;
    let (parts, body) = request.into_parts();
    let ip = caller_address(app, &parts.extensions, &parts.headers);
    let limit =
        if operation.takes_large_body { app.settings.large_body_bytes } else { app.settings.body_bytes };
    let body = read_body(body, limit).await?;
    Ok(Raw {
        method: parts.method,
        path: params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        ip,
        request_id,
    })
}

async fn read_body(body: Body, limit: usize) -> Result<bytes::Bytes> {
    let collected = Limited::new(body, limit).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            let message = format!("body: is larger than {limit} bytes; send less at once");
            return Error::new(ErrorKind::TooLarge, code::TOO_LARGE, message);
        }
        Error::invalid("body", "ended before it was complete; send it again").caused_by(error)
    })
}

/// The id that a proxy gave the request, if it is one we can print, or a new one.
fn request_id(app: &App, request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_fit = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    given.filter(is_fit).map_or_else(|| app.platform.env().random_uuid().to_string(), ToOwned::to_owned)
}

/// The address of the peer, or the one that a trusted proxy names: the last that is not a trusted proxy.
fn caller_address(app: &App, extensions: &http::Extensions, headers: &http::HeaderMap) -> IpAddr {
    let peer =
        extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([0, 0, 0, 0]), |info| info.0.ip());
    let is_trusted = |ip: &IpAddr| app.settings.trusted_proxies.iter().any(|network| network.contains(ip));
    if !is_trusted(&peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut named = hops.iter().rev().map_while(|hop| hop.parse::<IpAddr>().ok());
    named.find(|ip| !is_trusted(ip)).unwrap_or(peer)
}

/// Failures of ours are errors; refusals are worth a line for whoever looks for them.
fn log(error: &Error, operation: &Operation, request_id: &str) {
    match error.kind {
        ErrorKind::Internal => tracing::error!(operation = operation.id, request_id, ?error, "failed"),
        ErrorKind::Unavailable => tracing::warn!(operation = operation.id, request_id, ?error, "unavailable"),
        _ => tracing::debug!(operation = operation.id, request_id, code = error.code, "refused"),
    }
}
