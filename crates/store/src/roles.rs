//! Roles and their assignments.

use model::name::fold;
use model::{
    Assignee, InvitationId, Level, Mode, Place, PrincipalId, ProjectId, Result, Role, RoleId, TeamId,
    WorkspaceId, Write,
};

use crate::change::Change;
use crate::facts::place;
use crate::row::{record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};
use crate::value::Value;

record!(Role in "role" {
    id: ["id"], organization: ["organization_id"], level: ["level"], name: ["name"], description: ["description"],
    system_managed: ["system_managed"], grants: ["permissions"], created: ["created"], updated: ["updated"],
} derived {
    "name_key" = |role| fold(&role.name).into(),
});

statements! {
    ROLE_BY_ID = select::<Role>("WHERE id = $1 AND organization_id = $2");
    INSERT_ASSIGNMENT = text("INSERT INTO role_assignment (id, organization_id, role_id, principal_id, team_id, invitation_id, workspace_id, project_id, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    // IS NOT DISTINCT FROM: equal, or both absent.
    DELETE_ASSIGNMENT = text("DELETE FROM role_assignment WHERE organization_id = $1 AND role_id = $2 AND principal_id IS NOT DISTINCT FROM $3 AND team_id IS NOT DISTINCT FROM $4 AND invitation_id IS NOT DISTINCT FROM $5 AND workspace_id IS NOT DISTINCT FROM $6 AND project_id IS NOT DISTINCT FROM $7");
    ASSIGNMENTS_OF_ROLE = text("SELECT principal_id, team_id, invitation_id, workspace_id, project_id FROM role_assignment WHERE organization_id = $1 AND role_id = $2 ORDER BY created, id");
    DELETE_WORKSPACE_ASSIGNMENTS = text("DELETE FROM role_assignment WHERE organization_id = $1 AND workspace_id = $2 AND principal_id IS NOT DISTINCT FROM $3 AND team_id IS NOT DISTINCT FROM $4");
    DELETE_PROJECT_MEMBER = text("DELETE FROM role_assignment WHERE organization_id = $1 AND workspace_id = $2 AND project_id = $3 AND principal_id IS NOT DISTINCT FROM $4 AND team_id IS NOT DISTINCT FROM $5");
    DELETE_WORKSPACE_SHARES = text("DELETE FROM resource_grant WHERE workspace_id = $1 AND grantee = $2");
    COUNT_HOLDERS = text("SELECT COUNT(*) FROM role_assignment JOIN principal ON principal.id = role_assignment.principal_id WHERE role_assignment.organization_id = $1 AND role_assignment.role_id = $2 AND role_assignment.workspace_id IS NULL AND principal.kind = 'user' AND principal.is_active = $3 AND principal.id <> $4");
    DELETE_ROLE = text("DELETE FROM role WHERE id = $1");
    TEAM_IN_ORGANIZATION = text("SELECT id FROM team WHERE organization_id = $1 AND id = $2");
}

/// Which roles a list shows.
#[derive(Debug, Clone, Default)]
pub struct RoleFilter {
    /// Exactly this name, without regard to case.
    pub name: Option<String>,
    /// Of this level.
    pub level: Option<Level>,
    /// Predefined or custom ones.
    pub system_managed: Option<bool>,
    /// Assigned to this account directly.
    pub principal: Option<PrincipalId>,
    /// Assigned to this team.
    pub team: Option<TeamId>,
}

/// Whose roles and where.
#[derive(Debug, Clone, Copy)]
pub struct AssignmentFilter {
    /// Only in this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only in this project.
    pub project: Option<ProjectId>,
}

/// A role somebody holds at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssignedRole {
    /// Which role.
    pub role: RoleId,
    /// Who.
    pub assignee: Assignee,
    /// Where.
    pub place: Place,
}

impl<M: Mode> Session<M> {
    /// A page of the roles of the permit's organization.
    pub async fn list_roles(&mut self, filter: RoleFilter, page: Page) -> Result<Listed<Role>> {
        let organization = self.organization()?;
        let order = "CASE role.level WHEN 'organization' THEN 0 WHEN 'workspace' THEN 1 ELSE 2 END, role.id";
        let select = Select::<Role>::new(order, page)
            .filter("role.organization_id = ?", organization)
            .maybe("role.name_key = ?", filter.name.as_deref().map(fold))
            .maybe("role.level = ?", filter.level)
            .maybe("role.system_managed = ?", filter.system_managed)
            .maybe(
                "role.id IN (SELECT role_id FROM role_assignment WHERE principal_id = ?)",
                filter.principal,
            )
            .maybe("role.id IN (SELECT role_id FROM role_assignment WHERE team_id = ?)", filter.team);
        self.page(select).await
    }

    /// A role of the permit's organization.
    pub async fn find_role(&mut self, id: RoleId) -> Result<Option<Role>> {
        let organization = self.organization()?;
        self.find(&ROLE_BY_ID, vec![id.into(), organization.into()]).await
    }

    /// Who holds a role of the permit's organization, and where.
    pub async fn list_role_assignments(
        &mut self,
        role: RoleId,
        filter: AssignmentFilter,
    ) -> Result<Vec<AssignedRole>> {
        let organization = self.organization()?;
        let rows = self.rows(&ASSIGNMENTS_OF_ROLE, vec![organization.into(), role.into()]).await?;
        let mut assigned = Vec::new();
        for row in rows {
            let (principal, team, invitation, workspace, project): (
                Option<PrincipalId>,
                Option<TeamId>,
                Option<InvitationId>,
                _,
                _,
            ) = row.read()?;
            let place = place(workspace, project);
            let wanted = filter.workspace.is_none_or(|id| place.workspace() == Some(id))
                && filter.project.is_none_or(|id| place.project() == Some(id));
            if let Some(assignee) = assignee(principal, team, invitation).filter(|_| wanted) {
                assigned.push(AssignedRole { role, assignee, place });
            }
        }
        Ok(assigned)
    }

    /// How many active people besides one hold the role in the whole organization, directly. Nobody else can
    /// count them before this session ends.
    pub async fn count_other_holders(&mut self, role: RoleId, besides: PrincipalId) -> Result<i64> {
        let organization = self.organization()?;
        self.lock_rule(organization.0).await?;
        self.count(&COUNT_HOLDERS, vec![organization.into(), role.into(), true.into(), besides.into()]).await
    }

    /// Whether the team belongs to the permit's organization.
    pub async fn has_team(&mut self, team: TeamId) -> Result<bool> {
        let organization = self.organization()?;
        Ok(self.row(&TEAM_IN_ORGANIZATION, vec![organization.into(), team.into()]).await?.is_some())
    }
}

fn assignee(
    principal: Option<PrincipalId>,
    team: Option<TeamId>,
    invitation: Option<InvitationId>,
) -> Option<Assignee> {
    let team = team.map(Assignee::Team);
    principal.map(Assignee::Principal).or(team).or(invitation.map(Assignee::Invitation))
}

fn assignee_values(assignee: Assignee) -> [Value; 3] {
    let (principal, team, invitation) = match assignee {
        Assignee::Principal(id) => (Some(id), None, None),
        Assignee::Team(id) => (None, Some(id), None),
        Assignee::Invitation(id) => (None, None, Some(id)),
    };
    [principal.into(), team.into(), invitation.into()]
}

impl Session<Write> {
    /// Adds a role.
    pub async fn insert_role(&mut self, role: &Role) -> Result<()> {
        self.insert(role).await?;
        self.changed(Change::Organization(role.organization));
        Ok(())
    }

    /// Changes a role.
    pub async fn update_role(&mut self, role: &Role) -> Result<()> {
        self.update(role).await?;
        self.changed(Change::Organization(role.organization));
        Ok(())
    }

    /// Deletes a role and takes it away from everybody who holds it.
    pub async fn delete_role(&mut self, role: &Role) -> Result<()> {
        self.execute(&DELETE_ROLE, vec![role.id.into()]).await?;
        self.changed(Change::Organization(role.organization));
        Ok(())
    }

    /// Assigns a role of the organization `role.organization`.
    pub async fn insert_assignment(&mut self, role: &Role, assignee: Assignee, place: Place) -> Result<()> {
        let (id, now) = (self.env().random_uuid(), self.env().now());
        let [principal, team, invitation] = assignee_values(assignee);
        let args = vec![
            id.into(),
            role.organization.into(),
            role.id.into(),
            principal,
            team,
            invitation,
            place.workspace().into(),
            place.project().into(),
            now.into(),
        ];
        self.execute(&INSERT_ASSIGNMENT, args).await?;
        self.changed(Change::Organization(role.organization));
        Ok(())
    }

    /// Takes a role away. Answers whether it was held.
    pub async fn delete_assignment(&mut self, role: &Role, assignee: Assignee, place: Place) -> Result<bool> {
        let [principal, team, invitation] = assignee_values(assignee);
        let args = vec![
            role.organization.into(),
            role.id.into(),
            principal,
            team,
            invitation,
            place.workspace().into(),
            place.project().into(),
        ];
        let existed = self.execute(&DELETE_ASSIGNMENT, args).await? > 0;
        self.changed(Change::Organization(role.organization));
        Ok(existed)
    }

    /// Takes away all roles that somebody holds in a project of the permit's workspace. Answers whether there
    /// was any.
    pub async fn delete_project_member(&mut self, assignee: Assignee, project: ProjectId) -> Result<bool> {
        let (organization, workspace) = (self.organization()?, self.workspace()?);
        let [principal, team, _] = assignee_values(assignee);
        let args = vec![organization.into(), workspace.into(), project.into(), principal, team];
        let removed = self.execute(&DELETE_PROJECT_MEMBER, args).await?;
        self.changed(Change::Organization(organization));
        Ok(removed > 0)
    }

    /// Takes away all that somebody holds in the permit's workspace: roles there and in its projects, and shares.
    /// Answers whether there was anything.
    pub async fn delete_workspace_member(&mut self, assignee: Assignee) -> Result<bool> {
        let (organization, workspace) = (self.organization()?, self.workspace()?);
        let [principal, team, _] = assignee_values(assignee);
        let args = vec![organization.into(), workspace.into(), principal, team];
        let mut removed = self.execute(&DELETE_WORKSPACE_ASSIGNMENTS, args).await?;
        let grantee = match assignee {
            Assignee::Principal(id) => id.0,
            Assignee::Team(id) => id.0,
            Assignee::Invitation(id) => id.0,
        };
        removed += self.execute(&DELETE_WORKSPACE_SHARES, vec![workspace.into(), grantee.into()]).await?;
        self.changed(Change::Organization(organization));
        self.changed(Change::Workspace(workspace));
        Ok(removed > 0)
    }
}
