//! The one way into an operation: who asks, may they, what do they give; then a session, the handler, the
//! commit.

use std::sync::Arc;

use axum::response::Response;
use control::{Authenticated, Authorized, TargetRef, Via, authorize};
use http::Method;
use model::error::code;
use model::{Action, Error, ErrorKind, Permission, ResourceType, Result};

use crate::app::App;
use crate::call::{Call, Kind};
use crate::cookie;
use crate::input::Input;
use crate::raw::Raw;
use crate::registry::{Access, Handler, Operation};
use crate::reply::Reply;

/// A transaction that lost against another is tried again this often.
const ATTEMPTS: usize = 4;

/// Lets a request through to its operation, or not.
pub(crate) async fn pass<K, I, O, H>(
    app: Arc<App>,
    raw: Arc<Raw>,
    operation: &'static Operation,
    handler: &H,
) -> Result<Response>
where
    K: Kind,
    I: Input,
    O: Reply,
    H: for<'a> Handler<'a, K, I, O>,
{
    let who = identify(&app, &raw, operation).await?;
    if let Some(who) = &who {
        note_use(&app, &raw, who);
        if !operation.is_unlimited {
            app.limits.check_credential(who)?;
        }
    }
    let mut attempt = 1;
    loop {
        let authorized = authorize_call::<K>(&app, &raw, who.as_ref(), operation).await?;
        let input = I::read(&app.platform, &raw, who.as_ref()).await?;
        let mut call = Call::<K>::open(app.clone(), raw.clone(), who.clone(), authorized).await?;
        let done = match handler.start(&mut call, input).await {
            Ok(output) => call.close().await.map(|()| output),
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.is_transaction_conflict() && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
            Ok(output) => return output.render(),
        }
    }
}

/// Finds out who asks. Public operations do not look: a wrong credential must not lock anybody out of them.
async fn identify(app: &App, raw: &Raw, operation: &Operation) -> Result<Option<Authenticated>> {
    if matches!(operation.access, Access::Public(_)) {
        return Ok(None);
    }
    let (bearer, from_cookie) = match bearer(raw)? {
        Some(bearer) => (bearer, false),
        None => match cookie::session(raw) {
            Some(token) => (token, true),
            None => {
                return Err(Error::unauthenticated(
                    "Sign in first: send a key, personal access token or session token as 'Authorization: Bearer …'.",
                ));
            }
        },
    };
    if from_cookie {
        // Browsers hold sessions, never keys: a key in a cookie would live on behind the back of its owner.
        if model::Key::is_key(bearer) {
            return Err(Error::unauthenticated("The session cookie does not hold a session."));
        }
        if !matches!(raw.method, Method::GET | Method::HEAD) {
            cookie::require_same_site(raw, &app.settings)?;
        }
    }
    app.platform.authenticate(bearer).await.map(Some)
}

/// The bearer of the request (RFC 6750 section 2.1).
fn bearer(raw: &Raw) -> Result<Option<&str>> {
    let Some(header) = raw.headers.get(http::header::AUTHORIZATION) else { return Ok(None) };
    let malformed = || Error::unauthenticated("The Authorization header must be 'Bearer <token>'.");
    let text = header.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    Ok(Some(token.trim()))
}

/// Notes the use of the key behind the call, and the life of a workspace's server.
fn note_use(app: &App, raw: &Raw, who: &Authenticated) {
    let now = app.platform.now();
    let store = &app.platform.store;
    if let Some(id) = who.credential() {
        let user_agent = raw.header("user-agent");
        App::ip_text(raw.ip, |ip| store.note_use(id, now, Some(ip), user_agent));
    }
    if let control::Principal::Machine(entry) = &who.principal {
        store.note_contact(entry.facts.workspace.id, now);
    }
}

async fn authorize_call<K: Kind>(
    app: &App,
    raw: &Raw,
    who: Option<&Authenticated>,
    operation: &Operation,
) -> Result<Option<Authorized<K::Mode>>> {
    let Some(who) = who else { return Ok(None) };
    match operation.access {
        Access::Public(_) => Ok(None),
        Access::Authenticated(_) => control::authorization::require_lasting_password(who).map(|()| None),
        Access::Permission(permission, target) => {
            let target = target.find(app, raw, who).await?;
            authorize(&app.platform, who, permission, target).await.map(Some)
        }
        Access::Machine => {
            check_server_id(raw, who)?;
            // What the machine of a workspace may ask is fixed by the kind of caller, not by a role.
            let permission = Permission::new(ResourceType::Workspace, Action::Read);
            authorize(&app.platform, who, permission, TargetRef::OwnWorkspace).await.map(Some)
        }
    }
}

/// A machine that says it is another workspace than its token is refused.
fn check_server_id(raw: &Raw, who: &Authenticated) -> Result<()> {
    let Via::Token { claims, .. } = &who.via else { return Ok(()) };
    let (Some(said), Some(own)) = (raw.header("zenml-server-id"), claims.workspace) else { return Ok(()) };
    if said.parse() == Ok(own) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        code::WRONG_CREDENTIAL,
        "zenml-server-id: is not the workspace that this token was issued to",
    ))
}
