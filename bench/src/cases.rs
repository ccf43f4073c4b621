//! What is measured: each case a name and the requests that are sent in turn.

use anyhow::{Context, Result};
use model::PrincipalId;
use serde_json::Value;

use crate::connection::{Connection, Request};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const CEILING: &str = "constant body";
/// Resources in a batch.
const BATCH: usize = 1_000;

/// A case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) requests: Vec<Vec<u8>>,
}

impl Case {
    /// Whether it is the one that the others are compared with.
    pub(crate) fn is_ceiling(&self) -> bool {
        self.name == CEILING
    }
}

/// Who calls.
#[derive(Default)]
pub(crate) struct Callers {
    pub(crate) workspace: String,
    pub(crate) client_secret: String,
    /// Whose permissions are asked for.
    pub(crate) account: String,
    pub(crate) keys: Vec<String>,
    pub(crate) fresh: Vec<String>,
    pub(crate) sessions: Vec<String>,
    pub(crate) machine: String,
}

impl Callers {
    /// Gets a session for each key, and one for the machine.
    pub(crate) async fn sign_in(&mut self, address: &str) -> Result<()> {
        let mut connection = Connection::open(address).await?;
        let mut login = async |form: String| -> Result<String> {
            let answer = connection.exchange(&login_request(&form)).await?;
            let answer: Value = serde_json::from_slice(answer)?;
            let token = answer.get("access_token").and_then(Value::as_str);
            Ok(token.context("no access token")?.to_owned())
        };
        for key in &self.keys {
            self.sessions.push(login(format!("password={key}")).await?);
        }
        let (id, secret) = (&self.workspace, &self.client_secret);
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        self.machine = login(form).await?;
        Ok(())
    }

    /// The cases that are measured in turns, the ceiling first.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let me = |bearers: &[String]| bearers.iter().map(|bearer| get("/users/me", bearer)).collect();
        let first = |bearers: &[String]| bearers.iter().take(1).cloned().collect::<Vec<_>>();
        let health = Request { method: "GET", path: "/health", ..Request::default() };
        let forms = self.keys.iter().map(|key| login_request(&format!("password={key}")));
        let allowed =
            format!("/rbac/allowed_resource_ids?user_id={}&resource={}&action=read", self.account, "stack");
        let case = |name, requests| Case { name, requests };
        vec![
            case(CEILING, vec![health.bytes()]),
            case("me, one token", me(&first(&self.keys))),
            case("me, 1,000 tokens", me(&self.keys)),
            case("me, one session", me(&first(&self.sessions))),
            case("me, 1,000 sessions", me(&self.sessions)),
            case("login, 1,000 keys", forms.collect()),
            case("one permission", vec![self.check(&["stack".to_owned()])]),
            case("allowed ids", vec![get(&allowed, &self.machine)]),
        ]
    }

    /// A question about as many resources as a page of a workspace's API can hold.
    pub(crate) fn batch(&self) -> Case {
        let project = "0b000000-0000-4000-8000-000000000001";
        let id = |number: usize| format!("{project}:pipeline/0c000000-0000-4000-8000-{number:012x}");
        let resources: Vec<String> = (0..BATCH).map(id).collect();
        Case { name: "1,000 permissions", requests: vec![self.check(&resources)] }
    }

    /// Requests with tokens that were not used before.
    pub(crate) fn each_once(&self) -> Case {
        let requests = self.fresh.iter().map(|key| get("/users/me", key)).collect();
        Case { name: "me, first use of each token", requests }
    }

    fn check(&self, resources: &[String]) -> Vec<u8> {
        question(self, &self.account, resources)
    }

    /// Which of a type somebody may read.
    pub(crate) fn allowed_ids(&self, who: &PrincipalId, kind: &str) -> Vec<u8> {
        let path = format!("/rbac/allowed_resource_ids?user_id={who}&resource={kind}&action=read");
        get(&path, &self.machine)
    }
}

/// Whether somebody may read resources.
pub(crate) fn question(callers: &Callers, who: &str, resources: &[String]) -> Vec<u8> {
    let path = format!("/rbac/check_permissions?user_id={who}&action=read");
    let body = Value::from(resources).to_string();
    let bearer = Some(callers.machine.as_str());
    Request { method: "POST", path: &path, bearer, content_type: Some(JSON), body: &body }.bytes()
}

fn get(path: &str, bearer: &str) -> Vec<u8> {
    Request { method: "GET", path, bearer: Some(bearer), ..Request::default() }.bytes()
}

fn login_request(form: &str) -> Vec<u8> {
    let content_type = Some(FORM);
    Request { method: "POST", path: "/auth/login", bearer: None, content_type, body: form }.bytes()
}
