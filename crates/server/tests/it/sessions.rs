//! Sessions: how long they live, how they end, and what is made from them.

use serde_json::json;
use testkit::PASSWORD;

use crate::harness::{Actor, Server};

#[tokio::test]
async fn a_session_lives_for_an_hour_and_not_a_microsecond_longer() {
    let server = Server::new().await;
    let form = [("username", "mia"), ("password", PASSWORD)];
    // A token tells its times in whole seconds.
    server.clock.advance_microseconds(1_000_000 - server.app.platform.now().0 % 1_000_000);
    let session = server.login(&form).await.text_at("access_token");
    server.clock.advance(60);
    server.clock.advance_microseconds(-1);
    assert!(server.holds(&session).await);
    server.clock.advance_microseconds(1);
    let answer = server.bearing(&session).get("/users/me").await;
    answer.fails(401, "CredentialsNotValid", "credentials-expired");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "clients tell 401s apart by it");
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let server = Server::new().await;
    let form = [("username", "mia"), ("password", PASSWORD)];
    for method in [http::Method::GET, http::Method::POST] {
        let ending = server.login(&form).await.text_at("access_token");
        let other = server.login(&form).await.text_at("access_token");
        let answer = server.bearing(&ending).call(method, "/auth/logout").await;
        assert_eq!(answer.ok(), json!(null));
        assert!(!server.holds(&ending).await);
        assert!(server.holds(&other).await);
        server.bearing(&ending).get("/auth/logout").await.is_unauthenticated();
    }
}

#[tokio::test]
async fn signing_out_does_not_end_a_key() {
    let server = Server::new().await;
    server.as_(Actor::Bot).post("/auth/logout").await.ok();
    assert!(server.holds(server.cast.bot.bearer.expose()).await);
    let session = server.session_of(server.cast.bot.bearer.expose()).await;
    server.bearing(&session).post("/auth/logout").await.ok();
    assert!(!server.holds(&session).await);
    assert!(server.holds(server.cast.bot.bearer.expose()).await);
}

#[tokio::test]
async fn a_token_for_scripts_lives_as_long_as_asked_and_is_the_same_person() {
    let server = Server::new().await;
    let mia = server.as_(Actor::Member);
    let ask = |seconds: &str| mia.get("/auth/api_token").query(&[("expires_in", seconds)]);
    let whole = mia.get("/auth/api_token").await.ok();
    let short = ask("60").await.ok();
    let (whole, short) = (whole.as_str().unwrap(), short.as_str().unwrap());
    assert_eq!(server.bearing(whole).get("/users/me").await.ok()["username"], "mia");
    server.clock.advance(1);
    assert!(!server.holds(short).await && server.holds(whole).await);
    server.clock.advance(59);
    assert!(!server.holds(whole).await);
}

#[tokio::test]
async fn a_token_for_scripts_has_a_bounded_life() {
    let server = Server::new().await;
    for seconds in ["59", "3601", "0", "-1", "9223372036854775807", "soon"] {
        let call = server.as_(Actor::Member).get("/auth/api_token").query(&[("expires_in", seconds)]);
        let message = call.await.fails(422, "ValueError", "invalid-field");
        assert!(message.starts_with("expires_in: "), "{message}");
    }
    server.as_(Actor::Nobody).get("/auth/api_token").await.is_unauthenticated();
    server.as_(Actor::Machine).get("/auth/api_token").await.fails(
        403,
        "IllegalOperationError",
        "wrong-credential",
    );
}

#[tokio::test]
async fn a_workspace_authorization_is_good_for_one_workspace_and_for_a_minute() {
    let server = Server::new().await;
    let mia = server.as_(Actor::Member);
    let (other, _) = server.platform.workspace(&server.cast.admin, &server.cast.home, "ws-two").await;
    let other = other.id.to_string();
    let own = server.cast.workspace.id.to_string();
    for path in ["/auth/workspace_authorization", "/auth/tenant_authorization"] {
        for name in ["ws-one", own.as_str()] {
            let answer = mia.get(&format!("{path}/{name}")).await;
            let token = answer.text_at("access_token");
            let body = answer.ok();
            assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("bearer"), &json!(60)));
            let bearing = server.bearing(&token);
            let enter = |id: &str| bearing.get("/users/authorize_server").query(&[("server_id", id)]);
            assert_eq!(enter(&own).await.ok()["username"], "mia");
            enter(&other).await.fails(403, "IllegalOperationError", "permission-denied");
            // It is good for nothing else, above all not for making itself longer.
            for path in
                ["/users/me", "/workspaces", "/auth/api_token", "/auth/workspace_authorization/ws-one"]
            {
                bearing.get(path).await.fails(403, "IllegalOperationError", "wrong-credential");
            }
        }
    }
    let token = mia.post("/auth/workspace_authorization/ws-one").await.text_at("access_token");
    server.clock.advance(1);
    let late = server.bearing(&token).get("/users/authorize_server").query(&[("server_id", &own)]);
    late.await.fails(401, "CredentialsNotValid", "credentials-expired");
}

#[tokio::test]
async fn who_does_not_get_into_a_workspace_gets_no_authorization_for_it() {
    let server = Server::new().await;
    server.platform.workspace(&server.cast.admin, &server.cast.home, "ws-two").await;
    let ask = |actor, name: &str| server.as_(actor).get(&format!("/auth/workspace_authorization/{name}"));
    let unknown = ask(Actor::Member, "ws-none").await.fails(404, "KeyError", "not-found");
    // Whether a workspace exists that one may not see is not told, not even by its id.
    for (actor, name) in [(Actor::Member, "ws-two"), (Actor::Outsider, "ws-one")] {
        let hidden = ask(actor, name).await.fails(404, "KeyError", "not-found");
        assert_eq!(hidden, unknown.replace("ws-none", name));
    }
    ask(Actor::Machine, "ws-one").await.fails(403, "IllegalOperationError", "wrong-credential");
    ask(Actor::Nobody, "ws-one").await.is_unauthenticated();
    server.as_(Actor::Admin).post("/workspaces/ws-one/deactivate").await.ok();
    ask(Actor::Member, "ws-one").await.fails(403, "IllegalOperationError", "permission-denied");
}

#[tokio::test]
async fn the_ways_to_sign_in_are_told_to_everybody() {
    let server = Server::new().await;
    let connections = server.as_(Actor::Nobody).get("/auth/connections").await.ok();
    assert_eq!(connections, json!([{"id": "password", "name": "Password", "type": "password"}]));
}

#[tokio::test]
async fn a_browser_is_sent_to_the_sign_in_page_and_never_elsewhere_after_it() {
    let server = Server::new().await;
    let show = |to: &str| server.as_(Actor::Nobody).get("/auth/login").query(&[("redirect_url", to)]);
    let location = |answer: &crate::harness::Answer| {
        assert_eq!(answer.status.as_u16(), 303, "{answer}");
        answer.header("location").unwrap().to_owned()
    };
    let page = "https://claviger.test/login?redirect_url=";
    assert_eq!(location(&show("/workspaces/ws-one").await), format!("{page}%2Fworkspaces%2Fws%2Done"));
    for elsewhere in ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", ""] {
        assert_eq!(location(&show(elsewhere).await), format!("{page}%2F"), "{elsewhere}");
    }
}
