//! Who is a member of an organization, a workspace or a project: accounts and teams, with the roles they hold.

use std::collections::HashMap;

use model::{
    Assignment, Mode, Place, Principal, PrincipalId, PrincipalKind, ProjectId, Result, RoleId, Team, TeamId,
    WorkspaceId,
};
use uuid::Uuid;

use crate::facts::place;
use crate::roles::{AssignedRole, AssignmentFilter};
use crate::row::statements;
use crate::select::{Page, Select};
use crate::session::{Listed, Session};
use crate::value::Value;

statements! {
    MEMBER_ASSIGNMENTS = text("SELECT role_id, workspace_id, project_id, team_id, principal_id FROM role_assignment WHERE organization_id = $1 AND principal_id IS NOT NULL");
    MEMBER_TEAM_ASSIGNMENTS = text("SELECT role_assignment.role_id, role_assignment.workspace_id, role_assignment.project_id, role_assignment.team_id, team_member.principal_id FROM role_assignment JOIN team_member ON team_member.team_id = role_assignment.team_id WHERE role_assignment.organization_id = $1");
    TEAM_ASSIGNMENTS = text("SELECT role_id, workspace_id, project_id, team_id FROM role_assignment WHERE organization_id = $1 AND team_id IS NOT NULL");
    HOLDING_ACCOUNTS = select::<Principal>("WHERE id IN (SELECT principal_id FROM role_assignment WHERE organization_id = $1 AND role_id = $2)");
    HOLDING_TEAMS = select::<Team>("WHERE id IN (SELECT team_id FROM role_assignment WHERE organization_id = $1 AND role_id = $2)");
}

/// Which members a list shows.
#[derive(Debug, Clone, Copy)]
pub struct MemberFilter {
    /// Who hold this role, anywhere, directly.
    pub role: Option<RoleId>,
    /// People.
    pub users: bool,
    /// Bots.
    pub service_accounts: bool,
    /// Teams.
    pub teams: bool,
}

/// Who is a member.
#[derive(Debug, Clone)]
pub enum Holder {
    /// A user or a service account.
    Account(Principal),
    /// A team.
    Team(Team),
}

impl Holder {
    /// What it is called, so that a team is no account of that name.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Account(account) => account.username.clone(),
            Self::Team(team) => format!("the team '{}'", team.name),
        }
    }

    fn id(&self) -> Uuid {
        match self {
            Self::Account(account) => account.id.0,
            Self::Team(team) => team.id.0,
        }
    }
}

/// A member and the roles it holds.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub holder: Holder,
    /// Its roles, own and through teams.
    pub assignments: Vec<Assignment>,
}

/// A condition on role assignments, in three forms: accounts that hold one, accounts in teams that hold one, and
/// teams that hold one.
type Conditions = [&'static str; 3];

const WITH_ROLE: Conditions = [
    "principal.id IN (SELECT principal_id FROM role_assignment WHERE role_id = ?)",
    "",
    "team.id IN (SELECT team_id FROM role_assignment WHERE role_id = ?)",
];
const IN_WORKSPACE: Conditions = [
    "principal.id IN (SELECT principal_id FROM role_assignment WHERE workspace_id = ?)",
    "principal.id IN (SELECT team_member.principal_id FROM team_member JOIN role_assignment ON role_assignment.team_id = team_member.team_id WHERE role_assignment.workspace_id = ?)",
    "team.id IN (SELECT team_id FROM role_assignment WHERE workspace_id = ?)",
];
const IN_PROJECT: Conditions = [
    "principal.id IN (SELECT principal_id FROM role_assignment WHERE (workspace_id, project_id) = (?))",
    "principal.id IN (SELECT team_member.principal_id FROM team_member JOIN role_assignment ON role_assignment.team_id = team_member.team_id WHERE (role_assignment.workspace_id, role_assignment.project_id) = (?))",
    "team.id IN (SELECT team_id FROM role_assignment WHERE (workspace_id, project_id) = (?))",
];

/// Where somebody must hold a role to be shown.
fn conditions(role: Option<RoleId>, at: Place) -> Option<(Conditions, Vec<Value>)> {
    match (at, role) {
        (Place::Organization, None) => None,
        (Place::Organization, Some(role)) => Some((WITH_ROLE, vec![role.into()])),
        (Place::Workspace(workspace), _) => Some((IN_WORKSPACE, vec![workspace.into()])),
        (Place::Project(workspace, project), _) => Some((IN_PROJECT, vec![workspace.into(), project.into()])),
    }
}

/// Whether a role held at one place is told in the list of another: a workspace tells of its projects.
fn is_within(held: Place, at: Place) -> bool {
    match at {
        Place::Organization => true,
        Place::Workspace(workspace) => held.workspace() == Some(workspace),
        Place::Project(..) => held == at,
    }
}

impl<M: Mode> Session<M> {
    /// The members of the permit's organization with all roles they hold in it: accounts by username, then teams
    /// by name.
    pub async fn list_members(&mut self, filter: MemberFilter, page: Page) -> Result<Listed<Member>> {
        self.members_at(filter, Place::Organization, page).await
    }

    /// Who holds a role in the permit's workspace or one of its projects, directly or through a team; of one
    /// project if there is one.
    pub async fn list_place_members(
        &mut self,
        filter: MemberFilter,
        project: Option<ProjectId>,
        page: Page,
    ) -> Result<Listed<Member>> {
        let workspace = self.workspace()?;
        let at = project.map_or(Place::Workspace(workspace), |project| Place::Project(workspace, project));
        self.members_at(filter, at, page).await
    }

    async fn members_at(&mut self, filter: MemberFilter, at: Place, page: Page) -> Result<Listed<Member>> {
        let accounts = self.member_accounts(filter, at, page).await?;
        let mut holders: Vec<Holder> = accounts.rows.into_iter().map(Holder::Account).collect();
        let mut total = accounts.total;
        if filter.teams {
            // The page goes on where the accounts end.
            let shown = i64::try_from(holders.len()).unwrap_or(i64::MAX);
            let rest = Page { offset: (page.offset - total).max(0), limit: page.limit - shown };
            let teams = self.member_teams(filter, at, rest).await?;
            holders.extend(teams.rows.into_iter().map(Holder::Team));
            total += teams.total;
        }
        let mut roles = if holders.is_empty() { HashMap::new() } else { self.roles_by_holder(at).await? };
        let member = |holder: Holder| {
            let assignments = roles.remove(&holder.id()).unwrap_or_default();
            Member { holder, assignments }
        };
        Ok(Listed { rows: holders.into_iter().map(member).collect(), total })
    }

    async fn member_accounts(
        &mut self,
        filter: MemberFilter,
        at: Place,
        page: Page,
    ) -> Result<Listed<Principal>> {
        let organization = self.organization()?;
        let kinds =
            [(filter.users, PrincipalKind::User), (filter.service_accounts, PrincipalKind::ServiceAccount)];
        let kinds = kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind.into()).collect();
        let select = Select::<Principal>::new("principal.username_key, principal.id", page)
            .filter(
                "principal.id IN (SELECT principal_id FROM membership WHERE organization_id = ?)",
                organization,
            )
            .any(vec![("principal.kind IN (?)", kinds)]);
        let select = match conditions(filter.role, at) {
            None => select,
            Some(([own, "", _], values)) => select.any(vec![(own, values)]),
            Some(([own, through, _], values)) => select.any(vec![(own, values.clone()), (through, values)]),
        };
        self.page(select).await
    }

    async fn member_teams(&mut self, filter: MemberFilter, at: Place, page: Page) -> Result<Listed<Team>> {
        let organization = self.organization()?;
        let select = Select::<Team>::new("team.name_key, team.id", page)
            .filter("team.organization_id = ?", organization);
        let select = match conditions(filter.role, at) {
            None => select,
            Some(([.., of_team], values)) => select.any(vec![(of_team, values)]),
        };
        self.page(select).await
    }

    /// The roles of each account and team that are told in the list of a place.
    async fn roles_by_holder(&mut self, at: Place) -> Result<HashMap<Uuid, Vec<Assignment>>> {
        let organization = self.organization()?;
        let mut roles: HashMap<Uuid, Vec<Assignment>> = HashMap::new();
        let mut add = |holder: Uuid, assignment: Assignment| {
            if is_within(assignment.place, at) {
                roles.entry(holder).or_default().push(assignment);
            }
        };
        for statement in [&MEMBER_ASSIGNMENTS, &MEMBER_TEAM_ASSIGNMENTS] {
            for row in self.rows(statement, vec![organization.into()]).await? {
                let (role, workspace, project, via_team, principal): (_, _, _, _, PrincipalId) =
                    row.read()?;
                add(principal.0, Assignment { role, place: place(workspace, project), via_team });
            }
        }
        for row in self.rows(&TEAM_ASSIGNMENTS, vec![organization.into()]).await? {
            let (role, workspace, project, team): (RoleId, Option<WorkspaceId>, Option<ProjectId>, TeamId) =
                row.read()?;
            add(team.0, Assignment { role, place: place(workspace, project), via_team: None });
        }
        Ok(roles)
    }

    /// Who holds a role of the permit's organization, and where, with who that is; invitations come without.
    pub async fn list_holders(
        &mut self,
        role: RoleId,
        filter: AssignmentFilter,
    ) -> Result<Vec<(AssignedRole, Option<Holder>)>> {
        let organization = self.organization()?;
        let assigned = self.list_role_assignments(role, filter).await?;
        let args = || -> Vec<Value> { vec![organization.into(), role.into()] };
        let accounts = self.list::<Principal>(&HOLDING_ACCOUNTS, args()).await?;
        let teams = self.list::<Team>(&HOLDING_TEAMS, args()).await?;
        let holders = accounts.into_iter().map(Holder::Account).chain(teams.into_iter().map(Holder::Team));
        let holders: HashMap<Uuid, Holder> = holders.map(|holder| (holder.id(), holder)).collect();
        let named = |held: AssignedRole| {
            let id = match held.assignee {
                model::Assignee::Principal(id) => id.0,
                model::Assignee::Team(id) => id.0,
                model::Assignee::Invitation(id) => id.0,
            };
            (held, holders.get(&id).cloned())
        };
        Ok(assigned.into_iter().map(named).collect())
    }
}
