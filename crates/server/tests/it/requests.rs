//! A request for every operation of the registry, such that the right caller succeeds with it. The fields come from
//! the OpenAPI document; what stands in them, from the one table here.

use http::Method;
use model::{Place, ProjectId};
use serde_json::{Map, Value, json};
use server::limits::Rate;
use server::{Operation, Settings};
use testkit::{Caller, PASSWORD};

use crate::harness::{Actor, Call, Client, Server};

/// The project of `ws-one`.
const PROJECT: &str = "0b000000-0000-4000-8000-000000000001";
/// A key that was never given out.
const UNKNOWN_KEY: &str = "ZENPROKEY_AaIH9bCIe4mXBslBk-JKgH6LsuBhdYq2Goqlu938odfxSzYc-7yTt_foEcIt";

/// A server and what the requests are about.
pub(crate) struct World {
    pub(crate) server: Server,
    /// Belongs to `home` and holds a role everywhere: whom the requests are about.
    tess: Caller,
    /// Belonged to `home` until she was deactivated.
    dora: Caller,
    /// Has just got an account and not changed the first password.
    nina: Caller,
    /// A role that `home` has made for itself, held by tess.
    role: String,
    /// Another one, held by nobody.
    unheld_role: String,
    /// A team of `home`, with tess in it.
    team: Option<String>,
}

/// Who calls, in the order in which the table shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Actor(Actor),
    /// With a token that is none.
    Garbled,
    /// With a key that was never given out.
    Unknown,
    /// With the session of somebody who was deactivated since.
    Deactivated,
    /// Who has to change the first password.
    Newcomer,
    /// Whoever holds this.
    Bearing(&'static str),
}

impl Who {
    pub(crate) const ALL: [(Self, &str); 12] = [
        (Self::Actor(Actor::Nobody), "nobody"),
        (Self::Garbled, "garbled"),
        (Self::Unknown, "unknown"),
        (Self::Deactivated, "deactivated"),
        (Self::Actor(Actor::Machine), "machine"),
        (Self::Newcomer, "newcomer"),
        (Self::Actor(Actor::Outsider), "outsider"),
        (Self::Actor(Actor::Bot), "bot"),
        (Self::Actor(Actor::Viewer), "viewer"),
        (Self::Actor(Actor::Member), "ws-admin"),
        (Self::Actor(Actor::OrganizationAdmin), "org-admin"),
        (Self::Actor(Actor::Admin), "superuser"),
    ];

    /// Comes with no credential that holds.
    pub(crate) fn is_unknown(self) -> bool {
        matches!(self, Self::Actor(Actor::Nobody) | Self::Garbled | Self::Unknown | Self::Deactivated)
    }

    pub(crate) fn is_machine(self) -> bool {
        self == Self::Actor(Actor::Machine)
    }
}

/// The fields of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Input {
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) is_form: bool,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let unlimited = Rate { per_minute: 0, burst: 0 };
        let server = Server::with(|settings| {
            // Whoever asks thousands of questions must get an answer to each.
            settings.failed_sign_ins = unlimited;
            settings.credential_calls = unlimited;
            change(settings);
        });
        Self::on(server.await).await
    }

    async fn on(server: Server) -> Self {
        let (platform, cast) = (&server.platform, &server.cast);
        let (admin, home, workspace) = (&cast.admin, &cast.home, cast.workspace.id);
        let tess = platform.member(admin, home, "tess", "Organization Member").await;
        let dora = platform.member(admin, home, "dora", "Organization Member").await;
        let nina = platform.new_user(admin, "nina").await;
        let project = Place::Project(workspace, PROJECT.parse::<ProjectId>().expect("an id"));
        let metadata = json!({"resource_id": PROJECT});
        let report = json!({"feature": "project", "total": 1, "metadata": metadata});
        server.as_(Actor::Machine).post("/usage-event").json(&report).await.ok();
        for (place, role) in [(Place::Workspace(workspace), "Workspace Viewer"), (project, "Project Viewer")]
        {
            platform.assign(admin, home, tess.id, place, role).await.expect("cannot assign the role");
        }
        let robot = json!({"username": "robot", "initial_api_key": true});
        let accounts = format!("/organizations/{}/service_accounts", home.id);
        server.as_(Actor::Admin).post(&accounts).json(&robot).await.ok();
        server.as_(Actor::Admin).post(&format!("/users/{}/deactivate", dora.id)).await.ok();
        let (role, unheld_role) = (Self::role(&server, "held").await, Self::role(&server, "unheld").await);
        let held = format!("/roles/{role}/assignments");
        server.as_(Actor::Admin).post(&held).json(&json!({"user_id": tess.id})).await.ok();
        let team = Self::team(&server, &tess).await;
        Self { server, tess, dora, nina, role, unheld_role, team }
    }

    async fn role(server: &Server, name: &str) -> String {
        let input = json!({
            "name": name, "organization_id": server.cast.home.id, "level": "organization",
            "permissions": ["member:read"],
        });
        server.as_(Actor::Admin).post("/roles").json(&input).await.text_at("id")
    }

    async fn team(server: &Server, member: &Caller) -> Option<String> {
        let admin = server.as_(Actor::Admin);
        let input = json!({"name": "team", "organization_id": server.cast.home.id});
        let made = admin.post("/teams").json(&input).await;
        let id = made.json()["id"].as_str()?.to_owned();
        admin.post(&format!("/teams/{id}/members")).json(&json!({"user_id": member.id})).await.ok();
        Some(id)
    }

    /// Talks to the server as that one does.
    pub(crate) fn as_(&self, who: Who) -> Client<'_> {
        match who {
            Who::Actor(actor) => self.server.as_(actor),
            Who::Garbled => self.server.bearing("eyJhbGciOiJub25lIn0.e30.x"),
            Who::Unknown => self.server.bearing(UNKNOWN_KEY),
            Who::Deactivated => self.server.bearing(self.dora.bearer.expose()),
            Who::Newcomer => self.server.bearing(self.nina.bearer.expose()),
            Who::Bearing(token) => self.server.bearing(token),
        }
    }

    /// The request of an operation, at that spelling of it.
    pub(crate) async fn request(
        &self,
        operation: &Operation,
        (method, path): (&Method, &str),
        who: Who,
        document: &Value,
    ) -> Call<'_> {
        if path.contains("/users/me/") && path.contains("{key}") {
            // The token is the caller's own. Callers who cannot have one are refused here and there.
            self.as_(who).post("/users/me/api_keys").json(&json!({"name": "laptop"})).await;
        }
        let input = self.input(operation, who, document);
        let path = self.path(path);
        // A role that somebody holds is not deleted.
        let path =
            if operation.id == "delete_role" { path.replace(&self.role, &self.unheld_role) } else { path };
        self.send(method, &path, &input, who)
    }

    pub(crate) fn send(&self, method: &Method, path: &str, input: &Input, who: Who) -> Call<'_> {
        let call = self.as_(who).call(method.clone(), path);
        let pairs: Vec<(&str, &str)> = input.query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let call = if pairs.is_empty() { call } else { call.query(&pairs) };
        match &input.body {
            None => call,
            Some(Value::Object(fields)) if input.is_form => {
                let texts = fields.iter().map(|(name, value)| (name.as_str(), text_of(value)));
                let texts: Vec<(&str, String)> = texts.collect();
                call.form(&texts.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>())
            }
            Some(body) => call.json(body),
        }
    }

    /// The path with what its parameters name.
    pub(crate) fn path(&self, path: &str) -> String {
        path.split('/').map(|part| self.part(path, part)).collect::<Vec<_>>().join("/")
    }

    fn part(&self, path: &str, part: &str) -> String {
        let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
            return part.to_owned();
        };
        match name {
            "organization" => self.server.cast.home.id.to_string(),
            "workspace" => self.server.cast.workspace.id.to_string(),
            "project" => PROJECT.to_owned(),
            "account" => "robot".to_owned(),
            "key" if path.contains("{account}") => "default".to_owned(),
            "key" => "laptop".to_owned(),
            "user" => self.tess.id.to_string(),
            "role" => self.role.clone(),
            "team" => self.team.clone().expect("there is no team"),
            "feature" => "pipeline".to_owned(),
            "name" => "unheard-of".to_owned(),
            _ => panic!("say here what the parameter {name} of {path} names"),
        }
    }

    /// The fields of an operation: those that it must have, and those that make it succeed.
    pub(crate) fn input(&self, operation: &Operation, who: Who, document: &Value) -> Input {
        let described = &document["paths"][operation.path][operation.method.as_str().to_lowercase()];
        let mut input = Input { is_form: operation.input.form.is_some(), ..Input::default() };
        let parameters = described["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|p| p["in"] == "query" && p["required"] == true) {
            let name = parameter["name"].as_str().expect("a parameter has a name");
            input.query.push((name.to_owned(), text_of(&self.value(name, who))));
        }
        let contents = described["requestBody"]["content"].as_object();
        if let Some(content) = contents.and_then(|contents| contents.values().next()) {
            let schema = crate::schema::resolve(document, &content["schema"]);
            let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields: Map<String, Value> =
                names.map(|name| (name.to_owned(), self.value(name, who))).collect();
            input.body = Some(Value::Object(fields));
        }
        // Whoever belongs to several organizations has to say which one is meant.
        let parameters = described["parameters"].as_array().into_iter().flatten();
        if input.body.is_none() && parameters.into_iter().any(|p| p["name"] == "organization_id") {
            input.query.push(("organization_id".to_owned(), self.server.cast.home.id.to_string()));
        }
        self.add(operation.id, &mut input);
        input
    }

    /// What an operation needs beside the fields that its document calls required.
    fn add(&self, operation: &str, input: &mut Input) {
        let cast = &self.server.cast;
        let (workspace, organization) = (cast.workspace.id.to_string(), cast.home.id.to_string());
        let fields = match operation {
            "login" => json!({"password": cast.bot.bearer.expose()}),
            "add_member" => json!({"user_id": cast.otto.id}),
            "add_workspace_member" | "add_project_member" | "assign_role" | "add_team_member" => {
                json!({"user_id": cast.mia.id})
            }
            "remove_workspace_member" | "remove_project_member" | "unassign_role" => {
                json!({"user_id": self.tess.id})
            }
            "create_workspace" => json!({"name": "ws-two", "organization_id": organization}),
            "share_resource" => json!({
                "workspace_id": workspace, "user_id": self.tess.id, "actions": ["read"],
            }),
            "unshare_resource" => json!({"workspace_id": workspace, "user_id": self.tess.id}),
            "record_usage_event" => json!({"feature": "pipeline", "total": 1}),
            "update_organization"
            | "update_team"
            | "update_workspace"
            | "update_service_account"
            | "update_api_key"
            | "update_access_token" => json!({"description": "changed"}),
            "update_user" | "update_current_user" => json!({"name": "Changed"}),
            "preview_change" => json!({
                "organization_id": organization, "assign": {"role_id": self.role, "user_id": cast.mia.id},
            }),
            "create_role" => json!({"level": "workspace", "permissions": ["stack:read"]}),
            "set_entitlements" => json!({"pipeline": 5}),
            "check_permissions" | "delete_resources" | "check_permissions_by_query" => Value::Null,
            _ => json!({}),
        };
        match operation {
            "check_permissions" => input.body = Some(json!(["pipeline"])),
            "record_usage_batch" => input.body = Some(json!([{"feature": "pipeline", "total": 1}])),
            "list_resource_members" | "explain_permission" | "list_who_can" => {
                input.query.push(("workspace_id".to_owned(), workspace));
            }
            "check_permissions_by_query" | "delete_resources" => {
                input.query.push(("resources".to_owned(), resource()));
            }
            _ => {}
        }
        if let (Some(Value::Object(body)), Value::Object(fields)) = (&mut input.body, fields) {
            body.extend(fields);
        }
    }

    /// What stands in a field of that name.
    fn value(&self, name: &str, who: Who) -> Value {
        let cast = &self.server.cast;
        match name {
            "name" => json!("something"),
            "username" => json!("somebody"),
            "password" | "new_password" => json!("a password that nobody has"),
            "current_password" => match who {
                Who::Actor(Actor::Admin) => json!(self.server.started.password.expose()),
                _ => json!(PASSWORD),
            },
            "organization_id" => json!(cast.home.id),
            "server_id" => json!(cast.workspace.id),
            "user_id" => json!(self.tess.id),
            "action" => json!("read"),
            "resource" => json!(resource()),
            _ => panic!("say here what stands in the field {name}"),
        }
    }
}

/// One pipeline of the project.
fn resource() -> String {
    format!("{PROJECT}:pipeline/0b000000-0000-4000-8000-000000000002")
}

/// A value as a query or form has it.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
