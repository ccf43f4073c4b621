//! New projects of workspaces, and whose they are.
//!
//! A server reports a new project without saying who made it. Shortly before, it asked whether that account may
//! make projects. If only one account was allowed to lately, it is that one; if several were, each gets the
//! project that it is first to ask after.

use std::collections::HashMap;
use std::sync::Arc;

use model::access::WorkspaceRights;
use model::audit::Origin;
use model::predefined::PROJECT_ADMIN;
use model::{
    Action, Assignee, Level, OrganizationFacts, Permission, Place, PrincipalId, ProjectId, Resource,
    ResourceType, Result, Shares, Timestamp, Workspace, WorkspaceId, Write,
};
use parking_lot::Mutex;
use serde_json::json;
use store::{Session, WorkspaceEntry};

use crate::authentication::Authenticated;
use crate::{Platform, TargetRef, audit, authorize, members};

/// How long a candidate counts, and a reported project waits for who made it, in seconds.
const CLAIM_SECONDS: i64 = 60;
/// A server makes a project in less than this, in seconds: who was allowed to long before somebody else made none.
const MAKING_SECONDS: i64 = 5;

/// Accounts that were allowed to make projects within the last minute, as this node was asked.
#[derive(Debug, Default)]
pub struct Candidates(Mutex<HashMap<WorkspaceId, Vec<(PrincipalId, Timestamp)>>>);

impl Candidates {
    /// Notes that the account was just allowed to.
    pub fn note(&self, workspace: WorkspaceId, account: PrincipalId, now: Timestamp) {
        let mut noted = self.0.lock();
        noted.retain(|_, accounts| {
            accounts.retain(|(_, at)| now < at.plus_seconds(CLAIM_SECONDS));
            !accounts.is_empty()
        });
        let accounts = noted.entry(workspace).or_default();
        accounts.retain(|(known, _)| *known != account);
        accounts.push((account, now));
    }

    /// The latest of them, and those who were allowed to at about the same time.
    #[must_use]
    pub fn of(&self, workspace: WorkspaceId, now: Timestamp) -> Vec<PrincipalId> {
        let noted = self.0.lock();
        let accounts = noted.get(&workspace).map_or(&[][..], Vec::as_slice);
        let latest = accounts.iter().map(|(_, at)| *at).max();
        let counts = |at: Timestamp| {
            now < at.plus_seconds(CLAIM_SECONDS)
                && latest.is_some_and(|latest| latest < at.plus_seconds(MAKING_SECONDS))
        };
        accounts.iter().filter(|(_, at)| counts(*at)).map(|(account, _)| *account).collect()
    }
}

/// The project that a question is about, if it is the question that follows the making of a project.
#[must_use]
pub fn asked_after(action: Action, resources: &[String]) -> Option<ProjectId> {
    let [one] = resources else { return None };
    let resource = Resource::parse(one).ok().filter(|_| action == Action::Read)?;
    resource.id.filter(|_| resource.known() == Some(ResourceType::Project)).map(ProjectId)
}

impl Platform {
    /// Gives a project that was just reported to the account that asks after it, if that is one of the candidates;
    /// where none are known, because another node was asked, if it may make projects. Answers whether it did.
    /// `is_allowed` is the answer so far.
    pub async fn claim_project(
        &self,
        who: &Authenticated,
        entry: &Arc<WorkspaceEntry>,
        (user, project): (PrincipalId, ProjectId),
        (candidates, is_allowed): (&[PrincipalId], bool),
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
        let creator = subject.standing.account.principal.id;
        let is_candidate = candidates.is_empty() || candidates.contains(&creator);
        if !is_candidate || !rights.allows(&kind, Action::Create) {
            return Ok(false);
        }
        let permission = Permission::new(ResourceType::Workspace, Action::Read);
        let authorized = authorize::<Write>(self, who, permission, TargetRef::OwnWorkspace).await?;
        let mut session = self.store.begin(authorized.permit, origin).await?;
        if !session.claim_project(project, creator, now.plus_seconds(-CLAIM_SECONDS)).await? {
            return Ok(false);
        }
        let organization = &subject.standing.organization.facts;
        make_administrator(&mut session, organization, &entry.facts.workspace, (creator, project)).await?;
        session.commit().await.map(|()| true)
    }
}

/// Gives the rights on a project to who made it.
pub(crate) async fn make_administrator(
    session: &mut Session<Write>,
    organization: &OrganizationFacts,
    workspace: &Workspace,
    (creator, project): (PrincipalId, ProjectId),
) -> Result<()> {
    session.record(audit::happened(
        "project.claimed",
        workspace,
        json!({"project_id": project, "by": creator}),
    ));
    // A super-user from outside has all rights anyway, and roles are for members.
    if session.find_principal(creator).await?.is_some() {
        let admin = members::named(organization, Level::Project, PROJECT_ADMIN)?;
        let (assignee, place) = (Assignee::Principal(creator), Place::Project(workspace.id, project));
        session.insert_assignment(admin, assignee, place).await?;
        session.record(audit::assignment("role_assignment.created", admin, assignee, place));
    }
    Ok(())
}
