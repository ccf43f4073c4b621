//! Sharing single resources, and forgetting them when they are gone.

use model::access::{WorkspaceRights, implied};
use model::audit::Origin;
use model::permission::ActionSet;
use model::{
    Action, CredentialScope, Error, Grants, Permission, PrincipalId, ProjectId, Resource, ResourceType,
    Result, Shares, TeamId, Workspace, WorkspaceId, Write,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::{Session, Share, Shared, WorkspaceEntry};
use uuid::Uuid;

use crate::authentication::Authenticated;
use crate::standing::Standing;
use crate::{Platform, TargetRef, audit, authorize};

/// What somebody is to be allowed on one resource from now on. Exactly one of user and team.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ShareInput {
    /// With this user or service account.
    #[serde(default)]
    pub user_id: Option<Uuid>,
    /// With this team.
    #[serde(default)]
    pub team_id: Option<Uuid>,
    /// In this workspace; servers need not say it, their token does.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
    /// Who shares it.
    #[serde(default)]
    pub sharing_user_id: Option<PrincipalId>,
    /// Which one: `[<project>:]<type>/<id>`.
    pub resource: String,
    /// What is allowed; replaces what was. Nothing ends the share.
    #[serde(default)]
    pub actions: Vec<String>,
}

/// Replaces what somebody may do with a resource of the permit's workspace.
pub async fn share(session: &mut Session<Write>, workspace: &Workspace, input: &ShareInput) -> Result<()> {
    let resource = shareable(&input.resource)?;
    let (grantee, is_team) = match (input.user_id, input.team_id) {
        (Some(user), None) => (user, false),
        (None, Some(team)) => (team, true),
        _ => return Err(Error::invalid("user_id", "and team_id: give exactly one of them")),
    };
    let mut actions = ActionSet::NONE;
    for word in &input.actions {
        let action = Action::parse(word)
            .ok_or_else(|| Error::invalid("actions", format!("'{word}' is not an action")))?;
        actions = actions.with(action);
    }
    if is_team && !session.has_team(TeamId(grantee)).await? {
        return Err(Error::not_found("team", grantee));
    }
    let resource = resource.to_string();
    let before = session.find_share(grantee, &resource).await?;
    if before == actions {
        // Servers repeat requests that got lost: nothing changed, nothing to tell.
        return Ok(());
    }
    session.set_share(Share { grantee, is_team, actions }, &resource).await?;
    let words = |set: ActionSet| set.iter().map(Action::as_str).collect::<Vec<_>>();
    let detail = json!({
        "resource": resource, "grantee": grantee, "is_team": is_team, "by": input.sharing_user_id,
        "before": words(before), "after": words(actions),
    });
    session.record(audit::happened("resource.shared", workspace, detail));
    Ok(())
}

/// Something shared with an account or a team that the caller cannot do itself, in words, if there is any. A
/// credential of that scope would have come with it.
pub(crate) async fn find_beyond(
    session: &mut Session<Write>,
    standing: &Standing,
    grantee: Uuid,
    within: Option<&CredentialScope>,
) -> Result<Option<String>> {
    let shared = session.list_shared_with(grantee).await?;
    for shared in shared.chunk_by(|one, other| one.workspace == other.workspace) {
        if let Some(beyond) = find_beyond_in_workspace(session, standing, shared, within).await? {
            return Ok(Some(beyond));
        }
    }
    Ok(None)
}

/// The same, of what was shared in one workspace.
async fn find_beyond_in_workspace(
    session: &mut Session<Write>,
    standing: &Standing,
    shared: &[Shared],
    within: Option<&CredentialScope>,
) -> Result<Option<String>> {
    let Some(first) = shared.first() else { return Ok(None) };
    let (access, none) = (standing.access(), Shares::default());
    let teams = standing.membership.as_ref().map_or(&[][..], |membership| &membership.teams);
    let own = session.find_shares(first.workspace, access.principal.id, teams).await?;
    let Some(workspace) = session.find_workspace(first.workspace).await? else { return Ok(None) };
    if within.is_some_and(|scope| !scope.reaches_workspace(workspace.organization, workspace.id)) {
        return Ok(None);
    }
    let rights = WorkspaceRights::new(&access, &workspace, &own, &none);
    let left = within.map_or_else(Grants::everything, CredentialScope::permissions);
    let is_beyond = |shared: &&Shared| {
        // What cannot be read gives nothing.
        let Ok(resource) = Resource::parse(&shared.resource) else { return false };
        let is_left = within.is_none_or(|scope| scope.reaches_project(resource.governing_project()));
        let mut actions = implied(resource.known(), shared.actions).iter();
        is_left
            && actions
                .any(|action| left.allows_word(resource.kind, action) && !rights.allows(&resource, action))
    };
    let beyond = shared.iter().find(is_beyond);
    Ok(beyond.map(|shared| format!("{} in the workspace '{}'", shared.resource, workspace.name)))
}

/// Reads a resource that can be shared: one of a type, not the type.
pub fn shareable(text: &str) -> Result<Resource<'_>> {
    let resource = Resource::parse(text).map_err(|error| Error::invalid("resource", error.to_string()))?;
    if resource.id.is_none() {
        return Err(Error::invalid("resource", "names a type; name one resource, as in stack/<id>"));
    }
    Ok(resource)
}

/// Forgets shares of resources that are gone from the permit's workspace; of a project with all that was in it.
pub async fn forget(session: &mut Session<Write>, workspace: &Workspace, resources: &[String]) -> Result<()> {
    for text in resources {
        // A stock server repeats and batches these; one that we cannot read has no shares here.
        let Ok(resource) = Resource::parse(text) else { continue };
        let Some(id) = resource.id else { continue };
        let mut removed = session.delete_resource(&resource.to_string()).await?;
        if resource.known() == Some(ResourceType::Project) {
            removed += session.delete_project_resources(id).await?;
            removed += u64::from(session.delete_project(ProjectId(id)).await?);
        }
        if removed > 0 {
            let detail = json!({"resource": text, "grants_removed": removed});
            session.record(audit::happened("resource.deleted", workspace, detail));
        }
    }
    Ok(())
}

impl ShareInput {
    /// Takes the workspace out, from its field or from the front of the resource.
    pub fn take_workspace(&mut self) -> Option<WorkspaceId> {
        if let Some((workspace, rest)) = self.resource.split_once('@') {
            let workspace = workspace.parse().ok();
            self.resource = rest.to_owned();
            return self.workspace_id.take().or(workspace);
        }
        self.workspace_id.take()
    }
}

impl Platform {
    /// Shares as a workspace server says. It has checked that the person may.
    pub async fn share_as_machine(
        &self,
        who: &Authenticated,
        entry: &WorkspaceEntry,
        input: &ShareInput,
        origin: Origin,
    ) -> Result<()> {
        let permission = Permission::new(ResourceType::RoleAssignment, Action::Create);
        let authorized = authorize::<Write>(self, who, permission, TargetRef::OwnWorkspace).await?;
        let mut session = self.store.begin(authorized.permit, origin).await?;
        share(&mut session, &entry.facts.workspace, input).await?;
        session.commit().await
    }

    /// Shares as a person says, who must be able to share the resource and to do all that is to be shared.
    pub async fn share_as_person(
        &self,
        who: &Authenticated,
        workspace: WorkspaceId,
        input: &ShareInput,
        origin: Origin,
    ) -> Result<()> {
        let permission = Permission::new(ResourceType::RoleAssignment, Action::Create);
        let target = TargetRef::Workspace(workspace.to_string(), None);
        let authorized = authorize::<Write>(self, who, permission, target).await?;
        let entry = authorized.workspace.ok_or_else(|| Error::not_found("workspace", workspace))?;
        let user = who.account()?.principal.id;
        for word in input.actions.iter().map(String::as_str).chain([Action::Share.as_str()]) {
            let action = Action::parse(word)
                .ok_or_else(|| Error::invalid("actions", format!("'{word}' is not an action")))?;
            let resources = std::slice::from_ref(&input.resource);
            if self.check_permissions(&entry, user, action, resources).await? != [true] {
                return Err(Error::forbidden(format!(
                    "You need the action '{word}' on this resource to share it."
                )));
            }
        }
        let mut session = self.store.begin(authorized.permit, origin).await?;
        share(&mut session, &entry.facts.workspace, input).await?;
        session.commit().await
    }
}
