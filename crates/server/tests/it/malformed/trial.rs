//! A server that malformed requests are tried on, and what must come of them.

use http::StatusCode;
use serde_json::{Value, json};
use server::{Access, Operation};
use testkit::Raw;

use crate::harness::{Actor, Answer};
use crate::matrix::document;
use crate::requests::{Input, Who, World};
use crate::schema::resolve;

/// The largest body of the server under test, and the largest where many things are asked at once.
pub(super) const BODY: usize = 20_000;
pub(super) const LARGE_BODY: usize = 40_000;

/// What must come of a request.
#[derive(Debug, Clone)]
pub(super) enum Expected {
    /// A status from 400 to 499, and a message with this in it.
    Refused(String),
    /// Anything but a failure of ours: the text may be taken, cut, or refused.
    Answered,
}

/// A server, and the operation that is tried on it.
pub(super) struct Trial {
    pub(super) world: World,
    pub(super) document: Value,
    /// What the tables held before.
    before: Vec<String>,
}

impl Trial {
    pub(super) async fn new() -> Self {
        let world = World::with(|settings| {
            settings.body_bytes = BODY;
            settings.large_body_bytes = LARGE_BODY;
        })
        .await;
        let earlier = tables(&world).await;
        world.server.as_(Actor::Admin).post("/users/me/api_keys").json(&json!({"name": "laptop"})).await.ok();
        let before = tables(&world).await;
        assert_ne!(earlier, before, "what is changed is not seen");
        Self { world, document: document(), before }
    }

    /// The caller that would succeed with the operation.
    pub(super) fn who(operation: &Operation) -> Who {
        let is_for_machines = match operation.access {
            Access::Machine => true,
            Access::Authenticated(why) => why.contains("machines only"),
            Access::Public(_) | Access::Permission(..) => false,
        };
        Who::Actor(if is_for_machines { Actor::Machine } else { Actor::Admin })
    }

    pub(super) fn input(&self, operation: &Operation) -> Input {
        self.world.input(operation, Self::who(operation), &self.document)
    }

    pub(super) fn described<'a>(&'a self, operation: &Operation) -> &'a Value {
        &self.document["paths"][operation.path][operation.method.as_str().to_lowercase()]
    }

    /// The schema of the body, and whether it is read field by field, so that messages can name the field.
    pub(super) fn body_schema(&self, operation: &Operation) -> Option<&Value> {
        let contents = self.described(operation)["requestBody"]["content"].as_object()?;
        Some(resolve(&self.document, &contents.values().next()?["schema"]))
    }

    /// The parameters of the query, by name, with their schemas.
    pub(super) fn parameters(&self, operation: &Operation) -> Vec<(&str, &Value, bool)> {
        let all = self.described(operation)["parameters"].as_array().into_iter().flatten();
        let of_query = all.filter(|parameter| parameter["in"] == "query");
        of_query
            .map(|one| (one["name"].as_str().expect("a name"), &one["schema"], one["required"] == true))
            .collect()
    }

    pub(super) async fn send(&self, operation: &Operation, input: &Input) -> Answer {
        let path = self.world.path(operation.path);
        self.world.send(&operation.method, &path, input, Self::who(operation)).await
    }

    /// Sends a body as it is.
    pub(super) async fn send_body(
        &self,
        operation: &Operation,
        kind: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let Input { query, .. } = self.input(operation);
        let input = Input { query, ..Input::default() };
        let path = self.world.path(operation.path);
        self.world.send(&operation.method, &path, &input, Self::who(operation)).body(kind, body).await
    }

    /// Nothing was changed, unless something was taken that may be.
    pub(super) async fn changed_nothing(&mut self, operation: &Operation, took_something: bool) {
        let after = tables(&self.world).await;
        if !took_something {
            let difference = after.iter().find(|row| !self.before.contains(row));
            assert!(after == self.before, "{operation:?} refused everything and changed {difference:?}");
        }
        self.before = after;
    }

    /// Tries inputs, and looks at the tables after them.
    pub(super) async fn try_inputs(&mut self, operation: &Operation, inputs: Vec<(Input, Expected)>) {
        let mut took_something = false;
        for (input, expected) in inputs {
            let answer = self.send(operation, &input).await;
            took_something |= !answer.status.is_client_error();
            check(&answer, &expected, &format!("{input:?}"));
        }
        self.changed_nothing(operation, took_something).await;
    }
}

#[track_caller]
pub(super) fn check(answer: &Answer, expected: &Expected, sent: &str) {
    let sent: String = sent.chars().take(500).collect();
    assert!(!answer.status.is_server_error(), "{sent}{answer}");
    if let Expected::Refused(named) = expected {
        assert!(answer.status.is_client_error(), "{sent}{answer}");
        // What does not exist is called by what was sent.
        let is_named = message(answer).contains(named) || answer.status == StatusCode::NOT_FOUND;
        assert!(is_named, "'{named}' is not named: {sent}{answer}");
    }
    if answer.status.is_client_error() {
        message(answer);
    }
}

/// The message of an error, which must have the shape of one.
#[track_caller]
fn message(answer: &Answer) -> String {
    let body = answer.json();
    let is_text = |pointer: &str| body.pointer(pointer).is_some_and(Value::is_string);
    assert!(is_text("/detail/0") && is_text("/detail/1") && is_text("/code"), "{answer}");
    body["detail"][1].as_str().unwrap_or_default().to_owned()
}

/// All rows of all tables.
async fn tables(world: &World) -> Vec<String> {
    let mut raw = world.server.platform.store.raw().await;
    let is_sqlite = matches!(raw, Raw::Sqlite(_));
    let list = if is_sqlite {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
    } else {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    };
    let mut rows = Vec::new();
    for table in raw.texts(list).await {
        let row = if is_sqlite {
            let columns = raw.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            columns
                .iter()
                .map(|column| format!("quote(\"{column}\")"))
                .collect::<Vec<_>>()
                .join(" || ', ' || ")
        } else {
            format!("\"{table}\"::text")
        };
        let found = raw.texts(&format!("SELECT {row} FROM \"{table}\" ORDER BY 1")).await;
        rows.extend(found.into_iter().map(|row| format!("{table}: {row}")));
    }
    rows
}
