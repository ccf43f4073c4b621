//! Every operation that changes something, once, in an order in which each of them succeeds.

use std::collections::HashMap;

use serde_json::json;
use testkit::PASSWORD;
use uuid::Uuid;

use crate::harness::{Actor, Answer, Call, Client, Server};

/// The passwords that people type on the way.
pub(crate) const TYPED: [&str; 4] =
    [PASSWORD, "typed by the administrator", "typed at the reset", "typed by the person"];

const ADMIN: Actor = Actor::Admin;
const OLGA: Actor = Actor::OrganizationAdmin;
const MIA: Actor = Actor::Member;
const MACHINE: Actor = Actor::Machine;

/// One operation of the tour.
pub(crate) struct Step {
    pub(crate) operation: &'static str,
    pub(crate) actor: Actor,
    /// The id that the request was sent with.
    pub(crate) request_id: String,
    /// What the audit log must tell of it, in that order.
    pub(crate) events: Vec<&'static str>,
}

/// The steps so far.
pub(crate) struct Tour<'a> {
    server: &'a Server,
    pub(crate) steps: Vec<Step>,
    roles: HashMap<String, String>,
}

impl<'a> Tour<'a> {
    /// Takes the whole tour.
    pub(crate) async fn of(server: &'a Server) -> Self {
        let roles = server.as_(ADMIN).get("/organizations/home/roles").await.ok();
        let roles = roles.as_array().unwrap().iter();
        let id_of = |role: &serde_json::Value| {
            let text = |name: &str| role[name].as_str().unwrap().to_owned();
            (text("name"), text("id"))
        };
        let mut tour = Self { server, steps: Vec::new(), roles: roles.map(id_of).collect() };
        tour.people().await;
        tour.sessions().await;
        tour.access_tokens().await;
        tour.organizations().await;
        tour.service_accounts().await;
        tour.api_keys().await;
        tour.workspaces().await;
        tour.roles().await;
        tour.teams().await;
        tour.projects().await;
        tour.shares().await;
        tour
    }

    async fn step(
        &mut self,
        operation: &'static str,
        actor: Actor,
        events: &[&'static str],
        call: impl FnOnce(Client<'a>) -> Call<'a>,
    ) -> Answer {
        let client = self.server.as_(actor);
        self.step_of(operation, actor, events, call(client)).await
    }

    async fn step_of(
        &mut self,
        operation: &'static str,
        actor: Actor,
        events: &[&'static str],
        call: Call<'a>,
    ) -> Answer {
        let request_id = format!("tour-{}", self.steps.len());
        let answer = call.header("x-request-id", &request_id).await.expect(200);
        assert_eq!(answer.header("x-request-id"), Some(request_id.as_str()), "{answer}");
        self.steps.push(Step { operation, actor, request_id, events: events.to_vec() });
        answer
    }

    async fn people(&mut self) {
        let [_, first, reset, _] = TYPED;
        let query = [("username", "nina"), ("password", first)];
        let made = self.step("create_user", ADMIN, &["user.created"], |c| c.post("/users").query(&query));
        let path = format!("/users/{}", made.await.text_at("id"));
        let input = json!({"name": "Nina", "password": reset});
        self.step("update_user", ADMIN, &["user.updated"], |c| c.patch(&path).json(&input)).await;
        let (off, on) = (format!("{path}/deactivate"), format!("{path}/activate"));
        self.step("deactivate_user", ADMIN, &["user.updated"], |c| c.post(&off)).await;
        self.step("activate_user", ADMIN, &["user.updated"], |c| c.post(&on)).await;
        self.step("delete_user", ADMIN, &["user.deleted"], |c| c.delete(&path)).await;
        for actor in [MIA, Actor::Bot] {
            let input = json!({"name": "What people call it"});
            let call = |c: Client<'a>| c.patch("/users/me").json(&input);
            self.step("update_current_user", actor, &["user.updated"], call).await;
        }
    }

    async fn sessions(&mut self) {
        let [old, _, _, new] = TYPED;
        let form = [("username", "vera"), ("password", old)];
        let call = |c: Client<'a>| c.post("/auth/login").form(&form);
        let session = self.step("login", Actor::Nobody, &[], call).await.text_at("access_token");
        let call = self.server.bearing(&session).post("/auth/logout");
        self.step_of("logout", Actor::Viewer, &["session.ended"], call).await;
        let input = json!({"current_password": old, "new_password": new});
        let call = |c: Client<'a>| c.post("/users/me/password").json(&input);
        self.step("change_password", Actor::Viewer, &["user.password_changed"], call).await;
    }

    async fn access_tokens(&mut self) {
        let path = "/users/me/api_keys";
        let one = format!("{path}/laptop");
        let events = ["created", "updated", "rotated", "deleted"].map(|what| match what {
            "created" => ["personal_access_token.created"],
            "updated" => ["personal_access_token.updated"],
            "rotated" => ["personal_access_token.rotated"],
            _ => ["personal_access_token.deleted"],
        });
        self.life_of_key("access_token", MIA, (path, &one), events).await;
    }

    async fn api_keys(&mut self) {
        let path = "/organizations/home/service_accounts/bot/api_keys";
        let one = format!("{path}/laptop");
        let events = [["api_key.created"], ["api_key.updated"], ["api_key.rotated"], ["api_key.deleted"]];
        self.life_of_key("api_key", OLGA, (path, &one), events).await;
    }

    async fn life_of_key(
        &mut self,
        noun: &'static str,
        actor: Actor,
        (path, one): (&str, &str),
        [created, updated, rotated, deleted]: [[&'static str; 1]; 4],
    ) {
        let operation = |verb: &str| match (verb, noun) {
            ("create", "api_key") => "create_api_key",
            ("update", "api_key") => "update_api_key",
            ("rotate", "api_key") => "rotate_api_key",
            ("delete", "api_key") => "delete_api_key",
            ("create", _) => "create_access_token",
            ("update", _) => "update_access_token",
            ("rotate", _) => "rotate_access_token",
            _ => "delete_access_token",
        };
        let input = json!({"name": "laptop", "expires_in_days": 30});
        self.step(operation("create"), actor, &created, |c| c.post(path).json(&input)).await;
        let input = json!({"description": "on the desk"});
        self.step(operation("update"), actor, &updated, |c| c.patch(one).json(&input)).await;
        let (rotate, input) = (format!("{one}/rotate"), json!({"retain_period_minutes": 5}));
        self.step(operation("rotate"), actor, &rotated, |c| c.put(&rotate).json(&input)).await;
        self.step(operation("delete"), actor, &deleted, |c| c.delete(one)).await;
    }

    async fn organizations(&mut self) {
        let created = ["organization.created", "role_assignment.created"];
        let call = |c: Client<'a>| c.post("/organizations").query(&[("name", "mine")]);
        self.step("create_organization", MIA, &created, call).await;
        let input = json!({"description": "all mine"});
        let call = |c: Client<'a>| c.patch("/organizations/mine").json(&input);
        self.step("update_organization", MIA, &["organization.updated"], call).await;
        let call = |c: Client<'a>| c.delete("/organizations/mine");
        self.step("delete_organization", MIA, &["organization.deleted"], call).await;
        let (path, otto) = ("/organizations/home/members", self.server.cast.otto.id.to_string());
        let by_path = format!("{path}/{otto}");
        let query = [("user_id", otto.as_str())];
        let added = ["member.added", "role_assignment.created"];
        let removed = ["member.removed"];
        self.step("add_member", ADMIN, &added, |c| c.post(path).query(&query)).await;
        self.step("remove_member", OLGA, &removed, |c| c.delete(path).query(&query)).await;
        self.step("add_member", ADMIN, &added, |c| c.post(path).json(&json!({"user_id": otto}))).await;
        self.step("remove_member_by_path", OLGA, &removed, |c| c.delete(&by_path)).await;
        let limits = json!({"pipeline": 5});
        let call = |c: Client<'a>| c.put("/organizations/home/entitlements").json(&limits);
        self.step("set_entitlements", ADMIN, &["organization.entitlements_set"], call).await;
    }

    async fn service_accounts(&mut self) {
        let path = "/organizations/home/service_accounts";
        let events = ["service_account.created", "role_assignment.created", "api_key.created"];
        let input = json!({"username": "robot", "initial_api_key": true});
        self.step("create_service_account", OLGA, &events, |c| c.post(path).json(&input)).await;
        let one = format!("{path}/robot");
        let input = json!({"description": "cleans the floor"});
        let events = ["service_account.updated"];
        self.step("update_service_account", OLGA, &events, |c| c.patch(&one).json(&input)).await;
        let events = ["service_account.deleted"];
        self.step("delete_service_account", OLGA, &events, |c| c.delete(&one)).await;
    }

    async fn workspaces(&mut self) {
        let one = "/workspaces/ws-two";
        let input = json!({"name": "ws-two", "organization_id": self.server.cast.home.id});
        let call = |c: Client<'a>| c.post("/workspaces").json(&input);
        self.step("create_workspace", OLGA, &["workspace.created"], call).await;
        let input = json!({"description": "the second"});
        let updated = ["workspace.updated"];
        self.step("update_workspace", OLGA, &updated, |c| c.patch(one).json(&input)).await;
        let [off, on, key] =
            ["deactivate", "activate", "enrollment_key/rotate"].map(|what| format!("{one}/{what}"));
        self.step("deactivate_workspace", OLGA, &updated, |c| c.post(&off)).await;
        self.step("activate_workspace", OLGA, &updated, |c| c.post(&on)).await;
        let rotated = ["workspace.enrollment_key_rotated"];
        self.step("rotate_enrollment_key", OLGA, &rotated, |c| c.post(&key)).await;
        self.step("delete_workspace", OLGA, &["workspace.deleted"], |c| c.delete(one)).await;
        let reported = ["workspace.reported"];
        let call = |c: Client<'a>| c.patch("/workspace_status").header("zenml-server-version", "0.98.0");
        self.step("report_workspace_status", MACHINE, &reported, call).await;
        let (path, vera) = ("/workspaces/ws-one/members", self.server.cast.vera.id.to_string());
        let developer = self.roles["Workspace Developer"].clone();
        let query = [("user_id", vera.as_str()), ("role_id", developer.as_str())];
        let given = ["role_assignment.created"];
        self.step("add_workspace_member", OLGA, &given, |c| c.post(path).query(&query)).await;
        let taken = ["member.removed_from_place"];
        self.step("remove_workspace_member", OLGA, &taken, |c| c.delete(path).query(&query[..1])).await;
    }

    async fn roles(&mut self) {
        let home = self.server.cast.home.id;
        let input = json!({
            "name": "Reader", "organization_id": home, "level": "workspace", "permissions": ["stack:read"],
        });
        let made = self.step("create_role", OLGA, &["role.created"], |c| c.post("/roles").json(&input));
        let one = format!("/roles/{}", made.await.text_at("id"));
        let path = format!("{one}/assignments");
        let (vera, workspace) =
            (self.server.cast.vera.id.to_string(), self.server.cast.workspace.id.to_string());
        let query = [("user_id", vera.as_str()), ("workspace_id", workspace.as_str())];
        let (given, taken) = (["role_assignment.created"], ["role_assignment.deleted"]);
        self.step("assign_role", OLGA, &given, |c| c.post(&path).query(&query)).await;
        self.step("unassign_role", OLGA, &taken, |c| c.delete(&path).query(&query)).await;
        let more = json!({"permissions": ["stack:read", "flavor:read"]});
        self.step("update_role", OLGA, &["role.updated"], |c| c.patch(&one).json(&more)).await;
        let id = one.trim_start_matches("/roles/");
        let asked = json!({"organization_id": home, "assign": {"role_id": id, "user_id": vera, "workspace_id": workspace}});
        self.step("preview_change", OLGA, &[], |c| c.post("/rbac/what_if").json(&asked)).await;
        self.step("delete_role", OLGA, &["role.deleted"], |c| c.delete(&one)).await;
    }

    async fn teams(&mut self) {
        let input = json!({"name": "builders", "organization_id": self.server.cast.home.id});
        let made = self.step("create_team", OLGA, &["team.created"], |c| c.post("/teams").json(&input));
        let one = format!("/teams/{}", made.await.text_at("id"));
        let input = json!({"description": "who build things"});
        self.step("update_team", OLGA, &["team.updated"], |c| c.patch(&one).json(&input)).await;
        let (members, vera) = (format!("{one}/members"), self.server.cast.vera.id.to_string());
        let (query, by_path) = ([("user_id", vera.as_str())], format!("{members}/{vera}"));
        let (added, removed) = (["team.member_added"], ["team.member_removed"]);
        self.step("add_team_member", OLGA, &added, |c| c.post(&members).query(&query)).await;
        self.step("remove_team_member", OLGA, &removed, |c| c.delete(&members).query(&query)).await;
        self.step("add_team_member", OLGA, &added, |c| c.post(&members).query(&query)).await;
        self.step("remove_team_member_by_path", OLGA, &removed, |c| c.delete(&by_path)).await;
        self.step("delete_team", OLGA, &["team.deleted"], |c| c.delete(&one)).await;
    }

    async fn projects(&mut self) {
        let project = Uuid::from_u128(7);
        let (mia, vera) = (self.server.cast.mia.id.to_string(), self.server.cast.vera.id.to_string());
        let asks = [("user_id", mia.as_str()), ("action", "create")];
        let call = |c: Client<'a>| c.post("/rbac/check_permissions").query(&asks).json(&json!(["project"]));
        self.step("check_permissions", MACHINE, &[], call).await;
        let metadata = json!({"workspace_id": self.server.cast.workspace.id, "resource_id": project});
        let event = json!({"feature": "project", "total": 1, "metadata": metadata});
        let made = ["project.created", "project.claimed", "role_assignment.created"];
        let call = |c: Client<'a>| c.post("/usage-event").json(&event);
        self.step("record_usage_event", MACHINE, &made, call).await;
        let events = json!([{"feature": "pipeline_run", "total": 3}]);
        self.step("record_usage_batch", MACHINE, &[], |c| c.post("/usage-batch").json(&events)).await;
        let path = format!("/workspaces/ws-one/projects/{project}/members");
        let query = [("user_id", vera.as_str())];
        let (given, taken) = (["role_assignment.created"], ["member.removed_from_place"]);
        self.step("add_project_member", MIA, &given, |c| c.post(&path).query(&query)).await;
        self.step("remove_project_member", MIA, &taken, |c| c.delete(&path).query(&query)).await;
        let gone = [("resources", format!("project/{project}"))];
        let gone = gone.each_ref().map(|(name, value)| (*name, value.as_str()));
        let call = |c: Client<'a>| c.delete("/rbac/resources").query(&gone);
        self.step("delete_resources", MACHINE, &["resource.deleted"], call).await;
    }

    async fn shares(&mut self) {
        let shared = ["resource.shared"];
        let stack = format!("stack/{}", Uuid::from_u128(8));
        let cast = &self.server.cast;
        let (vera, mia) = (cast.vera.id.to_string(), cast.mia.id);
        let scoped = format!("{}@{stack}", cast.workspace.id);
        let input = json!({"user_id": vera, "sharing_user_id": mia, "resource": stack, "actions": ["read", "update"]});
        let path = "/rbac/resource_members";
        self.step("share_resource", MACHINE, &shared, |c| c.post(path).json(&input)).await;
        let query = [("resource", scoped.as_str()), ("user_id", vera.as_str())];
        self.step("unshare_resource", MIA, &shared, |c| c.delete(path).query(&query)).await;
    }
}
