//! Signing in: every grant, and the one answer to everything that is wrong.

use model::{CredentialId, Key};
use serde_json::{Value, json};
use testkit::PASSWORD;

use crate::harness::{Actor, Answer, Server};

/// An answer without what tells one request from another.
fn gist(answer: &Answer) -> (u16, Option<&str>, &str) {
    (answer.status.as_u16(), answer.header("www-authenticate"), &answer.text)
}

async fn username_of(server: &Server, session: &str) -> Value {
    server.bearing(session).get("/users/me").await.ok()["username"].clone()
}

#[tokio::test]
async fn a_person_signs_in_with_a_password_under_every_spelling_of_the_grant() {
    let server = Server::new().await;
    let named = [("username", "mia"), ("password", PASSWORD)];
    for grant in [None, Some(""), Some("password")] {
        let form: Vec<_> = grant.map(|grant| ("grant_type", grant)).into_iter().chain(named).collect();
        let session = server.login(&form).await.text_at("access_token");
        assert_eq!(username_of(&server, &session).await, "mia", "{grant:?}");
    }
    let session = server.login(&[("username", "MIA"), ("password", PASSWORD)]).await.text_at("access_token");
    assert_eq!(username_of(&server, &session).await, "mia", "the case of a username does not count");
}

#[tokio::test]
async fn a_person_signs_in_with_the_email_address() {
    let server = Server::new().await;
    let path = format!("/users/{}", server.cast.mia.id);
    server.as_(Actor::Admin).patch(&path).json(&json!({"email": "mia@example.com"})).await.ok();
    let form = [("username", "Mia@Example.com"), ("password", PASSWORD)];
    let session = server.login(&form).await.text_at("access_token");
    assert_eq!(username_of(&server, &session).await, "mia");
}

#[tokio::test]
async fn a_key_and_a_token_are_exchanged_under_every_spelling_of_the_grant() {
    let server = Server::new().await;
    for (key, owner) in [(&server.cast.bot.bearer, "bot"), (&server.started.token, "admin")] {
        for grant in [None, Some(""), Some("password"), Some("zenml_api_key"), Some("zenml-api-key")] {
            let form = grant.map(|grant| ("grant_type", grant)).into_iter();
            let form: Vec<_> = form.chain([("password", key.expose())]).collect();
            let answer = server.login(&form).await;
            assert_eq!(username_of(&server, &answer.text_at("access_token")).await, owner, "{grant:?}");
            let body = answer.ok();
            let rest = json!({"token_type": "bearer", "expires_in": 3600, "device_id": null, "device_metadata": null});
            for (name, value) in rest.as_object().unwrap() {
                assert_eq!(&body[name], value, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn the_fields_may_come_as_json_or_without_a_content_type() {
    let server = Server::new().await;
    let key = server.cast.bot.bearer.expose();
    let nobody = server.as_(Actor::Nobody);
    nobody.post("/auth/login").json(&json!({"password": key})).await.ok();
    let form = format!("password={key}");
    nobody.post("/auth/login").bare(form.clone()).await.ok();
    let text = nobody.post("/auth/login").body("text/plain", form).await;
    text.fails(415, "ValueError", "unsupported-media-type");
}

#[tokio::test]
async fn a_workspace_signs_in_with_its_enrollment_key() {
    let server = Server::new().await;
    let (id, key) = (server.cast.workspace.id.to_string(), server.cast.enrollment_key.expose());
    let client = [("client_id", id.as_str()), ("client_secret", key)];
    for grant in [None, Some(""), Some("client_credentials")] {
        let form = grant.map(|grant| ("grant_type", grant)).into_iter().chain([("audience", "anything")]);
        let answer = server.login(&form.chain(client).collect::<Vec<_>>()).await;
        let session = answer.text_at("access_token");
        assert_eq!(answer.ok()["expires_in"], 3600);
        assert_eq!(answer.header("set-cookie"), None, "a machine is no browser");
        server.bearing(&session).patch("/workspace_status").await.ok();
    }
}

#[tokio::test]
async fn the_authorization_header_is_ignored() {
    let server = Server::new().await;
    let key = server.cast.bot.bearer.expose();
    for header in ["Bearer ZENPROKEY_nonsense", "Bearer expired.or.not", "Basic YTpi", "nonsense"] {
        server.login(&[("password", key)]).header("authorization", header).await.ok();
        let wrong = server.login(&[("username", "mia"), ("password", "wrong")]);
        wrong.header("authorization", header).await.is_unauthenticated();
    }
    // Nor does a right one help a wrong form.
    let with_right_header =
        server.bearing(key).post("/auth/login").form(&[("password", "ZENPROKEY_x")]).await;
    with_right_header.is_unauthenticated();
}

#[tokio::test]
async fn all_that_is_wrong_with_a_password_gets_one_answer() {
    let server = Server::new().await;
    let path = format!("/users/{}", server.cast.vera.id);
    server.as_(Actor::Admin).patch(&path).json(&json!({"is_active": false})).await.ok();
    let wrong = server.login(&[("username", "mia"), ("password", "wrong")]).await;
    wrong.fails(401, "CredentialsNotValid", "credentials-invalid");
    for username in ["nobody", "vera", "bot", "home", "mia'--"] {
        let answer = server.login(&[("username", username), ("password", "wrong")]).await;
        assert_eq!(gist(&answer), gist(&wrong), "{username:?}");
    }
    let switched_off = server.login(&[("username", "vera"), ("password", PASSWORD)]).await;
    switched_off.fails(401, "CredentialsNotValid", "credentials-inactive");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_key_gets_one_answer_to_those_who_do_not_know_it() {
    let server = Server::new().await;
    let bot = server.cast.bot.bearer.expose();
    let well_formed = |id: CredentialId| Key::generate(id, server.platform.env()).reveal();
    let forged = well_formed(Key::parse(bot).unwrap().id());
    let unknown = well_formed(CredentialId(uuid::Uuid::nil()));
    let (forged, unknown) = (forged.expose(), unknown.expose());
    let malformed = server.login(&[("password", "ZENPROKEY_malformed")]).await;
    malformed.fails(401, "CredentialsNotValid", "credentials-invalid");
    let cut = &bot[..bot.len() - 1];
    let grown = format!("{bot}A");
    for key in [forged, unknown, cut, &grown, "ZENPROKEY_"] {
        for grant in ["", "zenml_api_key"] {
            let answer = server.login(&[("grant_type", grant), ("password", key)]).await;
            assert_eq!(gist(&answer), gist(&malformed), "{key}");
        }
        assert_eq!(gist(&server.bearing(key).get("/users/me").await), gist(&malformed), "{key} as bearer");
    }
    let other_kind = server.login(&[("grant_type", "zenml_api_key"), ("password", PASSWORD)]).await;
    assert_eq!(gist(&other_kind), gist(&malformed), "a password is no key");

    // Whoever knows a key that does not work any more learns why; a guess at the same key does not.
    let path = "/organizations/home/service_accounts/bot/api_keys/default";
    server.as_(Actor::OrganizationAdmin).patch(path).json(&json!({"active": false})).await.ok();
    let inactive = server.login(&[("password", bot)]).await;
    inactive.fails(401, "CredentialsNotValid", "credentials-inactive");
    assert_eq!(gist(&server.login(&[("password", forged)]).await), gist(&malformed));
}

#[tokio::test]
async fn all_that_is_wrong_with_a_workspace_gets_one_answer() {
    let server = Server::new().await;
    let (id, key) = (server.cast.workspace.id.to_string(), server.cast.enrollment_key.expose());
    let login = |id: &str, key: &str| {
        server.login(&[("grant_type", "client_credentials"), ("client_id", id), ("client_secret", key)])
    };
    let wrong = login(&id, "wrong").await;
    wrong.fails(401, "CredentialsNotValid", "credentials-invalid");
    let nil = uuid::Uuid::nil().to_string();
    let guess = format!("{}x", &key[..key.len() - 1]);
    for (id, key) in [(nil.as_str(), key), ("ws-one", key), ("no id", key), (&id, &guess), (&id, PASSWORD)] {
        assert_eq!(gist(&login(id, key).await), gist(&wrong), "{id} {key}");
    }
    server.as_(Actor::Admin).post("/workspaces/ws-one/deactivate").await.ok();
    login(&id, key).await.fails(401, "CredentialsNotValid", "credentials-inactive");
    assert_eq!(gist(&login(&id, &guess).await), gist(&wrong));
}

#[tokio::test]
async fn a_form_that_makes_no_grant_is_told_what_is_missing() {
    let server = Server::new().await;
    let bot = server.cast.bot.bearer.expose();
    for (form, field) in [
        (vec![], "password"),
        (vec![("username", "mia")], "password"),
        (vec![("password", PASSWORD)], "username"),
        (vec![("username", ""), ("password", PASSWORD)], "username"),
        (vec![("grant_type", "zenml_api_key")], "password"),
        (vec![("grant_type", "client_credentials")], "client_id"),
        (vec![("grant_type", "client_credentials"), ("client_id", "x")], "client_secret"),
        (vec![("client_id", "x")], "client_secret"),
        (vec![("grant_type", "client_credentials"), ("password", bot)], "client_id"),
    ] {
        let message = server.login(&form).await.fails(422, "ValueError", "invalid-field");
        assert!(message.starts_with(field), "{form:?}: {message}");
    }
    for grant in ["refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "PASSWORD"] {
        let form = [("grant_type", grant), ("username", "mia"), ("password", PASSWORD)];
        server.login(&form).await.fails(400, "ValueError", "unsupported-grant");
    }
}
