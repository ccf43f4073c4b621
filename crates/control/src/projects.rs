//! New projects of workspaces, and whose they are.
//!
//! A server reports a new project without saying who made it. The next thing it does is to ask whether that
//! account may read the project: the first who asks, and may make projects, is the one who made it.

use std::sync::Arc;

use model::access::WorkspaceRights;
use model::audit::Origin;
use model::predefined::PROJECT_ADMIN;
use model::{
    Action, Assignee, Error, Level, Permission, Place, PrincipalId, ProjectId, Resource, ResourceType,
    Result, Shares, Write,
};
use serde_json::json;
use store::{Session, WorkspaceEntry};

use crate::authentication::Authenticated;
use crate::{Platform, TargetRef, audit, authorize, members};

/// How long after its report a project waits for who made it, in seconds.
const CLAIM_SECONDS: i64 = 60;

/// The project that a question is about, if it is the question that follows the making of a project.
#[must_use]
pub fn asked_after(action: Action, resources: &[String]) -> Option<ProjectId> {
    let [one] = resources else { return None };
    let resource = Resource::parse(one).ok().filter(|_| action == Action::Read)?;
    resource.id.filter(|_| resource.known() == Some(ResourceType::Project)).map(ProjectId)
}

impl Platform {
    /// Gives a project that was just reported to the account that asks after it, if that may make projects.
    /// Answers whether it did. `is_allowed` is the answer so far.
    pub async fn claim_project(
        &self,
        who: &Authenticated,
        entry: &Arc<WorkspaceEntry>,
        (user, project): (PrincipalId, ProjectId),
        is_allowed: bool,
        origin: Origin,
    ) -> Result<bool> {
        let now = self.now();
        let waits = entry
            .facts
            .unclaimed
            .iter()
            .any(|(id, made)| *id == project && now < made.plus_seconds(CLAIM_SECONDS));
        // Another node may have taken the report and this one not have heard of it: then the database tells.
        if is_allowed && !waits {
            return Ok(false);
        }
        let Some(subject) = self.subject(entry, user).await? else { return Ok(false) };
        let none = Shares::default();
        let rights =
            WorkspaceRights::new(&subject.standing.access(), &entry.facts.workspace, &subject.shares, &none);
        let kind = Resource { project: None, kind: ResourceType::Project.as_str(), id: None };
        if !rights.allows(&kind, Action::Create) {
            return Ok(false);
        }
        let permission = Permission::new(ResourceType::Workspace, Action::Read);
        let authorized = authorize::<Write>(self, who, permission, TargetRef::OwnWorkspace).await?;
        let mut session = self.store.begin(authorized.permit, origin).await?;
        let creator = subject.standing.account.principal.id;
        if !session.claim_project(project, creator, now.plus_seconds(-CLAIM_SECONDS)).await? {
            return Ok(false);
        }
        self.make_administrator(&mut session, entry, creator, project).await?;
        session.commit().await.map(|()| true)
    }

    async fn make_administrator(
        &self,
        session: &mut Session<Write>,
        entry: &WorkspaceEntry,
        creator: PrincipalId,
        project: ProjectId,
    ) -> Result<()> {
        let workspace = &entry.facts.workspace;
        let organization = self.store.facts().organization(workspace.organization).await?;
        let organization =
            organization.ok_or_else(|| Error::not_found("organization", workspace.organization))?;
        session.record(audit::happened(
            "project.claimed",
            workspace,
            json!({"project_id": project, "by": creator}),
        ));
        // A super-user from outside has all rights anyway, and roles are for members.
        if session.find_principal(creator).await?.is_some() {
            let admin = members::named(&organization.facts, Level::Project, PROJECT_ADMIN)?;
            let (assignee, place) = (Assignee::Principal(creator), Place::Project(workspace.id, project));
            session.insert_assignment(admin, assignee, place).await?;
            session.record(audit::assignment("role_assignment.created", admin, assignee, place));
        }
        Ok(())
    }
}
