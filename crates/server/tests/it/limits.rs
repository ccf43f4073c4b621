//! How much is let through, and from whom it is taken to come.

use serde_json::json;
use server::limits::Rate;
use testkit::PASSWORD;

use crate::harness::{Actor, Answer, Server};

/// Three at once. What is regained in a minute takes longer than a test may.
const THREE: Rate = Rate { per_minute: 1, burst: 3 };
const WRONG: [(&str, &str); 2] = [("username", "mia"), ("password", "wrong")];

fn is_limited(answer: &Answer) {
    answer.fails(429, "MaxConcurrentTasksError", "rate-limited");
    let wait: u64 = answer.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or_default();
    assert!((1..=61).contains(&wait), "when to try again: {answer}");
}

#[tokio::test]
async fn failed_sign_ins_are_limited_by_address() {
    let server = Server::with(|settings| settings.failed_sign_ins = THREE).await;
    let id = server.cast.workspace.id.to_string();
    let guesses: [&[(&str, &str)]; 4] = [
        &WRONG,
        &[("password", "ZENPROKEY_guess")],
        &[("client_id", &id), ("client_secret", "guess")],
        &[("username", "nobody"), ("password", "guess")],
    ];
    for guess in &guesses[..3] {
        server.login(guess).await.is_unauthenticated();
    }
    for guess in guesses {
        is_limited(&server.login(guess).await);
    }
    server.login(&WRONG).from("192.0.2.8").await.is_unauthenticated();
    // Whoever knows the password is let in: others behind the same address must not lock it out.
    server.login(&[("username", "mia"), ("password", PASSWORD)]).await.ok();
    // What is not even a guess does not count.
    server.login(&[]).await.expect(422);
}

#[tokio::test]
async fn an_ipv6_caller_is_its_whole_network() {
    let server = Server::with(|settings| settings.failed_sign_ins = THREE).await;
    for host in ["1", "2", "ffff:1:2:3"] {
        let address =
            if host.contains(':') { format!("2001:db8:0:7:{host}") } else { format!("2001:db8:0:7::{host}") };
        server.login(&WRONG).from(&address).await.is_unauthenticated();
    }
    is_limited(&server.login(&WRONG).from("2001:db8:0:7::9").await);
    server.login(&WRONG).from("2001:db8:0:8::1").await.is_unauthenticated();
}

#[tokio::test]
async fn calls_are_limited_by_credential() {
    let server = Server::with(|settings| settings.credential_calls = THREE).await;
    let key = server.cast.bot.bearer.expose();
    let session = server.session_of(key).await;
    for bearer in [key, &session, key] {
        server.bearing(bearer).get("/users/me").await.ok();
    }
    // A session draws on the quota of the key it came from.
    for bearer in [key, &session] {
        is_limited(&server.bearing(bearer).get("/users/me").await);
        is_limited(&server.bearing(bearer).patch("/users/me").json(&json!({})).await);
    }
    assert!(server.holds(server.started.token.expose()).await, "others have their own quota");
    server.as_(Actor::Member).get("/users/me").await.ok();
}

#[tokio::test]
async fn people_with_a_session_have_a_quota_each() {
    let server = Server::with(|settings| settings.credential_calls = THREE).await;
    for _ in 0..3 {
        server.as_(Actor::Member).get("/users/me").await.ok();
    }
    is_limited(&server.as_(Actor::Member).get("/users/me").await);
    let form = [("username", "mia"), ("password", PASSWORD)];
    let another = server.login(&form).await.text_at("access_token");
    is_limited(&server.bearing(&another).get("/users/me").await);
    server.as_(Actor::Viewer).get("/users/me").await.ok();
}

#[tokio::test]
async fn signing_in_and_the_calls_of_workspace_servers_are_not_limited() {
    let server = Server::with(|settings| settings.credential_calls = THREE).await;
    let key = server.cast.bot.bearer.expose();
    let id = server.cast.workspace.id.to_string();
    for _ in 0..5 {
        server.login(&[("password", key)]).await.ok();
        let enter = server.as_(Actor::Bot).get("/users/authorize_server");
        enter.query(&[("server_id", &id)]).await.ok();
        server.as_(Actor::Machine).patch("/workspace_status").await.ok();
        let ask = server.as_(Actor::Machine).post("/rbac/check_permissions");
        ask.query(&[("user_id", &id), ("action", "read")]).json(&json!(["stack"])).await.ok();
        server.as_(Actor::Nobody).get("/server/info").await.ok();
    }
    server.as_(Actor::Bot).get("/users/me").await.ok();
}

#[tokio::test]
async fn a_limit_of_zero_is_none() {
    let none = Rate { per_minute: 0, burst: 0 };
    let server = Server::with(|settings| {
        settings.credential_calls = none;
        settings.failed_sign_ins = none;
    });
    let server = server.await;
    for _ in 0..10 {
        server.login(&WRONG).await.is_unauthenticated();
        server.as_(Actor::Bot).get("/users/me").await.ok();
    }
}

/// The address that the audit log has for a change that came from `peer` with those hops.
async fn recorded(server: &Server, peer: &str, hops: &[&str]) -> String {
    let admin = server.as_(Actor::OrganizationAdmin);
    let mut call = admin.patch("/organizations/home").json(&json!({"description": peer})).from(peer);
    if !hops.is_empty() {
        call = call.header("x-forwarded-for", &hops.join(", "));
    }
    call.await.ok();
    let events = admin.get("/organizations/home/audit_events").query(&[("limit", "1")]).await.ok();
    events[0]["ip"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
    let server = Server::with(|settings| {
        settings.trusted_proxies = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).to_vec();
    });
    let server = server.await;
    for (peer, hops, expected) in [
        ("192.0.2.1", vec![], "192.0.2.1"),
        ("192.0.2.1", vec!["198.51.100.1"], "192.0.2.1"),
        ("10.0.0.1", vec![], "10.0.0.1"),
        ("10.0.0.1", vec!["198.51.100.1"], "198.51.100.1"),
        ("fd00::1", vec!["2001:db8::1"], "2001:db8::1"),
        // The caller wrote the first, the last proxy the last that it did not make up itself.
        ("10.0.0.1", vec!["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", vec!["203.0.113.9", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", vec!["198.51.100.1", "nonsense"], "10.0.0.1"),
        ("10.0.0.1", vec!["nonsense", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", vec!["10.0.0.3", "10.0.0.2"], "10.0.0.1"),
    ] {
        assert_eq!(recorded(&server, peer, &hops).await, expected, "{peer} {hops:?}");
    }
}

#[tokio::test]
async fn the_limit_of_sign_ins_counts_the_forwarded_address() {
    let server = Server::with(|settings| {
        settings.failed_sign_ins = THREE;
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    let server = server.await;
    let from = |peer: &str, caller: &str| server.login(&WRONG).from(peer).header("x-forwarded-for", caller);
    for proxy in ["10.0.0.1", "10.0.0.2", "10.0.0.1"] {
        from(proxy, "198.51.100.1").await.is_unauthenticated();
    }
    is_limited(&from("10.0.0.3", "198.51.100.1").await);
    from("10.0.0.1", "198.51.100.2").await.is_unauthenticated();
    // Making up addresses does not help whoever comes without a proxy.
    for made_up in ["198.51.100.3", "198.51.100.4", "198.51.100.5"] {
        from("192.0.2.9", made_up).await.is_unauthenticated();
    }
    is_limited(&from("192.0.2.9", "198.51.100.6").await);
}
