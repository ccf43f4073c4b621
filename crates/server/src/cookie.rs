//! The browser's session cookie, and protection against requests that other sites make with it.

use http::HeaderValue;
use model::error::code;
use model::{Error, ErrorKind, Result, Secret};

use crate::raw::Raw;
use crate::settings::Settings;

/// The name of the cookie.
pub const NAME: &str = "zenml-cp-session";

/// The session token in the request's cookies.
#[must_use]
pub fn session(raw: &Raw) -> Option<&str> {
    let cookies = raw.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value).next()
}

/// Sets the cookie for the life of the token: not for scripts, not across sites, not in clear under TLS.
pub fn set(token: &Secret, seconds: i64, settings: &Settings) -> Result<HeaderValue> {
    render(token.expose(), seconds, settings)
}

/// Removes the cookie.
pub fn clear(settings: &Settings) -> Result<HeaderValue> {
    render("", 0, settings)
}

fn render(value: &str, seconds: i64, settings: &Settings) -> Result<HeaderValue> {
    let secure = if settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let domain = settings.cookie_domain.as_ref().map_or(String::new(), |domain| format!("; Domain={domain}"));
    let text = format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}{domain}");
    let mut header = HeaderValue::from_str(&text).map_err(Error::internal)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Whether a browser sent the request, by the headers that only browsers set.
#[must_use]
pub fn is_browser(raw: &Raw) -> bool {
    raw.headers.contains_key("sec-fetch-site") || raw.headers.contains_key(http::header::ORIGIN)
}

/// Refuses a request that changes something with the cookie alone, unless the browser vouches that our own
/// pages made it (Fetch Metadata; `Origin` for browsers without it).
pub fn require_same_site(raw: &Raw, settings: &Settings) -> Result<()> {
    let vouched = match raw.header("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => raw.header("origin").is_some_and(|origin| is_own_origin(raw, origin, settings)),
    };
    if vouched {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Forbidden,
        code::CROSS_SITE,
        "This request came from another site. Send the token in the Authorization header instead.",
    ))
}

/// Whether a sign-in may set the cookie: never for a form that another site submits (login CSRF).
#[must_use]
pub fn may_set(raw: &Raw, settings: &Settings) -> bool {
    !is_browser(raw) || require_same_site(raw, settings).is_ok()
}

fn is_own_origin(raw: &Raw, origin: &str, settings: &Settings) -> bool {
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    raw.header("host").is_some_and(|own| own.eq_ignore_ascii_case(host))
        || settings.public_url.eq_ignore_ascii_case(origin)
}
