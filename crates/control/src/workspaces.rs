//! Workspaces: enrolling servers that others run, and their life.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{
    Error, OrganizationId, Peppers, PrincipalId, Result, Secret, Timestamp, Workspace, WorkspaceId,
    WorkspaceState, Write, name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Session;

use crate::audit::{self, Target};
use crate::patch::Patch;
use crate::standing::Standing;

/// What an enrollment key starts with, so that people and scanners recognize it.
const ENROLLMENT_PREFIX: &str = "CLVENROLL_";

/// A workspace to be made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceCreate {
    /// Its id, if it is to have a certain one.
    #[serde(default)]
    pub id: Option<WorkspaceId>,
    /// Unique in the installation without regard to case; made up from the display name if absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The name for display.
    #[serde(default)]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// A picture.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Who is to own it.
    #[serde(default)]
    pub owner_id: Option<PrincipalId>,
    /// Whose it is to be; may be left out by those who belong to one organization only.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
    /// Whether we run it. Only enrolled workspaces (false) exist so far.
    #[serde(default)]
    pub is_managed: Option<bool>,
    /// Enrolls a server that somebody else runs.
    #[serde(default)]
    pub enroll: Option<bool>,
    /// Where clients will reach it; the server reports it as well.
    #[serde(default)]
    pub server_url: Option<String>,
}

/// A change of a workspace. What is absent stays, null removes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceUpdate {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// The name for display.
    #[serde(default)]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Patch<String>,
    /// A picture.
    #[serde(default)]
    pub logo_url: Patch<String>,
    /// A new owner, who must be a member of the organization.
    #[serde(default)]
    pub owner_id: Option<PrincipalId>,
    /// `available` or `deactivated`.
    #[serde(default)]
    pub desired_state: Option<String>,
    /// Why, for people.
    #[serde(default)]
    pub state_reason: Option<String>,
    /// Where clients reach it.
    #[serde(default)]
    pub server_url: Patch<String>,
}

/// What a workspace server says of itself.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Its version.
    pub version: Option<String>,
    /// Where clients reach it.
    pub url: Option<String>,
}

/// Makes a workspace in the permit's organization and the key to enroll its server with.
pub async fn create(
    session: &mut Session<Write>,
    standing: &Standing,
    input: WorkspaceCreate,
) -> Result<(Workspace, Secret)> {
    if input.is_managed == Some(true) && input.enroll != Some(true) {
        return Err(Error::invalid(
            "is_managed",
            "must be false: this installation enrolls servers, it does not run them",
        ));
    }
    let env = session.env().clone();
    let now = env.now();
    let wanted = input.name.as_deref().or(input.display_name.as_deref()).unwrap_or_default();
    let name = name::workspace("name", wanted)?.text;
    let owner = input.owner_id.unwrap_or(standing.account.principal.id);
    check_owner(session, standing, owner).await?;
    let id = input.id.unwrap_or_else(|| env.id());
    let secret = Secret::new(format!("{ENROLLMENT_PREFIX}{}", URL_SAFE_NO_PAD.encode(env.bytes::<32>())));
    let workspace = Workspace {
        id,
        organization: session.organization()?,
        display_name: input.display_name.map_or(Ok(name.clone()), |text| display_name(&text))?,
        name,
        description: input.description.map(|text| name::text("description", &text, 256)).transpose()?,
        logo_url: input.logo_url.map(|text| name::url("logo_url", &text)).transpose()?,
        owner: Some(owner),
        is_managed: false,
        desired_state: WorkspaceState::Available,
        status: WorkspaceState::Pending,
        state_reason: "Waiting for the first contact of its server.".to_owned(),
        status_updated: now,
        server_url: input.server_url.map(|text| name::url("server_url", &text)).transpose()?,
        server_version: None,
        last_seen: None,
        enrollment_hash: Some(session.peppers().hash(id.0, secret.expose().as_bytes())),
        enrollment_generation: 1,
        created: now,
        updated: now,
    };
    session.insert_workspace(&workspace).await?;
    session.record(audit::created("workspace.created", &workspace));
    Ok((workspace, secret))
}

fn display_name(text: &str) -> Result<String> {
    name::text("display_name", text, 50)
}

async fn check_owner(session: &mut Session<Write>, standing: &Standing, owner: PrincipalId) -> Result<()> {
    let is_caller = owner == standing.account.principal.id;
    if is_caller || session.find_principal(owner).await?.is_some() {
        return Ok(());
    }
    Err(Error::invalid("owner_id", "is not the id of a member of the organization"))
}

/// Changes the permit's workspace.
pub async fn update(
    session: &mut Session<Write>,
    standing: &Standing,
    input: WorkspaceUpdate,
) -> Result<Workspace> {
    let mut workspace = session.get_workspace().await?;
    let before = workspace.describe();
    let now = session.env().now();
    if let Some(name) = input.name {
        workspace.name = name::workspace("name", &name)?.text;
    }
    if let Some(text) = input.display_name {
        workspace.display_name = display_name(&text)?;
    }
    input.description.apply(&mut workspace.description, |text| name::text("description", &text, 256))?;
    input.logo_url.apply(&mut workspace.logo_url, |text| name::url("logo_url", &text))?;
    input.server_url.apply(&mut workspace.server_url, |text| name::url("server_url", &text))?;
    if let Some(owner) = input.owner_id {
        check_owner(session, standing, owner).await?;
        workspace.owner = Some(owner);
    }
    if let Some(state) = input.desired_state {
        set_desired(&mut workspace, WorkspaceState::parse_desired("desired_state", &state)?, now);
    }
    if let Some(reason) = input.state_reason {
        workspace.state_reason = name::text("state_reason", &reason, 256)?;
    }
    workspace.updated = now;
    session.update_workspace(&workspace).await?;
    session.record(audit::updated("workspace.updated", &before, &workspace));
    Ok(workspace)
}

fn set_desired(workspace: &mut Workspace, state: WorkspaceState, now: Timestamp) {
    workspace.desired_state = state;
    let status = match state {
        WorkspaceState::Deactivated => WorkspaceState::Deactivated,
        // Back in use if its server was ever heard of.
        _ if workspace.server_version.is_some() => WorkspaceState::Available,
        _ => WorkspaceState::Pending,
    };
    if status != workspace.status {
        workspace.status = status;
        workspace.status_updated = now;
        workspace.state_reason = String::new();
    }
}

/// Replaces the enrollment key of the permit's workspace. Its server, and all tokens it got, are out at once.
pub async fn rotate_enrollment_key(session: &mut Session<Write>) -> Result<(Workspace, Secret)> {
    let mut workspace = session.get_workspace().await?;
    let before = workspace.describe();
    let env = session.env().clone();
    let secret = Secret::new(format!("{ENROLLMENT_PREFIX}{}", URL_SAFE_NO_PAD.encode(env.bytes::<32>())));
    workspace.enrollment_hash = Some(session.peppers().hash(workspace.id.0, secret.expose().as_bytes()));
    workspace.enrollment_generation += 1;
    workspace.updated = env.now();
    session.update_workspace(&workspace).await?;
    session.record(audit::updated("workspace.enrollment_key_rotated", &before, &workspace));
    Ok((workspace, secret))
}

/// Deletes the permit's workspace with the roles and shares in it.
pub async fn delete(session: &mut Session<Write>) -> Result<()> {
    let workspace = session.get_workspace().await?;
    session.delete_workspace().await?;
    session.record(audit::deleted("workspace.deleted", &workspace));
    Ok(())
}

/// Takes the report of a workspace server that has started.
pub async fn report(session: &mut Session<Write>, report: Report) -> Result<Workspace> {
    let mut workspace = session.get_workspace().await?;
    let before = workspace.describe();
    let now = session.env().now();
    workspace.last_seen = Some(now);
    if let Some(version) = report.version {
        workspace.server_version = Some(name::text("zenml-server-version", &version, 64)?);
    }
    if let Some(url) = report.url {
        workspace.server_url = Some(name::url("zenml-server-url", &url)?);
    }
    if workspace.status == WorkspaceState::Pending || workspace.status == WorkspaceState::Failed {
        workspace.status = WorkspaceState::Available;
        workspace.status_updated = now;
        workspace.state_reason = String::new();
    }
    workspace.updated = now;
    session.update_workspace(&workspace).await?;
    session.record(audit::updated("workspace.reported", &before, &workspace));
    Ok(workspace)
}

/// Whether the secret is the enrollment key of the workspace. Costs the same whether there is one or not.
#[must_use]
pub fn is_enrollment_key(
    peppers: &Peppers,
    id: WorkspaceId,
    workspace: Option<&Workspace>,
    secret: &str,
) -> bool {
    let nothing = model::SecretHash::unmatchable(peppers.current());
    let stored = workspace.and_then(|workspace| workspace.enrollment_hash).unwrap_or(nothing);
    peppers.verify(id.0, secret.as_bytes(), &stored)
}

/// Whether the caller may do everything in the workspace, so that nothing is left to check.
#[must_use]
pub fn holds_everything(standing: &Standing, workspace: WorkspaceId) -> bool {
    standing.access().over_workspace(workspace).is_everything()
}
