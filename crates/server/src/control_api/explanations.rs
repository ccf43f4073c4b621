//! Why somebody may or may not, who may, what somebody may, and what a change would make of it.

use control::explanations::{Affected, Asked, Hypothesis};
use control::roles::AssignmentInput;
use control::scopes::ScopeInput;
use control::{Patch, Standing};
use model::{
    Action, Assignee, CredentialId, Difference, Error, Explanation, Grants, Ground, Obstacle, OrganizationId,
    Place, Principal, PrincipalId, ProjectId, Result, RoleId, TeamId, WorkspaceId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{examples, get, post};
use crate::call::{Call, Memory};
use crate::input::{Json, NoFields, Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::{Json as Reply, List};
use crate::target::only_organization;
use crate::wire::User;

/// A right that is asked about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RightQuery {
    /// The account or credential whose right it is, by id; the caller if absent.
    principal: Option<Uuid>,
    /// What is to be done.
    action: String,
    /// With what: `[<project>:]<type>[/<id>]`, if it is in a workspace with `<workspace>@` in front.
    resource: String,
    /// The organization, if the resource names no workspace; may be left out by who belongs to one only.
    organization_id: Option<OrganizationId>,
    /// The workspace, if the resource does not name it.
    workspace_id: Option<WorkspaceId>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

/// A right of one account or credential that is asked about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnRightQuery {
    /// The account or credential whose right it is, by id; the caller if absent.
    principal: Option<Uuid>,
    /// What is to be done.
    action: String,
    /// With what: `[<project>:]<type>[/<id>]`, if it is in a workspace with `<workspace>@` in front.
    resource: String,
    /// The organization, if the resource names no workspace; may be left out by who belongs to one only.
    organization_id: Option<OrganizationId>,
    /// The workspace, if the resource does not name it.
    workspace_id: Option<WorkspaceId>,
}

impl From<OwnRightQuery> for RightQuery {
    fn from(query: OwnRightQuery) -> Self {
        let OwnRightQuery { principal, action, resource, organization_id, workspace_id } = query;
        Self { principal, action, resource, organization_id, workspace_id, offset: None, limit: None }
    }
}

/// Whose permissions are asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SubjectQuery {
    /// The account, by id; the caller if absent.
    principal: Option<Uuid>,
    /// A key or token, by id: what it leaves of its owner's permissions.
    credential: Option<Uuid>,
    /// The organization; may be left out by who belongs to one only.
    organization_id: Option<OrganizationId>,
}

/// A change that is not to be made yet. Exactly one of role, assign, unassign and credential.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhatIf {
    /// The organization; may be left out by who belongs to one only.
    organization_id: Option<OrganizationId>,
    /// A role would grant something else.
    role: Option<RoleChange>,
    /// A role would be given.
    assign: Option<AssignmentChange>,
    /// A role would be taken away.
    unassign: Option<AssignmentChange>,
    /// A key or token would be narrowed.
    credential: Option<CredentialChange>,
}

/// What a role would grant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoleChange {
    /// Which role.
    role_id: RoleId,
    /// `type:action`, either may be `*`.
    permissions: Vec<String>,
}

/// Who would hold a role, or no longer, and where. Exactly one of user and team.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the wire")]
struct AssignmentChange {
    /// Which role.
    role_id: RoleId,
    /// A user or service account.
    user_id: Option<PrincipalId>,
    /// A team.
    team_id: Option<TeamId>,
    /// In this workspace.
    workspace_id: Option<WorkspaceId>,
    /// In this project of the workspace.
    project_id: Option<ProjectId>,
}

impl AssignmentChange {
    fn read(&self) -> Result<(RoleId, Assignee, Place)> {
        let input = AssignmentInput {
            user_id: self.user_id,
            team_id: self.team_id,
            invitation_id: None,
            workspace_id: self.workspace_id,
            project_id: self.project_id,
        };
        Ok((self.role_id, input.assignee()?, input.place()?))
    }
}

/// What a key or token would be narrowed to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CredentialChange {
    /// Which key or token.
    credential_id: CredentialId,
    /// Its scope; null for none.
    #[serde(default)]
    scope: Patch<ScopeInput>,
}

/// Something that gives a right.
#[derive(Debug, Serialize, JsonSchema)]
struct GroundView {
    /// `superuser`, `role` or `share`.
    kind: &'static str,
    /// The role.
    role_id: Option<RoleId>,
    /// Its name.
    role_name: Option<String>,
    /// Where it is held, if in a workspace.
    workspace_id: Option<WorkspaceId>,
    /// Where it is held, if in a project.
    project_id: Option<ProjectId>,
    /// Through which team, if not directly.
    via_team: Option<TeamId>,
}

/// Whether somebody may do something, and why.
#[derive(Debug, Serialize, JsonSchema)]
struct ExplanationView {
    /// The account.
    principal: User,
    /// Whether it may.
    allowed: bool,
    /// All that gives the right.
    grounds: Vec<GroundView>,
    /// All that stands in its way: `account_inactive`, `organization_inactive`, `workspace_inactive`,
    /// `credential_scope`, `credential_inactive`, `not_a_member`, `nothing_grants_it`.
    obstacles: Vec<&'static str>,
}

/// What is held at a place beyond what is held above it.
#[derive(Debug, Serialize, JsonSchema)]
struct HeldView {
    /// In this workspace; null for the organization.
    workspace_id: Option<WorkspaceId>,
    /// In this project; null for the workspace.
    project_id: Option<ProjectId>,
    /// `type:action`, either may be `*`.
    permissions: Vec<String>,
}

/// All that somebody may do in an organization.
#[derive(Debug, Serialize, JsonSchema)]
struct EffectiveView {
    /// The account.
    principal: User,
    /// Place by place, the organization first.
    places: Vec<HeldView>,
}

/// What a change gives and takes at a place.
#[derive(Debug, Serialize, JsonSchema)]
struct DifferenceView {
    /// In this workspace; null for the organization.
    workspace_id: Option<WorkspaceId>,
    /// In this project; null for the workspace.
    project_id: Option<ProjectId>,
    /// What would be held that is not held now.
    gained: Vec<String>,
    /// What is held now and would not be.
    lost: Vec<String>,
}

/// Whom a change would concern, and how.
#[derive(Debug, Serialize, JsonSchema)]
struct AffectedView {
    /// The account.
    principal: User,
    /// Place by place.
    changes: Vec<DifferenceView>,
}

pub(super) fn operations() -> Vec<Operation> {
    const OTHERS: Access = Access::Authenticated(
        "one's own rights are everybody's to see; those of others need role_assignment:read there",
    );
    let ground = json!({
        "kind": "role", "role_id": "0a000000-0000-4000-8000-000000000007", "role_name": "Workspace Viewer",
        "workspace_id": "0a000000-0000-4000-8000-000000000004", "project_id": null, "via_team": null,
    });
    let explained = json!({
        "principal": examples::user(), "allowed": true, "grounds": [ground], "obstacles": [],
    });
    tagged(
        "RBAC",
        vec![
            Operation::new("explain_permission", get("/rbac/explain"), OTHERS, explain)
                .summary("Tells whether somebody may do something, and why or why not")
                .example(explained.clone()),
            Operation::new("list_who_can", get("/rbac/who_can"), OTHERS, who_can)
                .summary("Lists everybody who may do something, and why")
                .example(json!([explained])),
            Operation::new(
                "get_effective_permissions",
                get("/rbac/effective_permissions"),
                OTHERS,
                effective_permissions,
            )
            .summary("Shows all that an account, key or token may do in an organization, place by place")
            .example(json!({
                "principal": examples::user(),
                "places": [{"workspace_id": null, "project_id": null, "permissions": ["organization:read"]}],
            })),
            Operation::new("preview_change", post("/rbac/what_if"), OTHERS, what_if)
                .summary("Shows what a change of a role, assignment, key or token would give and take")
                .details("Nothing is changed.")
                .example(json!([{
                    "principal": examples::user(),
                    "changes": [
                        {"workspace_id": null, "project_id": null, "gained": ["member:read"], "lost": []},
                    ],
                }])),
        ],
    )
}

fn asked(call: &Call<Memory>, query: &RightQuery) -> Result<Asked> {
    let (front, resource) = match query.resource.split_once('@') {
        Some((workspace, resource)) => (Some(workspace.to_owned()), resource),
        None => (None, query.resource.as_str()),
    };
    let action = Action::parse(&query.action)
        .ok_or_else(|| Error::invalid("action", "is not an action; GET /permissions lists them"))?;
    let workspace = front.or(query.workspace_id.map(|id| id.to_string()));
    let organization = match workspace {
        Some(_) => None,
        None => Some(organization(call, query.organization_id)?),
    };
    Ok(Asked { organization, workspace, resource: resource.to_owned(), action })
}

fn organization(call: &Call<Memory>, named: Option<OrganizationId>) -> Result<String> {
    named.map_or_else(|| only_organization(call.who()?), |id| Ok(id.to_string()))
}

fn ground(standing: &Standing, ground: Ground) -> GroundView {
    let (kind, role, place, via_team) = match ground {
        Ground::Superuser => ("superuser", None, Place::Organization, None),
        Ground::Role { role, place, via_team } => ("role", Some(role), place, via_team),
        Ground::Share { via_team } => ("share", None, Place::Organization, via_team),
    };
    let named = role.and_then(|role| standing.organization.facts.roles.get(&role));
    GroundView {
        kind,
        role_id: role,
        role_name: named.map(|role| role.name.clone()),
        workspace_id: place.workspace(),
        project_id: place.project(),
        via_team,
    }
}

fn view(standing: &Standing, principal: &Principal, explanation: &Explanation) -> ExplanationView {
    ExplanationView {
        principal: principal.into(),
        allowed: explanation.is_allowed,
        grounds: explanation.grounds.iter().map(|one| ground(standing, *one)).collect(),
        obstacles: explanation.obstacles.iter().copied().map(Obstacle::as_str).collect(),
    }
}

async fn explain(
    call: &mut Call<Memory>,
    Query(query): Query<OwnRightQuery>,
) -> Result<Reply<ExplanationView>> {
    let query = RightQuery::from(query);
    let asked = asked(call, &query)?;
    let origin = call.raw.origin();
    let explained = call.platform().explain(call.who()?, query.principal, &asked, origin).await?;
    let (subject, standing, explanation) = explained;
    Ok(Reply(view(&standing, &subject.account.principal, &explanation)))
}

async fn who_can(call: &mut Call<Memory>, Query(query): Query<RightQuery>) -> Result<List<ExplanationView>> {
    let (asked, page) = (asked(call, &query)?, page(query.offset, query.limit)?);
    if query.principal.is_some() {
        return Err(Error::invalid("principal", "does not belong here; use /rbac/explain for one account"));
    }
    let (standing, able) = call.platform().who_can(call.who()?, &asked, call.raw.origin()).await?;
    let views = able.iter().map(|(principal, explanation)| view(&standing, principal, explanation));
    Ok(List(page.of(views.collect())))
}

async fn effective_permissions(
    call: &mut Call<Memory>,
    Query(query): Query<SubjectQuery>,
) -> Result<Reply<EffectiveView>> {
    let organization = organization(call, query.organization_id)?;
    let id = query.credential.or(query.principal);
    let (subject, _, effective) =
        call.platform().effective_permissions(call.who()?, id, organization).await?;
    let places = effective.iter().map(|(place, grants)| HeldView {
        workspace_id: place.workspace(),
        project_id: place.project(),
        permissions: grants.patterns(),
    });
    Ok(Reply(EffectiveView { principal: (&subject.account.principal).into(), places: places.collect() }))
}

async fn what_if(
    call: &mut Call<Memory>,
    (Query(NoFields {}), Json(input)): (Query<NoFields>, Json<WhatIf>),
) -> Result<Reply<Vec<AffectedView>>> {
    let organization = organization(call, input.organization_id)?;
    let hypothesis = hypothesis(call, input).await?;
    let origin = call.raw.origin();
    let (_, affected) = call.platform().what_if(call.who()?, organization, &hypothesis, origin).await?;
    Ok(Reply(affected.iter().map(affected_view).collect()))
}

fn affected_view(affected: &Affected) -> AffectedView {
    let change = |difference: &Difference| DifferenceView {
        workspace_id: difference.place.workspace(),
        project_id: difference.place.project(),
        gained: difference.gained.patterns(),
        lost: difference.lost.patterns(),
    };
    AffectedView {
        principal: (&affected.principal).into(),
        changes: affected.changes.iter().map(change).collect(),
    }
}

async fn hypothesis(call: &Call<Memory>, input: WhatIf) -> Result<Hypothesis> {
    match (input.role, input.assign, input.unassign, input.credential) {
        (Some(change), None, None, None) => {
            let patterns = change.permissions.iter().map(String::as_str);
            Ok(Hypothesis::Role(change.role_id, Grants::parse("role.permissions", patterns)?))
        }
        (None, Some(change), None, None) => {
            change.read().map(|(role, assignee, place)| Hypothesis::Assign(role, assignee, place))
        }
        (None, None, Some(change), None) => {
            change.read().map(|(role, assignee, place)| Hypothesis::Unassign(role, assignee, place))
        }
        (None, None, None, Some(change)) => {
            let wanted = match change.scope {
                Patch::Set(scope) => Some(scope),
                Patch::Keep | Patch::Clear => None,
            };
            let scope = call.platform().read_scope(call.who()?, wanted).await?;
            Ok(Hypothesis::Scope(change.credential_id, scope))
        }
        _ => Err(Error::invalid("role", "assign, unassign, credential: give exactly one of them")),
    }
}
