//! Counted things and their limits.

use std::collections::BTreeMap;

use model::{Mode, Result, WorkspaceId, Write};
use uuid::Uuid;

use crate::row::{Pair, statements};
use crate::session::Session;

statements! {
    NOTE_EVENT = text("INSERT INTO usage_event (workspace_id, organization_id, feature, resource_id, total, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, feature, resource_id, total) DO NOTHING");
    ADD_USAGE = text("INSERT INTO usage_count (organization_id, workspace_id, feature, total) VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id, workspace_id, feature) DO UPDATE SET total = usage_count.total + excluded.total");
    CEILING = text("SELECT ceiling FROM entitlement WHERE organization_id = $1 AND feature = $2");
    CEILINGS = text("SELECT feature, ceiling FROM entitlement WHERE organization_id = $1 ORDER BY feature");
    SET_CEILING = text("INSERT INTO entitlement (organization_id, feature, ceiling) VALUES ($1, $2, $3) ON CONFLICT (organization_id, feature) DO UPDATE SET ceiling = excluded.ceiling");
    DELETE_CEILING = text("DELETE FROM entitlement WHERE organization_id = $1 AND feature = $2");
    TOTAL = text("SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT) FROM usage_count WHERE organization_id = $1 AND feature = $2");
    COUNTS = text("SELECT workspace_id, feature, total FROM usage_count WHERE organization_id = $1 ORDER BY workspace_id, feature");
    WORKSPACE_COUNTS = text("SELECT feature, total FROM usage_count WHERE organization_id = $1 AND workspace_id = $2 ORDER BY feature");
}

/// A change of a count, as a workspace server reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageReport {
    /// What is counted.
    pub feature: String,
    /// How much more, or less if negative.
    pub total: i64,
    /// Which entity; reports about the same one count once.
    pub resource: Option<Uuid>,
}

impl<M: Mode> Session<M> {
    /// The limit of a feature for the permit's organization, and how much of it is used.
    pub async fn find_entitlement(&mut self, feature: &str) -> Result<Option<(i64, i64)>> {
        let organization = self.organization()?;
        let args = || vec![organization.into(), feature.into()];
        let Some(row) = self.row(&CEILING, args()).await? else { return Ok(None) };
        let used = self.count(&TOTAL, args()).await?;
        Ok(Some((row.read()?, used)))
    }

    /// All limits of the permit's organization.
    pub async fn list_entitlements(&mut self) -> Result<BTreeMap<String, i64>> {
        let organization = self.organization()?;
        let rows = self.rows(&CEILINGS, vec![organization.into()]).await?;
        rows.iter().map(|row| row.read().map(|Pair(feature, ceiling)| (feature, ceiling))).collect()
    }

    /// The counts of the permit's organization, by workspace.
    pub async fn list_usage(&mut self) -> Result<BTreeMap<WorkspaceId, BTreeMap<String, i64>>> {
        let organization = self.organization()?;
        let mut usage: BTreeMap<WorkspaceId, BTreeMap<String, i64>> = BTreeMap::new();
        for row in self.rows(&COUNTS, vec![organization.into()]).await? {
            let (workspace, feature, total) = row.read()?;
            usage.entry(workspace).or_default().insert(feature, total);
        }
        Ok(usage)
    }

    /// The counts of the permit's workspace.
    pub async fn list_workspace_usage(&mut self) -> Result<BTreeMap<String, i64>> {
        let (organization, workspace) = (self.organization()?, self.workspace()?);
        let rows = self.rows(&WORKSPACE_COUNTS, vec![organization.into(), workspace.into()]).await?;
        rows.iter().map(|row| row.read().map(|Pair(feature, total)| (feature, total))).collect()
    }
}

impl Session<Write> {
    /// Counts a report of the permit's workspace. Answers false if it was counted before: servers report a run
    /// twice, and repeat requests that got lost.
    pub async fn add_usage(&mut self, report: &UsageReport) -> Result<bool> {
        let (organization, workspace, now) = (self.organization()?, self.workspace()?, self.env().now());
        if let Some(resource) = report.resource {
            let args = vec![
                workspace.into(),
                organization.into(),
                report.feature.as_str().into(),
                resource.into(),
                report.total.into(),
                now.into(),
            ];
            if self.execute(&NOTE_EVENT, args).await? == 0 {
                return Ok(false);
            }
        }
        let args =
            vec![organization.into(), workspace.into(), report.feature.as_str().into(), report.total.into()];
        self.execute(&ADD_USAGE, args).await?;
        Ok(true)
    }

    /// Sets, or with `None` lifts, a limit of the permit's organization.
    pub async fn set_entitlement(&mut self, feature: &str, ceiling: Option<i64>) -> Result<()> {
        let organization = self.organization()?;
        match ceiling {
            Some(ceiling) => {
                self.execute(&SET_CEILING, vec![organization.into(), feature.into(), ceiling.into()]).await?;
            }
            None => {
                self.execute(&DELETE_CEILING, vec![organization.into(), feature.into()]).await?;
            }
        }
        Ok(())
    }
}
