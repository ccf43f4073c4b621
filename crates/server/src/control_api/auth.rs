//! Signing in and out, and tokens for scripts and workspaces.

use control::sign_in::Presented;
use http::header;
use model::error::code;
use model::{Action, Error, ErrorKind, Key, ResourceType, Result, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{examples, get, may, post};
use crate::call::{Call, Memory};
use crate::cookie;
use crate::input::{Form, Nothing, Query};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Json, Redirect, Rendered, json as render_json};
use crate::target::Target;
use crate::wire::Token;

/// A sign-in. Which fields are needed depends on the grant; empty ones count as absent.
#[derive(Debug, Deserialize, JsonSchema)]
struct Login {
    /// `password`, `zenml_api_key`, `client_credentials`, or empty: then the other fields tell.
    grant_type: Option<String>,
    /// A username or e-mail address.
    username: Option<String>,
    /// The password; or, alone, a service-account key or personal access token.
    password: Option<Secret>,
    /// The id of a workspace.
    client_id: Option<String>,
    /// The enrollment key of the workspace.
    client_secret: Option<Secret>,
    /// Taken and ignored.
    #[expect(dead_code, reason = "stock servers send it")]
    audience: Option<String>,
}

/// How long a token is to live.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ApiTokenQuery {
    /// Its life in seconds, 3600 at most.
    #[serde(default)]
    expires_in: Option<i64>,
}

/// Where to go after signing in.
#[derive(Debug, Deserialize, JsonSchema)]
struct Redirection {
    /// A path on this server.
    #[serde(default)]
    redirect_url: Option<String>,
}

/// A way to sign in.
#[derive(Debug, Serialize, JsonSchema)]
struct Connection {
    /// Its id.
    id: &'static str,
    /// What the button says.
    name: &'static str,
    /// `password` or `oidc`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A token that is good for signing in to one workspace.
#[derive(Debug, Serialize, JsonSchema)]
struct WorkspaceToken {
    /// The token.
    access_token: String,
    /// Always `bearer`.
    token_type: &'static str,
    /// Its life in seconds.
    expires_in: i64,
    /// Where to use it: POST /api/v1/login there.
    server_url: Option<String>,
}

pub(super) fn operations() -> Vec<Operation> {
    let own_check = Access::Authenticated("issues a token that can no more than what it is made from");
    tagged(
        "Auth",
        vec![
            Operation::new(
                "login",
                post("/auth/login"),
                Access::Public("it is where callers become known"),
                login,
            )
            .summary("Exchanges a password, key, token or enrollment key for a session token")
            .details("The Authorization header is ignored. A browser gets the session as a cookie too.")
            .example(examples::token())
            .unlimited(),
            Operation::new(
                "show_login",
                get("/auth/login"),
                Access::Public("browsers are sent here to sign in"),
                show_login,
            )
            .summary("Sends a browser to the sign-in page")
            .example(json!(null)),
            Operation::new(
                "logout",
                get("/auth/logout"),
                Access::Permission(may(ResourceType::User, Action::Read), Target::OwnAccount),
                logout,
            )
            .also(http::Method::POST, "/auth/logout")
            .summary("Ends the session at once and removes the cookie")
            .example(json!(null)),
            Operation::new("create_api_token", get("/auth/api_token"), own_check, create_api_token)
                .summary("Issues a bearer for scripts: valid for an hour, shown once")
                .example(json!("eyJhbGciOiJFZERTQSIsImtpZCI6Ij…")),
            Operation::new(
                "create_workspace_authorization",
                get("/auth/workspace_authorization/{workspace}"),
                own_check,
                create_workspace_authorization,
            )
            .also(http::Method::POST, "/auth/workspace_authorization/{workspace}")
            .alias("/auth/tenant_authorization/{workspace}")
            .also(http::Method::POST, "/auth/tenant_authorization/{workspace}")
            .summary("Issues a token that is good for signing in to one workspace, for a minute")
            .example(json!({
                "access_token": "eyJhbGciOiJFZERTQSIsImtpZCI6Ij…", "token_type": "bearer", "expires_in": 60,
                "server_url": "https://ws-one.example.com",
            })),
            Operation::new(
                "list_connections",
                get("/auth/connections"),
                Access::Public("the sign-in page asks it"),
                list_connections,
            )
            .summary("Lists the ways to sign in")
            .example(json!([{"id": "password", "name": "Password", "type": "password"}])),
        ],
    )
}

/// Finds out which grant is meant: a given `grant_type` tells, otherwise the fields do.
fn presented(login: Login) -> Result<Presented> {
    let Login { grant_type, username, password, client_id, client_secret, .. } = login;
    let missing = |field: &str| Error::invalid(field, "is missing for this grant");
    let client = |id: Option<String>, secret: Option<Secret>| {
        let id = id.ok_or_else(|| missing("client_id"))?;
        Ok(Presented::Client { id, secret: secret.ok_or_else(|| missing("client_secret"))? })
    };
    match grant_type.as_deref().map(str::trim) {
        Some("zenml_api_key" | "zenml-api-key") => {
            Ok(Presented::Key(password.ok_or_else(|| missing("password"))?))
        }
        Some("client_credentials") => client(client_id, client_secret),
        None | Some("password") => match (username, password, client_id) {
            (Some(username), password, _) => {
                Ok(Presented::Password { username, password: password.ok_or_else(|| missing("password"))? })
            }
            (None, Some(key), _) if Key::is_key(key.expose()) => Ok(Presented::Key(key)),
            (None, Some(_), _) => Err(missing("username")),
            (None, None, Some(id)) => client(Some(id), client_secret),
            (None, None, None) => Err(Error::invalid(
                "password",
                "is missing; send username and password, or a key as password alone",
            )),
        },
        Some(other) => {
            let shown: String = other.chars().take(64).collect();
            let known = "use password, zenml_api_key or client_credentials";
            Err(Error::new(
                ErrorKind::Illegal,
                code::UNSUPPORTED_GRANT,
                format!("grant_type: '{shown}' is not supported; {known}"),
            ))
        }
    }
}

async fn login(call: &mut Call<Memory>, Form(login): Form<Login>) -> Result<Rendered<Token>> {
    let is_password = login.username.is_some();
    let presented = presented(login)?;
    let signed_in = match call.platform().sign_in(presented).await {
        Ok(signed_in) => signed_in,
        Err(error) => return Err(refused(call, error)),
    };
    if let Some(id) = signed_in.who.as_ref().and_then(control::Authenticated::credential) {
        let ip = call.raw.ip.to_string();
        let (store, now) = (&call.platform().store, call.platform().now());
        store.note_use(id, now, Some(&ip), call.raw.header("user-agent"));
    }
    let mut response = render_json(&Token::from(&signed_in.issued))?;
    let wants_cookie = signed_in.who.is_some() && (is_password || cookie::is_browser(&call.raw));
    if wants_cookie && cookie::may_set(&call.raw, &call.app.settings) {
        let cookie = cookie::set(&signed_in.issued.token, signed_in.issued.expires_in, &call.app.settings)?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response.into())
}

/// Counts a failed sign-in; too many from one address are answered with when to try again.
fn refused(call: &Call<Memory>, error: Error) -> Error {
    if error.kind != ErrorKind::Unauthenticated {
        return error;
    }
    call.app.metrics.sign_in_failed();
    call.app.limits.count_failed_sign_in(call.raw.ip).err().unwrap_or(error)
}

async fn show_login(call: &mut Call<Memory>, Query(to): Query<Redirection>) -> Result<Redirect> {
    // Only paths of ours: a link that signs people in must not send them elsewhere.
    let is_own =
        |path: &&str| path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r']);
    let target = to.redirect_url.as_deref().filter(is_own).unwrap_or("/");
    let query = percent_encoding::utf8_percent_encode(target, percent_encoding::NON_ALPHANUMERIC);
    Ok(Redirect(format!("{}/login?redirect_url={query}", call.app.settings.public_url)))
}

async fn logout(call: &mut Call<Memory>, _: Nothing) -> Result<Rendered<()>> {
    // A link on another site must not sign people out: over GET, a cookie alone is not enough.
    let is_from_cookie = !call.raw.headers.contains_key(header::AUTHORIZATION);
    if is_from_cookie && call.raw.method == http::Method::GET && cookie::is_browser(&call.raw) {
        let is_navigation =
            call.raw.header("sec-fetch-site").is_some_and(|site| matches!(site, "same-origin" | "none"));
        if !is_navigation {
            cookie::require_same_site(&call.raw, &call.app.settings)?;
        }
    }
    call.platform().sign_out(call.who()?, call.raw.origin()).await?;
    let mut response = render_json(&serde_json::Value::Null)?;
    response.headers_mut().append(header::SET_COOKIE, cookie::clear(&call.app.settings)?);
    Ok(response.into())
}

async fn create_api_token(
    call: &mut Call<Memory>,
    Query(query): Query<ApiTokenQuery>,
) -> Result<Json<String>> {
    let issued = call.platform().issue_api_token(call.who()?, query.expires_in)?;
    Ok(Json(issued.token.expose().to_owned()))
}

async fn create_workspace_authorization(call: &mut Call<Memory>, _: Nothing) -> Result<Json<WorkspaceToken>> {
    // A workspace that the caller may not see does not exist for it; who sees it learns why it does not get in.
    let name = call.raw.param("workspace")?;
    let (entry, ..) = call.platform().workspace_standing(call.who()?, name).await?;
    let id = entry.facts.workspace.id;
    let (issued, workspace) = call.platform().authorize_workspace(call.who()?, id).await?;
    Ok(Json(WorkspaceToken {
        access_token: issued.token.expose().to_owned(),
        token_type: "bearer",
        expires_in: issued.expires_in,
        server_url: workspace.facts.workspace.server_url.clone(),
    }))
}

async fn list_connections(_: &mut Call<Memory>, _: Nothing) -> Result<Json<Vec<Connection>>> {
    Ok(Json(vec![Connection { id: "password", name: "Password", kind: "password" }]))
}
