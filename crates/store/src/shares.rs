//! Direct grants on single resources of a workspace.

use model::permission::ActionSet;
use model::{Mode, Result, WorkspaceId, Write};
use uuid::Uuid;

use crate::change::Change;
use crate::row::statements;
use crate::session::Session;

statements! {
    SET_SHARE = text("INSERT INTO resource_grant (workspace_id, grantee, is_team, resource, actions, created) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, grantee, resource) DO UPDATE SET actions = excluded.actions");
    DELETE_SHARE = text("DELETE FROM resource_grant WHERE workspace_id = $1 AND grantee = $2 AND resource = $3");
    FIND_SHARE = text("SELECT actions FROM resource_grant WHERE workspace_id = $1 AND grantee = $2 AND resource = $3");
    SHARES_OF_RESOURCE = text("SELECT grantee, is_team, actions FROM resource_grant WHERE workspace_id = $1 AND resource = $2 ORDER BY created, grantee");
    SHARES_WITH = text("SELECT resource_grant.workspace_id, resource_grant.resource, resource_grant.actions FROM resource_grant JOIN workspace ON workspace.id = resource_grant.workspace_id WHERE workspace.organization_id = $1 AND resource_grant.grantee = $2 ORDER BY resource_grant.workspace_id, resource_grant.resource");
    DELETE_RESOURCE = text("DELETE FROM resource_grant WHERE workspace_id = $1 AND resource = $2");
    // Everything in a project starts with its id; the end of the range is the next character after ':'.
    DELETE_PROJECT_RESOURCES = text("DELETE FROM resource_grant WHERE workspace_id = $1 AND resource >= $2 AND resource < $3");
}

/// What somebody may do with one resource, directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// A user, a service account or a team.
    pub grantee: Uuid,
    /// Whether it is a team.
    pub is_team: bool,
    /// What it may do.
    pub actions: ActionSet,
}

/// Something that was shared with somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// Which resource.
    pub resource: String,
    /// What may be done with it.
    pub actions: ActionSet,
}

impl<M: Mode> Session<M> {
    /// What was shared with an account or a team in the permit's organization, workspace by workspace.
    pub async fn list_shared_with(&mut self, grantee: Uuid) -> Result<Vec<Shared>> {
        let organization = self.organization()?;
        let rows = self.rows(&SHARES_WITH, vec![organization.into(), grantee.into()]).await?;
        let shared = rows.iter().map(|row| {
            let (workspace, resource, actions) = row.read()?;
            Ok(Shared { workspace, resource, actions })
        });
        shared.collect()
    }

    /// With whom a resource of the permit's workspace is shared.
    pub async fn list_shares(&mut self, resource: &str) -> Result<Vec<Share>> {
        let workspace = self.workspace()?;
        let rows = self.rows(&SHARES_OF_RESOURCE, vec![workspace.into(), resource.into()]).await?;
        rows.iter()
            .map(|row| {
                let (grantee, is_team, actions) = row.read()?;
                Ok(Share { grantee, is_team, actions })
            })
            .collect()
    }

    /// What somebody may do with a resource of the permit's workspace, directly.
    pub async fn find_share(&mut self, grantee: Uuid, resource: &str) -> Result<ActionSet> {
        let workspace = self.workspace()?;
        let row = self.row(&FIND_SHARE, vec![workspace.into(), grantee.into(), resource.into()]).await?;
        row.map_or(Ok(ActionSet::NONE), |row| row.read())
    }
}

impl Session<Write> {
    /// Replaces what somebody may do with a resource of the permit's workspace; nothing takes it away.
    pub async fn set_share(&mut self, share: Share, resource: &str) -> Result<()> {
        let (workspace, now) = (self.workspace()?, self.env().now());
        if share.actions.is_empty() {
            self.execute(&DELETE_SHARE, vec![workspace.into(), share.grantee.into(), resource.into()])
                .await?;
        } else {
            let args = vec![
                workspace.into(),
                share.grantee.into(),
                share.is_team.into(),
                resource.into(),
                share.actions.bits().into(),
                now.into(),
            ];
            self.execute(&SET_SHARE, args).await?;
        }
        self.changed(Change::Workspace(workspace));
        Ok(())
    }

    /// Forgets the shares of a resource that is gone. Answers how many there were.
    pub async fn delete_resource(&mut self, resource: &str) -> Result<u64> {
        let workspace = self.workspace()?;
        let removed = self.execute(&DELETE_RESOURCE, vec![workspace.into(), resource.into()]).await?;
        self.note_removed(removed)
    }

    /// Forgets the shares of everything in a project that is gone. Answers how many there were.
    pub async fn delete_project_resources(&mut self, project: Uuid) -> Result<u64> {
        let workspace = self.workspace()?;
        let args = vec![workspace.into(), format!("{project}:").into(), format!("{project};").into()];
        let removed = self.execute(&DELETE_PROJECT_RESOURCES, args).await?;
        self.note_removed(removed)
    }

    fn note_removed(&mut self, removed: u64) -> Result<u64> {
        if removed > 0 {
            let workspace = self.workspace()?;
            self.changed(Change::Workspace(workspace));
        }
        Ok(removed)
    }
}
