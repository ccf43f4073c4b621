//! Records with every required field filled in; a test changes what it is about.

use model::grants::Grants;
use model::{
    Credential, CredentialId, CredentialKind, Level, Organization, OrganizationId, Principal, PrincipalId,
    PrincipalKind, Role, RoleId, SecretHash, Team, TeamId, Timestamp, Workspace, WorkspaceId, WorkspaceState,
};
use uuid::Uuid;

use crate::TestClock;

const NOW: Timestamp = TestClock::START;

/// A user, or with an organization a service account.
#[must_use]
pub fn principal(number: u128, username: &str, organization: Option<OrganizationId>) -> Principal {
    let kind = if organization.is_some() { PrincipalKind::ServiceAccount } else { PrincipalKind::User };
    let id = PrincipalId(Uuid::from_u128(number));
    Principal { organization, ..control::users::blank(id, kind, username.to_owned(), NOW) }
}

/// An organization without roles.
#[must_use]
pub fn organization(number: u128, name: &str) -> Organization {
    Organization {
        id: OrganizationId(Uuid::from_u128(number)),
        name: name.to_owned(),
        description: None,
        logo_url: None,
        owner: None,
        is_active: true,
        settings: serde_json::Map::new(),
        created: NOW,
        updated: NOW,
    }
}

/// A workspace in use.
#[must_use]
pub fn workspace(number: u128, organization: OrganizationId, name: &str) -> Workspace {
    Workspace {
        id: WorkspaceId(Uuid::from_u128(number)),
        organization,
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: None,
        logo_url: None,
        owner: None,
        is_managed: false,
        desired_state: WorkspaceState::Available,
        status: WorkspaceState::Available,
        state_reason: String::new(),
        status_updated: NOW,
        server_url: None,
        server_version: None,
        last_seen: None,
        enrollment_hash: None,
        enrollment_generation: 1,
        created: NOW,
        updated: NOW,
    }
}

/// A custom role that grants the patterns.
#[must_use]
pub fn role(number: u128, organization: OrganizationId, level: Level, name: &str, patterns: &[&str]) -> Role {
    Role {
        id: RoleId(Uuid::from_u128(number)),
        organization,
        level,
        name: name.to_owned(),
        description: String::new(),
        system_managed: false,
        grants: Grants::parse("permissions", patterns.iter().copied()).expect("the patterns are wrong"),
        created: NOW,
        updated: NOW,
    }
}

/// A team without members.
#[must_use]
pub fn team(number: u128, organization: OrganizationId, name: &str) -> Team {
    Team {
        id: TeamId(Uuid::from_u128(number)),
        organization,
        name: name.to_owned(),
        description: None,
        created: NOW,
        updated: NOW,
    }
}

/// An active key or token of the owner that nobody knows the value of.
#[must_use]
pub fn credential(number: u128, owner: &Principal, name: &str) -> Credential {
    Credential {
        id: CredentialId(Uuid::from_u128(number)),
        kind: match owner.kind {
            PrincipalKind::User => CredentialKind::PersonalAccessToken,
            PrincipalKind::ServiceAccount => CredentialKind::ApiKey,
        },
        owner: owner.id,
        organization: owner.organization,
        name: name.to_owned(),
        description: None,
        is_active: true,
        expires_at: None,
        secret: SecretHash::unmatchable(1),
        previous: None,
        generation: 1,
        scope: None,
        last_rotated: None,
        retain_period_minutes: 0,
        last_used: None,
        last_used_ip: None,
        last_used_user_agent: None,
        created: NOW,
        updated: NOW,
    }
}
