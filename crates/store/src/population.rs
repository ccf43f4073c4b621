//! Everybody in an organization with all they hold: for questions about all of them at once.

use std::collections::HashMap;

use model::{
    Assignment, Membership, Mode, Principal, PrincipalId, ProjectId, Result, RoleId, TeamId, WorkspaceId,
};

use crate::facts::place;
use crate::row::{Pair, statements};
use crate::session::Session;

statements! {
    MEMBERS = select::<Principal>("WHERE id IN (SELECT principal_id FROM membership WHERE organization_id = $1) ORDER BY username_key, id");
    OUTSIDE_SUPERUSERS = select::<Principal>("WHERE is_superuser = $2 AND is_active = $2 AND id NOT IN (SELECT principal_id FROM membership WHERE organization_id = $1) ORDER BY username_key, id");
    TEAM_MEMBERS = text("SELECT team_member.team_id, team_member.principal_id FROM team_member JOIN team ON team.id = team_member.team_id WHERE team.organization_id = $1 ORDER BY team_member.team_id");
    ASSIGNMENTS = text("SELECT role_id, workspace_id, project_id, team_id, principal_id FROM role_assignment WHERE organization_id = $1 AND invitation_id IS NULL ORDER BY created, id");
}

/// An account and its place in the organization; none for super-users who do not belong to it.
#[derive(Debug, Clone)]
pub struct Inhabitant {
    /// The account.
    pub principal: Principal,
    /// Its place.
    pub membership: Option<Membership>,
}

impl<M: Mode> Session<M> {
    /// Everybody who may count in the permit's organization: its members, and the super-users outside.
    pub async fn population(&mut self) -> Result<Vec<Inhabitant>> {
        let organization = self.organization()?;
        let mut everybody = Vec::new();
        for row in self.rows(&MEMBERS, vec![organization.into()]).await? {
            let principal: Principal = row.read()?;
            let membership = Membership {
                organization,
                principal: principal.id,
                assignments: Vec::new(),
                teams: Vec::new(),
            };
            everybody.push(Inhabitant { principal, membership: Some(membership) });
        }
        self.add_what_they_hold(&mut everybody).await?;
        for row in self.rows(&OUTSIDE_SUPERUSERS, vec![organization.into(), true.into()]).await? {
            everybody.push(Inhabitant { principal: row.read()?, membership: None });
        }
        Ok(everybody)
    }

    async fn add_what_they_hold(&mut self, everybody: &mut [Inhabitant]) -> Result<()> {
        let organization = self.organization()?;
        let mut members: HashMap<PrincipalId, &mut Membership> = everybody
            .iter_mut()
            .filter_map(|one| one.membership.as_mut())
            .map(|m| (m.principal, m))
            .collect();
        let mut teams: HashMap<TeamId, Vec<PrincipalId>> = HashMap::new();
        for row in self.rows(&TEAM_MEMBERS, vec![organization.into()]).await? {
            let Pair(team, principal): Pair<TeamId, PrincipalId> = row.read()?;
            if let Some(member) = members.get_mut(&principal) {
                member.teams.push(team);
                teams.entry(team).or_default().push(principal);
            }
        }
        for row in self.rows(&ASSIGNMENTS, vec![organization.into()]).await? {
            let (role, workspace, project, team, principal): Held = row.read()?;
            let place = place(workspace, project);
            let holders =
                principal.as_slice().iter().chain(team.iter().filter_map(|team| teams.get(team)).flatten());
            for holder in holders {
                if let Some(member) = members.get_mut(holder) {
                    member.assignments.push(Assignment { role, place, via_team: team });
                }
            }
        }
        Ok(())
    }
}

type Held = (RoleId, Option<WorkspaceId>, Option<ProjectId>, Option<TeamId>, Option<PrincipalId>);
