//! The session of a browser: who gets it, how it is kept, and what other sites cannot do with it.

use serde_json::json;
use testkit::PASSWORD;

use crate::harness::{Actor, Answer, Call, Client, Server};

const FORM: [(&str, &str); 2] = [("username", "mia"), ("password", PASSWORD)];

/// The session and the attributes of the cookie that an answer sets.
fn cookie(answer: &Answer) -> Option<(String, Vec<String>)> {
    let header = answer.header("set-cookie")?;
    let (pair, attributes) = header.split_once("; ").unwrap_or((header, ""));
    let value = pair.strip_prefix("zenml-cp-session=").unwrap_or_else(|| panic!("another cookie: {answer}"));
    Some((value.to_owned(), attributes.split("; ").map(ToOwned::to_owned).collect()))
}

/// A browser that signed in.
async fn browser(server: &Server) -> (Client<'_>, String) {
    let answer = server.login(&FORM).header("sec-fetch-site", "same-origin").await;
    let (session, _) = cookie(&answer).expect("the browser got no session");
    let client = server.as_(Actor::Nobody);
    (client.header("cookie", &format!("theme=dark; zenml-cp-session={session}; a=b")), session)
}

fn rename<'a>(browser: &Client<'a>, name: &str) -> Call<'a> {
    browser.patch("/users/me").json(&json!({"name": name}))
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_other_sites_and_clear_text() {
    let server = Server::new().await;
    let answer = server.login(&FORM).await;
    let (session, attributes) = cookie(&answer).unwrap();
    assert_eq!(session, answer.text_at("access_token"));
    assert_eq!(attributes, ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax", "Secure"]);
}

#[tokio::test]
async fn without_tls_the_cookie_is_not_marked_secure() {
    let server = Server::with(|settings| settings.public_url = "http://127.0.0.1:8080".to_owned()).await;
    let (_, attributes) = cookie(&server.login(&FORM).await).unwrap();
    assert_eq!(attributes, ["Path=/", "Max-Age=3600", "HttpOnly", "SameSite=Lax"]);
}

#[tokio::test]
async fn the_cookie_can_be_shared_with_a_parent_domain() {
    let server = Server::with(|settings| settings.cookie_domain = Some("claviger.test".to_owned())).await;
    let (_, attributes) = cookie(&server.login(&FORM).await).unwrap();
    assert_eq!(attributes.last().unwrap(), "Domain=claviger.test");
    let answer = server.as_(Actor::Member).post("/auth/logout").await;
    let (_, attributes) = cookie(&answer).unwrap();
    assert_eq!(attributes.last().unwrap(), "Domain=claviger.test", "or it would not be removed");
}

#[tokio::test]
async fn programs_with_a_key_get_no_cookie_and_browsers_do() {
    let server = Server::new().await;
    let key = server.cast.bot.bearer.expose();
    assert!(cookie(&server.login(&[("password", key)]).await).is_none());
    let from_page = server.login(&[("password", key)]).header("sec-fetch-site", "same-origin").await;
    assert!(cookie(&from_page).is_some());
}

#[tokio::test]
async fn a_cookie_holds_sessions_and_never_keys() {
    let server = Server::new().await;
    let key = server.cast.bot.bearer.expose();
    let browser = server.as_(Actor::Nobody).header("cookie", &format!("zenml-cp-session={key}"));
    browser.get("/users/me").await.fails(401, "CredentialsNotValid", "credentials-invalid");
}

#[tokio::test]
async fn another_site_cannot_sign_a_browser_in() {
    let server = Server::new().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
        ("origin", "null"),
    ] {
        let answer = server.login(&FORM).header(name, value).await;
        assert!(cookie(&answer.clone().expect(200)).is_none(), "{answer}");
    }
    let own = server.login(&FORM).header("origin", "https://claviger.test").await;
    assert!(cookie(&own).is_some());
}

#[tokio::test]
async fn a_browser_reads_with_the_cookie_alone() {
    let server = Server::new().await;
    let (browser, _) = browser(&server).await;
    for site in ["same-origin", "none", "cross-site"] {
        let me = browser.get("/users/me").header("sec-fetch-site", site).await.ok();
        assert_eq!(me["username"], "mia", "what another site makes it read, that site does not see");
    }
    let forged = server.as_(Actor::Nobody).header("cookie", "zenml-cp-session=forged");
    forged.get("/users/me").await.is_unauthenticated();
    let other = server.as_(Actor::Nobody).header("cookie", "session=other");
    other.get("/users/me").await.is_unauthenticated();
}

#[tokio::test]
async fn a_browser_writes_only_for_pages_of_ours() {
    let server = Server::new().await;
    let (browser, _) = browser(&server).await;
    for (name, value) in [
        ("sec-fetch-site", "same-origin"),
        ("origin", "https://claviger.test"),
        ("origin", "https://CLAVIGER.test"),
    ] {
        rename(&browser, value).header(name, value).await.ok();
        assert_eq!(browser.get("/users/me").await.ok()["name"], value);
    }
    let by_host =
        rename(&browser, "by host").header("host", "other.test").header("origin", "https://other.test");
    by_host.await.ok();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("origin", "https://evil.test"),
        ("origin", "https://claviger.test.evil.test"),
        ("origin", "null"),
        ("referer", "https://claviger.test/"),
    ] {
        let answer = rename(&browser, "changed by another site").header(name, value).await;
        answer.fails(403, "IllegalOperationError", "cross-site-request");
    }
    // Fetch Metadata is what browsers cannot be made to forge: it decides where it is there.
    let both = rename(&browser, "changed").header("sec-fetch-site", "cross-site");
    both.header("origin", "https://claviger.test").await.expect(403);
    assert_eq!(browser.get("/users/me").await.ok()["name"], "by host");
}

#[tokio::test]
async fn a_bearer_needs_no_such_check_and_counts_before_the_cookie() {
    let server = Server::new().await;
    let (browser, _) = browser(&server).await;
    let bearer = format!("Bearer {}", server.cast.vera.bearer.expose());
    let call = rename(&browser, "Vera").header("sec-fetch-site", "cross-site");
    let changed = call.header("authorization", &bearer).await.ok();
    assert_eq!((&changed["username"], &changed["name"]), (&json!("vera"), &json!("Vera")));
    let wrong = browser.get("/users/me").header("authorization", "Bearer wrong").await;
    wrong.is_unauthenticated();
    let malformed = browser.get("/users/me").header("authorization", "Basic YTpi").await;
    malformed.is_unauthenticated();
}

#[tokio::test]
async fn signing_out_removes_the_cookie_and_ends_the_session() {
    let server = Server::new().await;
    let (browser, session) = browser(&server).await;
    for site in ["cross-site", "same-site"] {
        let link = browser.get("/auth/logout").header("sec-fetch-site", site).await;
        link.fails(403, "IllegalOperationError", "cross-site-request");
        let form = browser.post("/auth/logout").header("sec-fetch-site", site).await;
        form.fails(403, "IllegalOperationError", "cross-site-request");
    }
    assert!(server.holds(&session).await);
    let answer = browser.post("/auth/logout").header("sec-fetch-site", "same-origin").await;
    let (value, attributes) = cookie(&answer.expect(200)).unwrap();
    assert_eq!((value.as_str(), attributes[1].as_str()), ("", "Max-Age=0"));
    assert!(!server.holds(&session).await);
    browser.get("/users/me").await.is_unauthenticated();
}
