//! Workspaces and the projects that are known of them.

use model::name::fold;
use model::{
    Error, Mode, OrganizationId, PrincipalId, ProjectId, Result, Scope, Timestamp, Visibility, Workspace,
    WorkspaceId, WorkspaceState, Write,
};

use crate::change::Change;
use crate::row::{record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};
use crate::value::Value;

record!(Workspace in "workspace" {
    id: ["id"], organization: ["organization_id"], name: ["name"], display_name: ["display_name"],
    description: ["description"], logo_url: ["logo_url"], owner: ["owner_id"], is_managed: ["is_managed"],
    desired_state: ["desired_state"], status: ["status"], state_reason: ["state_reason"],
    status_updated: ["status_updated"], server_url: ["server_url"], server_version: ["server_version"],
    last_seen: ["last_seen"], enrollment_hash: ["enrollment_pepper", "enrollment_hash"],
    enrollment_generation: ["enrollment_generation"], created: ["created"], updated: ["updated"],
} derived {
    "name_key" = |workspace| fold(&workspace.name).into(),
});

statements! {
    IN_SCOPE = select::<Workspace>("WHERE id = $1 AND organization_id = $2");
    WORKSPACE_NAME_TAKEN = text("SELECT id FROM workspace WHERE name_key = $1");
    DELETE_WORKSPACE = text("DELETE FROM workspace WHERE id = $1 AND organization_id = $2");
    INSERT_PROJECT = text("INSERT INTO project (workspace_id, id, created) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, id) DO NOTHING");
    CLAIM_PROJECT = text("UPDATE project SET created_by = $3 WHERE workspace_id = $1 AND id = $2 AND created_by IS NULL AND created > $4");
    DELETE_PROJECT = text("DELETE FROM project WHERE workspace_id = $1 AND id = $2");
    DELETE_PROJECT_ASSIGNMENTS = text("DELETE FROM role_assignment WHERE workspace_id = $1 AND project_id = $2");
    PROJECTS = text("SELECT id, created_by, created FROM project WHERE workspace_id = $1 ORDER BY created, id");
}

/// Which workspaces a list shows.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceFilter {
    /// Exactly this id.
    pub id: Option<WorkspaceId>,
    /// Exactly this name, without regard to case.
    pub name: Option<String>,
    /// Exactly this URL, without a trailing slash.
    pub url: Option<String>,
    /// Of this organization.
    pub organization: Option<OrganizationId>,
    /// In this state.
    pub status: Option<WorkspaceState>,
    /// Run by us or by others.
    pub is_managed: Option<bool>,
    /// Owned by this account.
    pub owner: Option<PrincipalId>,
}

impl<M: Mode> Session<M> {
    /// The permit's workspace.
    pub async fn get_workspace(&mut self) -> Result<Workspace> {
        let (organization, id) = (self.organization()?, self.workspace()?);
        let found = self.find(&IN_SCOPE, vec![id.into(), organization.into()]).await?;
        found.ok_or_else(|| Error::not_found("workspace", id))
    }

    /// A workspace of the permit's organization.
    pub async fn find_workspace(&mut self, id: WorkspaceId) -> Result<Option<Workspace>> {
        let organization = self.organization()?;
        self.find(&IN_SCOPE, vec![id.into(), organization.into()]).await
    }

    /// Whether a workspace of that name exists.
    pub async fn is_workspace_name_taken(&mut self, name: &str) -> Result<bool> {
        Ok(self.row(&WORKSPACE_NAME_TAKEN, vec![fold(name).into()]).await?.is_some())
    }

    /// A page of the workspaces that the permit shows.
    pub async fn list_workspaces(
        &mut self,
        filter: WorkspaceFilter,
        page: Page,
    ) -> Result<Listed<Workspace>> {
        let mut select = Select::<Workspace>::new("workspace.name_key, workspace.id", page)
            .maybe("workspace.id = ?", filter.id)
            .maybe("workspace.name_key = ?", filter.name.as_deref().map(fold))
            .maybe("workspace.server_url = ?", filter.url)
            .maybe("workspace.organization_id = ?", filter.organization)
            .maybe("workspace.status = ?", filter.status)
            .maybe("workspace.is_managed = ?", filter.is_managed)
            .maybe("workspace.owner_id = ?", filter.owner);
        if let Visibility::Listed { organizations, workspaces, shared_with } = self.permit().visibility() {
            let organizations: Vec<Value> = organizations.iter().map(|id| (*id).into()).collect();
            let workspaces: Vec<Value> = workspaces.iter().map(|id| (*id).into()).collect();
            select = select.any(vec![
                ("workspace.organization_id IN (?)", organizations),
                ("workspace.id IN (?)", workspaces),
                // What was shared makes a workspace visible as well.
                (
                    "workspace.id IN (SELECT workspace_id FROM resource_grant WHERE grantee = ?)",
                    shared_with.map(Value::from).into_iter().collect(),
                ),
            ]);
        } else if let Scope::Organization(organization) = self.permit().scope() {
            let organization = *organization;
            select = select.filter("workspace.organization_id = ?", organization);
        }
        self.page(select).await
    }

    /// The projects that the permit's workspace has reported: id, who made it, when.
    pub async fn list_projects(&mut self) -> Result<Vec<(ProjectId, Option<PrincipalId>, Timestamp)>> {
        let workspace = self.workspace()?;
        self.rows(&PROJECTS, vec![workspace.into()]).await?.iter().map(crate::row::Row::read).collect()
    }
}

impl Session<Write> {
    /// Adds a workspace.
    pub async fn insert_workspace(&mut self, workspace: &Workspace) -> Result<()> {
        self.insert(workspace).await?;
        self.changed(Change::Workspace(workspace.id));
        Ok(())
    }

    /// Changes a workspace.
    pub async fn update_workspace(&mut self, workspace: &Workspace) -> Result<()> {
        self.update(workspace).await?;
        self.changed(Change::Workspace(workspace.id));
        Ok(())
    }

    /// Deletes the permit's workspace with the roles and shares in it.
    pub async fn delete_workspace(&mut self) -> Result<()> {
        let (organization, id) = (self.organization()?, self.workspace()?);
        self.execute(&DELETE_WORKSPACE, vec![id.into(), organization.into()]).await?;
        self.changed(Change::Workspace(id));
        // Roles that were assigned in it are gone too.
        self.changed(Change::Organization(organization));
        Ok(())
    }

    /// Notes a project of the permit's workspace, which nobody has claimed yet. Answers whether it was new.
    pub async fn insert_project(&mut self, project: ProjectId) -> Result<bool> {
        let (workspace, now) = (self.workspace()?, self.env().now());
        let args = vec![workspace.into(), project.into(), now.into()];
        let is_new = self.execute(&INSERT_PROJECT, args).await? > 0;
        if is_new {
            self.changed(Change::Workspace(workspace));
        }
        Ok(is_new)
    }

    /// Gives an unclaimed project that was noted after that moment to who made it. Answers whether it was there.
    pub async fn claim_project(
        &mut self,
        project: ProjectId,
        creator: PrincipalId,
        noted_after: Timestamp,
    ) -> Result<bool> {
        let workspace = self.workspace()?;
        let args = vec![workspace.into(), project.into(), creator.into(), noted_after.into()];
        let is_claimed = self.execute(&CLAIM_PROJECT, args).await? > 0;
        if is_claimed {
            self.changed(Change::Workspace(workspace));
        }
        Ok(is_claimed)
    }

    /// Forgets a project of the permit's workspace and the roles in it. Answers whether anything was there.
    pub async fn delete_project(&mut self, project: ProjectId) -> Result<bool> {
        let (organization, workspace) = (self.organization()?, self.workspace()?);
        let mut removed = self.execute(&DELETE_PROJECT, vec![workspace.into(), project.into()]).await?;
        removed += self.execute(&DELETE_PROJECT_ASSIGNMENTS, vec![workspace.into(), project.into()]).await?;
        if removed > 0 {
            self.changed(Change::Organization(organization));
        }
        Ok(removed > 0)
    }
}
