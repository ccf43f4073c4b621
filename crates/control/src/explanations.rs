//! Why somebody may or may not, who may, what somebody may, and what a change would make of it.

use std::sync::Arc;

use model::audit::Origin;
use model::permission::ActionSet;
use model::{
    Access, Action, Assignee, Assignment, CredentialId, CredentialScope, Difference, EffectivePermissions,
    Error, Explanation, Grants, Membership, Obstacle, OrganizationFacts, Permission, Place, Principal,
    PrincipalId, Question, Read, Resource, ResourceType, Result, RoleId, TeamId, explain,
};
use store::{Inhabitant, PrincipalFacts, Session, Share, WorkspaceEntry};
use uuid::Uuid;

use crate::authentication::Authenticated;
use crate::standing::Standing;
use crate::{Authorized, Platform, TargetRef, authorize};

/// A right that is asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// In this organization, if no workspace is named.
    pub organization: Option<String>,
    /// In this workspace, by id or name.
    pub workspace: Option<String>,
    /// `[<project>:]<type>[/<id>]`.
    pub resource: String,
    /// What is to be done with it.
    pub action: Action,
}

/// An account, and what one of its credentials leaves of its rights.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The account.
    pub account: Arc<PrincipalFacts>,
    /// What the credential leaves.
    pub scope: Option<Arc<CredentialScope>>,
    /// Whether the credential can be used.
    pub is_usable: bool,
}

/// A change that was not made.
#[derive(Debug, Clone)]
pub enum Hypothesis {
    /// A role grants this instead.
    Role(RoleId, Grants),
    /// Somebody gets a role at a place.
    Assign(RoleId, Assignee, Place),
    /// Somebody loses a role at a place.
    Unassign(RoleId, Assignee, Place),
    /// A credential is narrowed to this instead.
    Scope(CredentialId, Option<Arc<CredentialScope>>),
}

/// Whom a change concerns, and how.
#[derive(Debug)]
pub struct Affected {
    /// The account.
    pub principal: Principal,
    /// What it gains and loses, place by place.
    pub changes: Vec<Difference>,
}

/// A standing in an organization together with the permit to look there.
struct Scene {
    authorized: Authorized<Read>,
    standing: Standing,
}

impl Scene {
    fn entry(&self) -> Option<&Arc<WorkspaceEntry>> {
        self.authorized.workspace.as_ref()
    }
}

impl Platform {
    /// The account, or the account and scope of the credential, of that id; the caller itself if none is given.
    async fn subject_of(&self, who: &Authenticated, id: Option<Uuid>) -> Result<Subject> {
        let Some(id) = id else {
            return Ok(Subject {
                account: who.account()?.clone(),
                scope: who.scope.clone(),
                is_usable: true,
            });
        };
        let facts = self.store.facts();
        if let Some(account) = facts.principal(PrincipalId(id)).await? {
            return Ok(Subject { account, scope: None, is_usable: true });
        }
        let missing = || Error::not_found("account or credential", id);
        let credential = facts.credential(CredentialId(id)).await?.ok_or_else(missing)?;
        let account = facts.principal(credential.owner).await?.ok_or_else(missing)?;
        let is_usable = credential.check(credential.generation, self.now()).is_ok();
        Ok(Subject { account, scope: credential.scope.clone(), is_usable })
    }

    /// A permit to look at rights: one's own, or those of others, which needs the permission to see roles.
    async fn scene(&self, who: &Authenticated, asked: &Asked, of_others: bool) -> Result<Scene> {
        let (resource, target) = match (&asked.workspace, &asked.organization) {
            (Some(workspace), _) => (ResourceType::Workspace, TargetRef::Workspace(workspace.clone(), None)),
            (None, Some(organization)) => {
                (ResourceType::Organization, TargetRef::Organization(organization.clone()))
            }
            (None, None) => return Err(Error::invalid("organization_id", "is missing")),
        };
        let resource = if of_others { ResourceType::RoleAssignment } else { resource };
        let needed = Permission::new(resource, Action::Read);
        let authorized = authorize::<Read>(self, who, needed, target).await?;
        let standing = authorized.standing.clone();
        let standing = standing.ok_or_else(|| Error::internal("a target without an organization"))?;
        Ok(Scene { authorized, standing })
    }

    /// The subject in the organization that is asked about. Strangers to it are unknown to those who ask.
    async fn subject_standing(&self, scene: &Scene, subject: &Subject, is_self: bool) -> Result<Standing> {
        let id = scene.standing.organization.facts.organization.id;
        let found = Standing::find(self.store.facts(), &subject.account, subject.scope.as_ref(), id).await?;
        let account = subject.account.principal.id;
        found
            .filter(|standing| {
                is_self || standing.membership.is_some() || standing.account.principal.is_superuser
            })
            .ok_or_else(|| Error::not_found("member of the organization", account))
    }

    /// Whether the subject may do something, with all that gives it the right and all that stands in its way.
    pub async fn explain(
        &self,
        who: &Authenticated,
        subject: Option<Uuid>,
        asked: &Asked,
        origin: Origin,
    ) -> Result<(Subject, Standing, Explanation)> {
        let resource = read_resource(&asked.resource)?;
        let subject = self.subject_of(who, subject).await?;
        let is_self = subject.account.principal.id == who.account()?.principal.id;
        let scene = self.scene(who, asked, !is_self).await?;
        let standing = self.subject_standing(&scene, &subject, is_self).await?;
        let entry = scene.entry().cloned();
        let shares = match &entry {
            Some(_) if resource.id.is_some() => {
                let mut session = self.store.begin(scene.authorized.permit, origin).await?;
                let shares = session.list_shares(&resource.to_string()).await?;
                counting(&shares, subject.account.principal.id, standing.membership.as_deref())
            }
            _ => Vec::new(),
        };
        let workspace = entry.as_deref().map(|entry| &entry.facts.workspace);
        let question = Question { workspace, resource, action: asked.action, shares: &shares };
        let mut explanation = explain(&standing.access(), &question);
        if !subject.is_usable {
            explanation.is_allowed = false;
            explanation.obstacles.push(Obstacle::CredentialInactive);
        }
        Ok((subject, standing, explanation))
    }

    /// Everybody who may do something, with what gives the right.
    pub async fn who_can(
        &self,
        who: &Authenticated,
        asked: &Asked,
        origin: Origin,
    ) -> Result<(Standing, Vec<(Principal, Explanation)>)> {
        let resource = read_resource(&asked.resource)?;
        let scene = self.scene(who, asked, true).await?;
        let (entry, facts) = (scene.entry().cloned(), scene.standing.organization.clone());
        let mut session = self.store.begin(scene.authorized.permit, origin).await?;
        let shares = match &entry {
            Some(_) if resource.id.is_some() => session.list_shares(&resource.to_string()).await?,
            _ => Vec::new(),
        };
        let mut able = Vec::new();
        for Inhabitant { principal, membership } in session.population().await? {
            let own = counting(&shares, principal.id, membership.as_ref());
            let workspace = entry.as_deref().map(|entry| &entry.facts.workspace);
            let question = Question { workspace, resource, action: asked.action, shares: &own };
            let explanation = explain(&access(&principal, &facts.facts, membership.as_ref()), &question);
            if explanation.is_allowed {
                able.push((principal, explanation));
            }
        }
        Ok((scene.standing, able))
    }

    /// All that the subject may do in an organization, place by place.
    pub async fn effective_permissions(
        &self,
        who: &Authenticated,
        subject: Option<Uuid>,
        organization: String,
    ) -> Result<(Subject, Standing, EffectivePermissions)> {
        let subject = self.subject_of(who, subject).await?;
        let is_self = subject.account.principal.id == who.account()?.principal.id;
        let scene = self.scene(who, &Asked::about(organization), !is_self).await?;
        let standing = self.subject_standing(&scene, &subject, is_self).await?;
        let effective = EffectivePermissions::of(&standing.access());
        Ok((subject, standing, effective))
    }

    /// What a change would give and take, without making it.
    pub async fn what_if(
        &self,
        who: &Authenticated,
        organization: String,
        hypothesis: &Hypothesis,
        origin: Origin,
    ) -> Result<(Standing, Vec<Affected>)> {
        if let Hypothesis::Scope(credential, scope) = hypothesis {
            return self.what_if_narrowed(who, organization, *credential, scope.as_ref()).await;
        }
        let scene = self.scene(who, &Asked::about(organization), true).await?;
        let before = &scene.standing.organization.facts;
        let after = hypothesis.roles_afterwards(before)?;
        let mut session: Session<Read> = self.store.begin(scene.authorized.permit, origin).await?;
        let mut affected = Vec::new();
        for Inhabitant { principal, membership } in session.population().await? {
            let Some(membership) = membership else { continue };
            let supposed = hypothesis.membership_afterwards(membership.clone());
            let now = EffectivePermissions::of(&access(&principal, before, Some(&membership)));
            let then = EffectivePermissions::of(&access(&principal, &after, Some(&supposed)));
            let changes = now.changes_to(&then);
            if !changes.is_empty() {
                affected.push(Affected { principal, changes });
            }
        }
        Ok((scene.standing, affected))
    }

    async fn what_if_narrowed(
        &self,
        who: &Authenticated,
        organization: String,
        credential: CredentialId,
        scope: Option<&Arc<CredentialScope>>,
    ) -> Result<(Standing, Vec<Affected>)> {
        let (subject, standing, now) =
            self.effective_permissions(who, Some(credential.0), organization).await?;
        let narrowed = Standing { scope: scope.cloned(), ..standing.clone() };
        let changes = now.changes_to(&EffectivePermissions::of(&narrowed.access()));
        let principal = subject.account.principal.clone();
        Ok((standing, if changes.is_empty() { Vec::new() } else { vec![Affected { principal, changes }] }))
    }
}

impl Asked {
    /// A question about an organization as a whole.
    fn about(organization: String) -> Self {
        Self {
            organization: Some(organization),
            workspace: None,
            resource: String::new(),
            action: Action::Read,
        }
    }
}

impl Hypothesis {
    fn roles_afterwards(&self, before: &OrganizationFacts) -> Result<OrganizationFacts> {
        let mut after = before.clone();
        let (Self::Role(id, _) | Self::Assign(id, ..) | Self::Unassign(id, ..)) = self else {
            return Ok(after);
        };
        let role = after.roles.get_mut(id).ok_or_else(|| Error::not_found("role", id))?;
        match self {
            Self::Role(_, grants) => role.grants = grants.clone(),
            Self::Assign(_, _, place) | Self::Unassign(_, _, place) if role.level != place.level() => {
                let problem = format!("does not fit: '{}' is a role of the {} level", role.name, role.level);
                return Err(Error::invalid("workspace_id", problem));
            }
            _ => {}
        }
        Ok(after)
    }

    fn membership_afterwards(&self, mut membership: Membership) -> Membership {
        match self {
            Self::Assign(role, assignee, place) => {
                let (concerned, via_team) = concerned(*assignee, &membership);
                let assignment = Assignment { role: *role, place: *place, via_team };
                if concerned && !membership.assignments.contains(&assignment) {
                    membership.assignments.push(assignment);
                }
            }
            Self::Unassign(role, assignee, place) => {
                let (concerned, via_team) = concerned(*assignee, &membership);
                let gone = Assignment { role: *role, place: *place, via_team };
                membership.assignments.retain(|held| !concerned || *held != gone);
            }
            Self::Role(..) | Self::Scope(..) => {}
        }
        membership
    }
}

/// Whether what an assignee holds counts for a member, and through which team.
fn concerned(assignee: Assignee, membership: &Membership) -> (bool, Option<TeamId>) {
    match assignee {
        Assignee::Principal(id) => (id == membership.principal, None),
        Assignee::Team(id) => (membership.teams.contains(&id), Some(id)),
        Assignee::Invitation(_) => (false, None),
    }
}

fn access<'a>(
    principal: &'a Principal,
    organization: &'a OrganizationFacts,
    membership: Option<&'a Membership>,
) -> Access<'a> {
    Access { principal, organization, membership, scope: None }
}

fn read_resource(text: &str) -> Result<Resource<'_>> {
    Resource::parse(text).map_err(|error| Error::invalid("resource", error.to_string()))
}

/// The shares that count for somebody, and through which team.
fn counting(
    shares: &[Share],
    principal: PrincipalId,
    membership: Option<&Membership>,
) -> Vec<(Option<TeamId>, ActionSet)> {
    let via = |share: &Share| {
        if share.is_team {
            let team = TeamId(share.grantee);
            membership.is_some_and(|membership| membership.teams.contains(&team)).then_some(Some(team))
        } else {
            (share.grantee == principal.0).then_some(None)
        }
    };
    shares.iter().filter_map(|share| via(share).map(|via_team| (via_team, share.actions))).collect()
}
