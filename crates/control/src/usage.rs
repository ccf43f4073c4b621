//! What workspace servers count, and the limits they ask for.

use std::collections::BTreeMap;

use model::audit::Origin;
use model::{
    Action, Error, Organization, OrganizationFacts, Permission, PrincipalId, ProjectId, Read, ResourceType,
    Result, Timestamp, Workspace, Write,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Session, UsageReport};
use uuid::Uuid;

use crate::authentication::Authenticated;
use crate::{Platform, TargetRef, audit, authorize, projects};

/// A report of a workspace server. Lenient: a refused report fails the user's request after the fact.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct UsageEvent {
    /// The organization; the token tells it as well, and is believed.
    #[serde(default)]
    pub organization_id: Option<Uuid>,
    /// What is counted.
    #[serde(default)]
    pub feature: String,
    /// How much more, or less.
    #[serde(default)]
    pub total: i64,
    /// Which workspace and entity.
    #[serde(default)]
    pub metadata: Option<Value>,
}

impl UsageEvent {
    /// The entity it is about.
    #[must_use]
    pub fn resource(&self) -> Option<Uuid> {
        self.metadata.as_ref()?.get("resource_id")?.as_str()?.parse().ok()
    }

    /// Whether it tells of a new project.
    #[must_use]
    pub fn is_new_project(&self) -> bool {
        self.feature == "project" && self.total > 0
    }
}

/// Counts a report. A new project is registered, and given to who must have made it. With several candidates
/// that is known when it is first asked after.
pub async fn record(
    session: &mut Session<Write>,
    workspace: &Workspace,
    facts: &OrganizationFacts,
    event: &UsageEvent,
    candidates: &[PrincipalId],
) -> Result<()> {
    let feature: String = event.feature.chars().filter(|c| !c.is_control()).take(64).collect();
    let resource = event.resource();
    if !feature.is_empty() && event.total != 0 {
        session
            .add_usage(&UsageReport { feature, total: event.total.clamp(-1_000_000, 1_000_000), resource })
            .await?;
    }
    let Some(project) = resource.map(ProjectId).filter(|_| event.is_new_project()) else { return Ok(()) };
    if session.insert_project(project).await? {
        session.record(audit::happened("project.created", workspace, json!({"project_id": project})));
        if let [creator] = candidates
            && session.claim_project(project, *creator, Timestamp(0)).await?
        {
            projects::make_administrator(session, facts, workspace, (*creator, project)).await?;
        }
    }
    Ok(())
}

/// Sets or lifts limits of the permit's organization. The operator of the installation does this, not the
/// organization itself.
pub async fn set_entitlements(
    session: &mut Session<Write>,
    organization: &Organization,
    is_superuser: bool,
    limits: BTreeMap<String, Option<i64>>,
) -> Result<BTreeMap<String, i64>> {
    if !is_superuser {
        return Err(Error::forbidden("Only super-users set limits."));
    }
    for (feature, limit) in &limits {
        let is_name = (1..=64).contains(&feature.len()) && !feature.contains(char::is_control);
        if !is_name || limit.is_some_and(|limit| limit < 0) {
            let shown: String = feature.chars().filter(|c| !c.is_control()).take(64).collect();
            return Err(Error::invalid(shown, "must be a feature's name with a limit of 0 or more, or null"));
        }
        session.set_entitlement(feature, *limit).await?;
    }
    session.record(audit::happened("organization.entitlements_set", organization, json!(limits)));
    session.list_entitlements().await
}

impl Platform {
    /// The limit of a feature in the organization of the calling machine, and how much of it is used.
    pub async fn find_entitlement(
        &self,
        who: &Authenticated,
        feature: &str,
        origin: Origin,
    ) -> Result<Option<(i64, i64)>> {
        let permission = Permission::new(ResourceType::Usage, Action::Read);
        let authorized = authorize::<Read>(self, who, permission, TargetRef::OwnWorkspace).await?;
        self.store.begin(authorized.permit, origin).await?.find_entitlement(feature).await
    }
}
