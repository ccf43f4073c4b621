//! Teams and who is in them.

use std::collections::HashMap;

use model::name::fold;
use model::{Assignee, Mode, Principal, PrincipalId, Result, Team, TeamId, Write};

use crate::change::Change;
use crate::facts::place;
use crate::roles::AssignedRole;
use crate::row::{Pair, record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};

record!(Team in "team" {
    id: ["id"], organization: ["organization_id"], name: ["name"], description: ["description"],
    created: ["created"], updated: ["updated"],
} derived {
    "name_key" = |team| fold(&team.name).into(),
});

statements! {
    TEAM_BY_ID = select::<Team>("WHERE id = $1 AND organization_id = $2");
    TEAM_SIZES = text("SELECT team_member.team_id, COUNT(*) FROM team_member JOIN team ON team.id = team_member.team_id WHERE team.organization_id = $1 GROUP BY team_member.team_id");
    TEAM_SIZE = text("SELECT COUNT(*) FROM team_member JOIN team ON team.id = team_member.team_id WHERE team.organization_id = $1 AND team.id = $2");
    ASSIGNMENTS_OF_TEAM = text("SELECT role_id, workspace_id, project_id FROM role_assignment WHERE organization_id = $1 AND team_id = $2 ORDER BY created, id");
    // Of members of the organization alone, also when one leaves it at the same time.
    INSERT_TEAM_MEMBER = text("INSERT INTO team_member (team_id, principal_id, created) SELECT team.id, membership.principal_id, $3 FROM team JOIN membership ON membership.organization_id = team.organization_id WHERE team.id = $1 AND membership.principal_id = $2");
    DELETE_TEAM_MEMBER = text("DELETE FROM team_member WHERE team_id = $1 AND principal_id = $2");
    DELETE_TEAM = text("DELETE FROM team WHERE id = $1");
}

/// A team and how many are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedTeam {
    /// The team.
    pub team: Team,
    /// How many users and service accounts are in it.
    pub members: i64,
}

impl<M: Mode> Session<M> {
    /// A page of the teams of the permit's organization, by name.
    pub async fn list_teams(&mut self, name: Option<&str>, page: Page) -> Result<Listed<CountedTeam>> {
        let organization = self.organization()?;
        let select = Select::<Team>::new("team.name_key, team.id", page)
            .filter("team.organization_id = ?", organization)
            .maybe("team.name_key = ?", name.map(fold));
        let listed = self.page(select).await?;
        let mut sizes: HashMap<TeamId, i64> = HashMap::new();
        for row in self.rows(&TEAM_SIZES, vec![organization.into()]).await? {
            let Pair(team, members) = row.read()?;
            sizes.insert(team, members);
        }
        Ok(listed.map(|team: Team| CountedTeam { members: sizes.remove(&team.id).unwrap_or(0), team }))
    }

    /// A team of the permit's organization.
    pub async fn find_team(&mut self, id: TeamId) -> Result<Option<Team>> {
        let organization = self.organization()?;
        self.find(&TEAM_BY_ID, vec![id.into(), organization.into()]).await
    }

    /// How many users and service accounts are in a team of the permit's organization.
    pub async fn count_team_members(&mut self, id: TeamId) -> Result<i64> {
        let organization = self.organization()?;
        self.count(&TEAM_SIZE, vec![organization.into(), id.into()]).await
    }

    /// A page of those in a team of the permit's organization, by username.
    pub async fn list_team_members(&mut self, id: TeamId, page: Page) -> Result<Listed<Principal>> {
        let organization = self.organization()?;
        let select = Select::<Principal>::new("principal.username_key, principal.id", page)
            .filter("principal.id IN (SELECT principal_id FROM team_member WHERE team_id = ?)", id)
            .filter(
                "principal.id IN (SELECT principal_id FROM membership WHERE organization_id = ?)",
                organization,
            );
        self.page(select).await
    }

    /// The roles that a team of the permit's organization holds, and where.
    pub async fn list_team_assignments(&mut self, id: TeamId) -> Result<Vec<AssignedRole>> {
        let organization = self.organization()?;
        let rows = self.rows(&ASSIGNMENTS_OF_TEAM, vec![organization.into(), id.into()]).await?;
        let assigned = rows.iter().map(|row| {
            let (role, workspace, project) = row.read()?;
            Ok(AssignedRole { role, assignee: Assignee::Team(id), place: place(workspace, project) })
        });
        assigned.collect()
    }
}

impl Session<Write> {
    /// Adds a team.
    pub async fn insert_team(&mut self, team: &Team) -> Result<()> {
        self.insert(team).await?;
        self.changed(Change::Organization(team.organization));
        Ok(())
    }

    /// Changes a team.
    pub async fn update_team(&mut self, team: &Team) -> Result<()> {
        self.update(team).await?;
        self.changed(Change::Organization(team.organization));
        Ok(())
    }

    /// Deletes a team with its roles and shares.
    pub async fn delete_team(&mut self, team: &Team) -> Result<()> {
        self.delete_shares_of(team.id.0).await?;
        self.execute(&DELETE_TEAM, vec![team.id.into()]).await?;
        self.changed(Change::Organization(team.organization));
        Ok(())
    }

    /// Puts a member of the organization into one of its teams. Answers whether it is one.
    pub async fn insert_team_member(&mut self, team: &Team, principal: PrincipalId) -> Result<bool> {
        let now = self.env().now();
        let args = vec![team.id.into(), principal.into(), now.into()];
        let added = self.execute(&INSERT_TEAM_MEMBER, args).await?;
        self.changed(Change::Organization(team.organization));
        Ok(added > 0)
    }

    /// Takes somebody out of a team. Answers whether it was in there.
    pub async fn delete_team_member(&mut self, team: &Team, principal: PrincipalId) -> Result<bool> {
        let removed = self.execute(&DELETE_TEAM_MEMBER, vec![team.id.into(), principal.into()]).await?;
        self.changed(Change::Organization(team.organization));
        Ok(removed > 0)
    }
}
