//! The questions of workspace servers: who may do what.

use std::fmt;

use control::projects;
use control::sharing::{self, ShareInput};
use model::{
    Action, Error, ErrorKind, PrincipalId, Read, Resource, ResourceType, Result, WorkspaceId, Write,
};
use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use uuid::Uuid;

use super::{delete, get, may, post};
use crate::call::{Call, Memory};
use crate::input::{Fields, Json, Query};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Done, Json as Reply};
use crate::target::Target;
use crate::wire::{TeamRef, User};

/// Who wants to do what.
#[derive(Debug, Deserialize, JsonSchema)]
struct CheckQuery {
    /// The account, as the workspace server knows it.
    user_id: String,
    /// The action.
    action: String,
}

/// The same, with the resources in the query.
#[derive(Debug, Deserialize, JsonSchema)]
struct CheckAllQuery {
    /// The account, as the workspace server knows it.
    user_id: String,
    /// The action.
    action: String,
    /// The resources.
    #[serde(default)]
    resources: Vec<String>,
}

/// On which of a type may somebody do something.
#[derive(Debug, Deserialize, JsonSchema)]
struct AllowedQuery {
    /// The account, as the workspace server knows it.
    user_id: String,
    /// The resource type, with its project if it has one.
    resource: String,
    /// The action.
    action: String,
}

/// For each resource, as it was written, yes or no.
#[derive(Debug)]
struct Checked {
    resources: Vec<String>,
    allowed: Vec<bool>,
}

impl Serialize for Checked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.resources.len()))?;
        for (resource, allowed) in self.resources.iter().zip(&self.allowed) {
            map.serialize_entry(resource, allowed)?;
        }
        map.end()
    }
}

impl JsonSchema for Checked {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CheckedPermissions".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object", "additionalProperties": {"type": "boolean"}})
    }
}

/// On which of a type something is allowed.
#[derive(Debug, Serialize, JsonSchema)]
struct AllowedIds {
    /// On all; the ids do not matter then.
    full_access: bool,
    /// On these.
    ids: Vec<Uuid>,
}

/// Which resource.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResourceQuery {
    /// Which: `[<project>:]<type>/<id>`, or with the workspace in front: `<workspace id>@…`.
    resource: String,
    /// The workspace, if the resource does not say it.
    #[expect(dead_code, reason = "the target of the operation reads it")]
    workspace_id: Option<WorkspaceId>,
}

/// Whose share of which resource.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ShareRef {
    /// Which: `[<project>:]<type>/<id>`, or with the workspace in front: `<workspace id>@…`.
    resource: String,
    /// The workspace, if the resource does not say it.
    #[expect(dead_code, reason = "the target of the operation reads it")]
    workspace_id: Option<WorkspaceId>,
    /// This user's.
    user_id: Option<Uuid>,
    /// This team's.
    team_id: Option<Uuid>,
}

/// Resources that are gone.
#[derive(Debug, Deserialize, JsonSchema)]
struct GoneQuery {
    /// Which.
    #[serde(default)]
    resources: Vec<String>,
}

/// Somebody with whom a resource is shared.
#[derive(Debug, Serialize, JsonSchema)]
struct ResourceMember {
    /// The user or service account; null for teams.
    user: Option<User>,
    /// The team; null for users.
    team: Option<TeamRef>,
    /// What is allowed.
    allowed_actions: Vec<&'static str>,
}

pub(super) fn operations() -> Vec<Operation> {
    const MEMBERS: &str = "/rbac/resource_members";
    let asks = Access::Authenticated(
        "answers machines only, about their own workspace, and answers no for a closed one",
    );
    let over = |action| Access::Permission(may(ResourceType::RoleAssignment, action), Target::WorkspaceField);
    tagged(
        "RBAC",
        vec![
            Operation::new("check_permissions", post("/rbac/check_permissions"), asks, check)
                .summary("Tells for each resource whether an account may do something")
                .details("Every resource comes back, word for word. Unknown accounts may do nothing.")
                .example(json!({"stack": true, "0b000000-0000-4000-8000-000000000001:pipeline": false}))
                .large()
                .unlimited(),
            Operation::new(
                "check_permissions_by_query",
                get("/rbac/check_permissions"),
                asks,
                check_by_query,
            )
            .summary("The same, with the resources in the query")
            .example(json!({"stack": true}))
            .unlimited(),
            Operation::new("list_allowed_resource_ids", get("/rbac/allowed_resource_ids"), asks, allowed_ids)
                .summary("Tells on which resources of a type an account may do something")
                .example(json!({"full_access": false, "ids": ["0b000000-0000-4000-8000-000000000002"]}))
                .unlimited(),
            Operation::new(
                "share_resource",
                post(MEMBERS),
                Access::Authenticated("machines share in their own workspace; people what they may share"),
                share,
            )
            .summary("Replaces what a user or team may do with one resource; nothing ends the share")
            .example(json!(null))
            .unlimited(),
            Operation::new("list_resource_members", get(MEMBERS), over(Action::Read), list_members)
                .summary("Lists with whom a resource is shared")
                .example(json!([])),
            Operation::new("unshare_resource", delete(MEMBERS), over(Action::Delete), unshare)
                .summary("Ends a share, at once")
                .example(json!(null)),
            Operation::new("delete_resources", delete("/rbac/resources"), Access::Machine, delete_resources)
                .summary(
                    "Forgets the shares of resources that are gone; of a project with all that was in it",
                )
                .example(json!(null))
                .unlimited(),
        ],
    )
}

fn action(word: &str) -> Result<Action> {
    Action::parse(word).ok_or_else(|| Error::invalid("action", format!("'{}' is not an action", Short(word))))
}

/// The account that a server names. What is no id is nobody: the answer to a server is never an error.
fn account(text: &str) -> PrincipalId {
    text.parse().unwrap_or(PrincipalId(Uuid::nil()))
}

struct Short<'a>(&'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().take(64).try_for_each(|c| write!(f, "{c}"))
    }
}

async fn check(
    call: &mut Call<Memory>,
    (Query(query), Json(resources)): (Query<CheckQuery>, Json<Vec<String>>),
) -> Result<Reply<Checked>> {
    answer(call, &query.user_id, &query.action, resources).await
}

async fn check_by_query(
    call: &mut Call<Memory>,
    Query(query): Query<CheckAllQuery>,
) -> Result<Reply<Checked>> {
    answer(call, &query.user_id, &query.action, query.resources).await
}

/// Whether the answer lets somebody make a project.
fn allows_project(action: Action, resources: &[String], allowed: &[bool]) -> bool {
    action == Action::Create
        && resources.iter().zip(allowed).any(|(resource, allowed)| *allowed && resource == "project")
}

async fn answer(
    call: &mut Call<Memory>,
    user: &str,
    word: &str,
    resources: Vec<String>,
) -> Result<Reply<Checked>> {
    let entry = call.machine()?.clone();
    let (user, action) = (account(user), action(word)?);
    let (platform, who) = (call.platform(), call.who()?);
    let mut allowed = platform.check_permissions(&entry, user, action, &resources).await?;
    let candidates = &call.app.project_candidates;
    if allows_project(action, &resources, &allowed) {
        let account = platform.account_known_as(user).await?;
        let creator = account.map_or(user, |(account, _)| account.principal.id);
        candidates.note(entry.facts.workspace.id, creator, platform.now());
    }
    if let Some(project) = projects::asked_after(action, &resources) {
        let candidates = candidates.of(entry.facts.workspace.id, platform.now());
        let (so_far, origin) = ((candidates.as_slice(), allowed == [true]), call.raw.origin());
        if platform.claim_project(who, &entry, (user, project), so_far, origin).await? {
            allowed = platform.check_permissions(&entry, user, action, &resources).await?;
        }
    }
    Ok(Reply(Checked { resources, allowed }))
}

async fn allowed_ids(
    call: &mut Call<Memory>,
    Query(query): Query<AllowedQuery>,
) -> Result<Reply<AllowedIds>> {
    let entry = call.machine()?.clone();
    let resource =
        Resource::parse(&query.resource).map_err(|error| Error::invalid("resource", error.to_string()))?;
    let allowed = call.platform().allowed_resource_ids(
        &entry,
        account(&query.user_id),
        action(&query.action)?,
        &resource,
    );
    let allowed = allowed.await?;
    Ok(Reply(AllowedIds { full_access: allowed.full_access, ids: allowed.ids }))
}

async fn share(call: &mut Call<Memory>, Fields(mut input): Fields<ShareInput>) -> Result<Done> {
    if let Ok(entry) = call.machine().cloned() {
        let who = call.who()?.clone();
        call.platform().share_as_machine(&who, &entry, &input, call.raw.origin()).await?;
        return Ok(Done);
    }
    let caller = call.account()?.id;
    if input.sharing_user_id.is_some_and(|id| id != caller) {
        let message = "Only workspace servers can share for somebody else.";
        return Err(Error::new(ErrorKind::Forbidden, model::error::code::WRONG_CREDENTIAL, message));
    }
    input.sharing_user_id = Some(caller);
    let workspace = input.take_workspace().ok_or_else(|| Error::invalid("workspace_id", "is missing"))?;
    let who = call.who()?.clone();
    call.platform().share_as_person(&who, workspace, &input, call.raw.origin()).await.map(|()| Done)
}

/// The resource without the workspace in front.
fn bare(text: &str) -> String {
    text.split_once('@').map_or(text, |(_, resource)| resource).to_owned()
}

async fn list_members(
    call: &mut Call<Read>,
    Query(query): Query<ResourceQuery>,
) -> Result<Reply<Vec<ResourceMember>>> {
    let resource = bare(&query.resource);
    let resource = sharing::shareable(&resource)?.to_string();
    let mut members = Vec::new();
    for share in call.session().list_shares(&resource).await? {
        let (user, team) = if share.is_team {
            (None, call.session().find_team(model::TeamId(share.grantee)).await?)
        } else {
            (call.platform().store.facts().principal(PrincipalId(share.grantee)).await?, None)
        };
        members.push(ResourceMember {
            user: user.map(|facts| (&facts.principal).into()),
            team: team.as_ref().map(TeamRef::from),
            allowed_actions: share.actions.iter().map(Action::as_str).collect(),
        });
    }
    Ok(Reply(members))
}

async fn unshare(call: &mut Call<Write>, Fields(query): Fields<ShareRef>) -> Result<Done> {
    let workspace = call.workspace()?.clone();
    let input = ShareInput {
        user_id: query.user_id,
        team_id: query.team_id,
        sharing_user_id: Some(call.account()?.id),
        resource: bare(&query.resource),
        actions: Vec::new(),
        workspace_id: None,
    };
    sharing::share(call.session(), &workspace, &input).await.map(|()| Done)
}

async fn delete_resources(call: &mut Call<Write>, Query(query): Query<GoneQuery>) -> Result<Done> {
    let workspace = call.workspace()?.clone();
    sharing::forget(call.session(), &workspace, &query.resources).await.map(|()| Done)
}
