//! The objects of the control-plane API as clients see them.

mod audit;
mod roles;
mod teams;

use std::collections::BTreeMap;

use model::{
    Credential, CredentialId, CredentialScope, Organization, OrganizationId, Principal, PrincipalId, Secret,
    Timestamp, Workspace, WorkspaceId,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

pub use audit::{AuditActor, AuditEvent, AuditTarget};
pub use roles::{AssignmentView, HeldRole, MemberView, RoleView};
pub use teams::{TeamRef, TeamView};

/// A user or a service account.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct User {
    /// Its id.
    pub id: PrincipalId,
    /// Unique per kind without regard to case.
    pub username: String,
    /// The e-mail address; for accounts without one, the username.
    pub email: String,
    /// The name for display.
    pub name: Option<String>,
    /// What a service account is for.
    pub description: Option<String>,
    /// Always null.
    pub password: Option<String>,
    /// Whether the password must be changed first.
    pub password_expired: Option<bool>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// Where the person works.
    pub company: Option<String>,
    /// What the person does.
    pub job_title: Option<String>,
    /// Free data of the console.
    pub metadata: Map<String, Value>,
    /// The identity provider; null for local accounts.
    pub oauth_provider: Option<String>,
    /// The id at the identity provider; null for local accounts.
    pub oauth_id: Option<String>,
    /// Whether it may act at all.
    pub is_active: bool,
    /// Whether it bypasses permissions in the whole installation.
    pub is_superuser: bool,
    /// Whether it is a bot.
    pub is_service_account: bool,
    /// The organization of a bot; null for people.
    pub organization_id: Option<OrganizationId>,
    /// Whether the console's first steps are done.
    pub is_onboarded: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl From<&Principal> for User {
    fn from(principal: &Principal) -> Self {
        Self {
            id: principal.id,
            username: principal.username.clone(),
            email: principal.wire_email().to_owned(),
            name: principal.name.clone(),
            description: principal.description.clone(),
            password: None,
            password_expired: principal.has_password.then_some(principal.password_expired),
            avatar_url: principal.avatar_url.clone(),
            company: principal.company.clone(),
            job_title: principal.job_title.clone(),
            metadata: principal.metadata.clone(),
            oauth_provider: None,
            oauth_id: None,
            is_active: principal.is_active,
            is_superuser: principal.is_superuser,
            is_service_account: principal.is_service_account(),
            organization_id: principal.organization,
            is_onboarded: principal.is_onboarded,
            created: principal.created,
            updated: principal.updated,
        }
    }
}

/// An API key or personal access token. The value is in the answer that made it and nowhere else.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Key {
    /// Its id.
    pub id: CredentialId,
    /// Its name, unique for its owner.
    pub name: String,
    /// What it is used for.
    pub description: Option<String>,
    /// Whether it may be used.
    pub active: bool,
    /// The end of its life; null for none.
    pub expires_at: Option<Timestamp>,
    /// What it is narrowed to; null if it can all that its owner can.
    pub scope: Option<CredentialScope>,
    /// When it was last used, at most a minute old.
    pub last_login: Option<Timestamp>,
    /// From which address it was last used.
    pub last_used_ip: Option<String>,
    /// With which client it was last used.
    pub last_used_user_agent: Option<String>,
    /// When it was last rotated.
    pub last_rotated: Option<Timestamp>,
    /// The retention period of the last rotation, in minutes.
    pub retain_period_minutes: i64,
    /// Until when the value before the last rotation still works.
    pub previous_valid_until: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// The value: shown now and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Key {
    /// A key without its value.
    #[must_use]
    pub fn hidden(credential: &Credential) -> Self {
        Self {
            id: credential.id,
            name: credential.name.clone(),
            description: credential.description.clone(),
            active: credential.is_active,
            expires_at: credential.expires_at,
            scope: credential.scope.as_deref().cloned(),
            last_login: credential.last_used,
            last_used_ip: credential.last_used_ip.clone(),
            last_used_user_agent: credential.last_used_user_agent.clone(),
            last_rotated: credential.last_rotated,
            retain_period_minutes: credential.retain_period_minutes,
            previous_valid_until: credential.previous.map(|(_, until)| until),
            created: credential.created,
            updated: credential.updated,
            key: None,
        }
    }

    /// A key with its value, for the answer that made it.
    #[must_use]
    pub fn shown(credential: &Credential, value: &Secret) -> Self {
        Self { key: Some(value.expose().to_owned()), ..Self::hidden(credential) }
    }
}

/// A service account that was just made, perhaps with its first key.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NewServiceAccount {
    /// The account.
    #[serde(flatten)]
    pub account: User,
    /// Its first key, with the value.
    pub initial_api_key: Option<Key>,
}

/// An organization.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OrganizationView {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, unique in the installation.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// A picture.
    pub logo_url: Option<String>,
    /// Who owns it.
    pub owner_id: Option<PrincipalId>,
    /// Always true: this is no subscription.
    pub has_active_subscription: bool,
    /// Always null: there is no trial.
    pub trial_expiry: Option<i64>,
    /// Whether anything in it works.
    pub is_active: bool,
    /// Free settings of the console.
    pub settings: Map<String, Value>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl From<&Organization> for OrganizationView {
    fn from(organization: &Organization) -> Self {
        Self {
            id: organization.id,
            name: organization.name.clone(),
            description: organization.description.clone(),
            logo_url: organization.logo_url.clone(),
            owner_id: organization.owner,
            has_active_subscription: true,
            trial_expiry: None,
            is_active: organization.is_active,
            settings: organization.settings.clone(),
            created: organization.created,
            updated: organization.updated,
        }
    }
}

/// The server behind a workspace.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ZenmlService {
    /// How it is set up.
    pub configuration: Option<ServiceConfiguration>,
    /// How it is reached; null before its first contact.
    pub status: Option<ServiceStatus>,
}

/// How a workspace's server is set up.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceConfiguration {
    /// Its version.
    pub version: String,
}

/// How a workspace's server is reached.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceStatus {
    /// Where clients connect to.
    pub server_url: String,
    /// Its version.
    pub version: Option<String>,
}

/// A workspace.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkspaceView {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, unique in the installation.
    pub name: String,
    /// The name for display.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// A picture.
    pub logo_url: Option<String>,
    /// Whose it is.
    pub organization: OrganizationView,
    /// Who owns it.
    pub owner_id: Option<PrincipalId>,
    /// Whether we run it; enrolled ones are run by others.
    pub is_managed: bool,
    /// The key to enroll its server with: shown now and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_key: Option<String>,
    /// Its server.
    pub zenml_service: ZenmlService,
    /// What is counted in it.
    pub usage_counts: BTreeMap<String, i64>,
    /// What is wanted.
    pub desired_state: String,
    /// Why it is as it is.
    pub state_reason: String,
    /// What is.
    pub status: String,
    /// When the status last changed.
    pub status_updated: Timestamp,
    /// When its server was last heard of, at most a minute old.
    pub last_seen: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl WorkspaceView {
    /// A workspace of the organization.
    #[must_use]
    pub fn new(workspace: &Workspace, organization: &Organization) -> Self {
        let version = workspace.server_version.clone();
        Self {
            id: workspace.id,
            name: workspace.name.clone(),
            display_name: workspace.display_name.clone(),
            description: workspace.description.clone(),
            logo_url: workspace.logo_url.clone(),
            organization: organization.into(),
            owner_id: workspace.owner,
            is_managed: workspace.is_managed,
            enrollment_key: None,
            zenml_service: ZenmlService {
                configuration: version.clone().map(|version| ServiceConfiguration { version }),
                status: workspace.server_url.clone().map(|server_url| ServiceStatus { server_url, version }),
            },
            usage_counts: BTreeMap::new(),
            desired_state: workspace.desired_state.to_string(),
            state_reason: workspace.state_reason.clone(),
            status: workspace.status.to_string(),
            status_updated: workspace.status_updated,
            last_seen: workspace.last_seen,
            created: workspace.created,
            updated: workspace.updated,
        }
    }

    /// With the enrollment key, for the answer that made it.
    #[must_use]
    pub fn with_key(self, key: &Secret) -> Self {
        Self { enrollment_key: Some(key.expose().to_owned()), ..self }
    }
}

/// A session token.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Token {
    /// The token.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: &'static str,
    /// Its life in seconds.
    pub expires_in: i64,
    /// The device it was issued to; null for others.
    pub device_id: Option<Uuid>,
    /// What is known of the device; null for others.
    pub device_metadata: Option<BTreeMap<String, String>>,
}

impl From<&control::Issued> for Token {
    fn from(issued: &control::Issued) -> Self {
        Self {
            access_token: issued.token.expose().to_owned(),
            token_type: "bearer",
            expires_in: issued.expires_in,
            device_id: None,
            device_metadata: None,
        }
    }
}
