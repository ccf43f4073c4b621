//! The life of a key: of a person's access tokens and of a service account's keys alike.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Client, Server};

/// Whose keys a test is about: it runs once for each.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Person,
    Bot,
}

const OWNERS: [Owner; 2] = [Owner::Person, Owner::Bot];

impl Owner {
    fn path(self) -> &'static str {
        match self {
            Self::Person => "/users/me/api_keys",
            Self::Bot => "/organizations/home/service_accounts/bot/api_keys",
        }
    }

    /// Somebody who manages these keys, signed in just now.
    async fn manager(self, server: &Server) -> Client<'_> {
        let username = match self {
            Self::Person => "mia",
            Self::Bot => "olga",
        };
        let form = [("username", username), ("password", testkit::PASSWORD)];
        server.bearing(&server.login(&form).await.text_at("access_token"))
    }

    async fn create(self, server: &Server, input: Value) -> Answer {
        self.manager(server).await.post(self.path()).json(&input).await
    }

    async fn change(self, server: &Server, key: &str, input: Value) -> Answer {
        self.manager(server).await.patch(&format!("{}/{key}", self.path())).json(&input).await
    }

    async fn rotate(self, server: &Server, key: &str, minutes: i64) -> Answer {
        let input = json!({"retain_period_minutes": minutes});
        self.manager(server).await.put(&format!("{}/{key}/rotate", self.path())).json(&input).await
    }

    async fn get(self, server: &Server, key: &str) -> Answer {
        self.manager(server).await.get(&format!("{}/{key}", self.path())).await
    }
}

/// A value and a session that was had with it: they must live and end together.
struct Pair(String, String);

impl Pair {
    async fn of(server: &Server, value: String) -> Self {
        let session = server.session_of(&value).await;
        Self(value, session)
    }

    async fn holds(&self, server: &Server) -> bool {
        let exchanged = server.login(&[("password", &self.0)]).await.status.is_success();
        let answers = [server.holds(&self.0).await, server.holds(&self.1).await, exchanged];
        assert!(answers == [answers[0]; 3], "value, session and exchange differ: {answers:?}");
        answers[0]
    }
}

#[tokio::test]
async fn a_value_is_shown_by_the_answer_that_made_it_and_by_no_other() {
    let server = Server::new().await;
    for owner in OWNERS {
        let made = owner.create(&server, json!({"name": "Laptop", "description": "on the desk"})).await;
        let value = made.text_at("key");
        assert_eq!(value.len(), 70, "{value}");
        let mut hidden = made.ok();
        hidden.as_object_mut().unwrap().remove("key");
        let id = made.text_at("id");
        for name in [id.as_str(), "Laptop", "laptop"] {
            assert_eq!(owner.get(&server, name).await.ok(), hidden, "{owner:?}");
        }
        let listed = owner.manager(&server).await.get(owner.path()).await;
        assert!(listed.ok().as_array().unwrap().contains(&hidden), "{listed}");
        let changed = owner.change(&server, &id, json!({"name": "Desk"})).await;
        assert!(changed.ok().get("key").is_none());
        assert!(server.holds(&value).await);
    }
    // That no answer shows a value of another is checked when the server is dropped.
}

#[tokio::test]
async fn a_key_is_renamed_and_described() {
    let server = Server::new().await;
    for owner in OWNERS {
        let id = owner.create(&server, json!({"name": "one"})).await.text_at("id");
        owner.create(&server, json!({"name": "two"})).await.ok();
        let changed = owner.change(&server, &id, json!({"name": "three", "description": "why"})).await.ok();
        assert_eq!((&changed["name"], &changed["description"]), (&json!("three"), &json!("why")));
        let cleared = owner.change(&server, "three", json!({"description": null})).await.ok();
        assert_eq!((&cleared["name"], &cleared["description"]), (&json!("three"), &json!(null)));
        let taken = owner.change(&server, "three", json!({"name": "TWO"})).await;
        taken.fails(409, "EntityExistsError", "already-exists");
        let taken = owner.create(&server, json!({"name": "Two"})).await;
        taken.fails(409, "EntityExistsError", "already-exists");
        let gone = owner.change(&server, "one", json!({"name": "four"})).await;
        gone.fails(404, "KeyError", "not-found");
    }
}

#[tokio::test]
async fn a_key_is_switched_off_and_on() {
    let server = Server::new().await;
    for owner in OWNERS {
        let made = owner.create(&server, json!({"name": "switch"})).await;
        let pair = Pair::of(&server, made.text_at("key")).await;
        for active in [false, true] {
            let changed = owner.change(&server, "switch", json!({"active": active})).await.ok();
            assert_eq!(changed["active"], active);
            assert_eq!(pair.holds(&server).await, active, "{owner:?}");
        }
        let aliased = owner.change(&server, "switch", json!({"is_active": "no"})).await;
        aliased.fails(422, "ValueError", "invalid-field");
        owner.change(&server, "switch", json!({"is_active": false})).await.ok();
        assert!(!pair.holds(&server).await);
        let why = server.bearing(&pair.0).get("/users/me").await;
        why.fails(401, "CredentialsNotValid", "credentials-inactive");
    }
}

#[tokio::test]
async fn a_rotated_value_works_for_exactly_the_retention_period() {
    let server = Server::new().await;
    for owner in OWNERS {
        let old = Pair::of(&server, owner.create(&server, json!({"name": "k"})).await.text_at("key")).await;
        let rotated = owner.rotate(&server, "k", 10).await;
        let new = Pair::of(&server, rotated.text_at("key")).await;
        assert_ne!(old.0, new.0);
        let body = rotated.ok();
        assert_eq!(body["retain_period_minutes"], 10);
        assert!(body["last_rotated"].is_string() && body["previous_valid_until"].is_string(), "{body}");
        server.clock.advance(10);
        server.clock.advance_microseconds(-1);
        assert!(old.holds(&server).await && new.holds(&server).await);
        server.clock.advance_microseconds(1);
        assert!(!old.holds(&server).await, "{owner:?}");
        assert!(new.holds(&server).await, "{owner:?}");
    }
}

#[tokio::test]
async fn without_retention_and_when_rotated_again_the_older_value_ends_at_once() {
    let server = Server::new().await;
    for owner in OWNERS {
        let first = Pair::of(&server, owner.create(&server, json!({"name": "k"})).await.text_at("key")).await;
        let second = Pair::of(&server, owner.rotate(&server, "k", 60).await.text_at("key")).await;
        assert!(first.holds(&server).await);
        let third = Pair::of(&server, owner.rotate(&server, "k", 60).await.text_at("key")).await;
        assert!(!first.holds(&server).await, "{owner:?}: though its hour is not over");
        assert!(second.holds(&server).await && third.holds(&server).await);
        let fourth = Pair::of(&server, owner.rotate(&server, "k", 0).await.text_at("key")).await;
        assert!(!second.holds(&server).await && !third.holds(&server).await, "{owner:?}");
        assert!(fourth.holds(&server).await);
        let refused = owner.rotate(&server, "k", 43_201).await.fails(422, "ValueError", "invalid-field");
        assert!(refused.starts_with("retain_period_minutes: "), "{refused}");
    }
}

#[tokio::test]
async fn a_key_ends_with_its_life() {
    let server = Server::new().await;
    for owner in OWNERS {
        let made = owner.create(&server, json!({"name": "brief", "expires_in_minutes": 5})).await;
        let pair = Pair::of(&server, made.text_at("key")).await;
        server.clock.advance(5);
        server.clock.advance_microseconds(-1);
        assert!(pair.holds(&server).await);
        server.clock.advance_microseconds(1);
        assert!(!pair.holds(&server).await, "{owner:?}");
        let why = server.bearing(&pair.0).get("/users/me").await;
        why.fails(401, "CredentialsNotValid", "credentials-expired");
        let rotated = owner.rotate(&server, "brief", 0).await.text_at("key");
        assert!(!server.holds(&rotated).await, "rotating does not lengthen a life");
    }
}

#[tokio::test]
async fn a_life_can_be_given_in_three_ways_but_in_one_at_a_time() {
    let server = Server::new().await;
    for owner in OWNERS {
        let now = server.app.platform.now();
        let end = |minutes| serde_json::to_value(now.plus_minutes(minutes)).unwrap();
        for (name, input, minutes) in [
            ("a", json!({"name": "a", "expires_in_minutes": 1440}), 1440),
            ("b", json!({"name": "b", "expires_in_days": 1}), 1440),
            ("c", json!({"name": "c", "expires_at": end(7)}), 7),
        ] {
            owner.create(&server, input).await.ok();
            assert_eq!(owner.get(&server, name).await.ok()["expires_at"], end(minutes), "{name}");
        }
        for life in [
            json!({"expires_in_minutes": 1, "expires_in_days": 1}),
            json!({"expires_in_minutes": 0}),
            json!({"expires_in_days": -1}),
            json!({"expires_in_days": 3651}),
            json!({"expires_at": end(0)}),
            json!({"expires_at": "tomorrow"}),
        ] {
            let mut input = life.clone();
            input["name"] = json!("d");
            owner.create(&server, input).await.fails(422, "ValueError", "invalid-field");
        }
        owner.get(&server, "d").await.fails(404, "KeyError", "not-found");
    }
}

#[tokio::test]
async fn a_deleted_key_is_gone_with_its_sessions() {
    let server = Server::new().await;
    for owner in OWNERS {
        let made = owner.create(&server, json!({"name": "k"})).await;
        let pair = Pair::of(&server, made.text_at("key")).await;
        let path = format!("{}/k", owner.path());
        let manager = owner.manager(&server).await;
        assert_eq!(manager.delete(&path).await.ok(), json!(null));
        assert!(!pair.holds(&server).await);
        let why = server.bearing(&pair.0).get("/users/me").await;
        why.fails(401, "CredentialsNotValid", "credentials-invalid");
        manager.delete(&path).await.fails(404, "KeyError", "not-found");
        owner.create(&server, json!({"name": "k"})).await.ok();
        assert!(!pair.holds(&server).await, "a new key of the name is another key");
    }
}

#[tokio::test]
async fn the_last_use_is_told_and_costs_no_write_until_it_is_flushed() {
    let server = Server::new().await;
    for owner in OWNERS {
        let made = owner.create(&server, json!({"name": "k"})).await;
        assert_eq!(made.ok()["last_login"], json!(null));
        let (value, id) = (made.text_at("key"), made.text_at("id"));
        server.clock.advance(1);
        let used = serde_json::to_value(server.app.platform.now()).unwrap();
        let call = server.bearing(&value).get("/users/me").from("198.51.100.9");
        call.header("user-agent", "zenml/0.98.0").await.ok();
        let mut raw = server.platform.store.raw().await;
        let condition = format!("id = {} AND last_used IS NOT NULL", raw.id(id.parse().unwrap()));
        assert_eq!(raw.count("credential", &condition).await, 0);
        server.app.platform.store.flush().await.unwrap();
        assert_eq!(raw.count("credential", &condition).await, 1);
        let key = owner.get(&server, "k").await.ok();
        let told = [&key["last_login"], &key["last_used_ip"], &key["last_used_user_agent"]];
        assert_eq!(told, [&used, &json!("198.51.100.9"), &json!("zenml/0.98.0")], "{owner:?}");
    }
}

#[tokio::test]
async fn an_access_token_cannot_make_or_widen_access_tokens() {
    let server = Server::new().await;
    let mia = Owner::Person.manager(&server).await;
    let path = Owner::Person.path();
    let value = mia.post(path).query(&[("name", "one")]).await.text_at("key");
    mia.post(path).query(&[("name", "two")]).await.ok();
    for bearer in [&value, &server.session_of(&value).await] {
        let client = server.bearing(bearer);
        let two = format!("{path}/two");
        for call in [
            client.post(path).query(&[("name", "three")]),
            client.put(&format!("{two}/rotate")),
            client.patch(&two).json(&json!({"active": true})),
            client.patch(&two).json(&json!({"name": "other"})),
        ] {
            call.await.fails(403, "IllegalOperationError", "wrong-credential");
        }
        client.get(path).await.ok();
        client.patch(&two).json(&json!({"active": false})).await.ok();
    }
    server.bearing(&value).delete(&format!("{path}/two")).await.ok();
}

#[tokio::test]
async fn access_tokens_are_for_people_and_everybody_has_only_their_own() {
    let server = Server::new().await;
    let path = Owner::Person.path();
    let made = Owner::Person.create(&server, json!({"name": "mine"})).await;
    let id = made.text_at("id");
    for name in ["mine", id.as_str()] {
        let path = format!("{path}/{name}");
        for actor in [Actor::Admin, Actor::OrganizationAdmin, Actor::Viewer] {
            server.as_(actor).get(&path).await.fails(404, "KeyError", "not-found");
            server.as_(actor).delete(&path).await.fails(404, "KeyError", "not-found");
        }
    }
    server.as_(Actor::Bot).get(path).await.fails(403, "IllegalOperationError", "permission-denied");
    server.as_(Actor::Bot).post(path).query(&[("name", "x")]).await.expect(403);
}
