//! Answers for the documentation, made by the same code that makes the real ones.

use model::credential::{Credential, CredentialKind};
use model::{
    Assignee, CredentialId, Grants, Level, Organization, OrganizationId, Place, Principal, PrincipalId,
    PrincipalKind, ProjectId, Role, RoleId, Secret, SecretHash, Team, TeamId, Timestamp, Workspace,
    WorkspaceId, WorkspaceState, predefined,
};
use serde_json::{Map, Value, json};
use store::{AssignedRole, CountedTeam, Holder};
use uuid::Uuid;

use crate::wire;

const MOMENT: Timestamp = Timestamp(1_893_456_000_000_000);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn value(of: impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// A person.
pub(super) fn person() -> Principal {
    let mut person = control::users::blank(PrincipalId(id(1)), PrincipalKind::User, "ada".to_owned(), MOMENT);
    person.email = Some("ada@example.com".to_owned());
    person.name = Some("Ada Lovelace".to_owned());
    person.has_password = true;
    person
}

fn bot() -> Principal {
    let mut bot = control::users::blank(
        PrincipalId(id(2)),
        PrincipalKind::ServiceAccount,
        "autobot".to_owned(),
        MOMENT,
    );
    bot.name = Some("Automation Bot".to_owned());
    bot.organization = Some(OrganizationId(id(3)));
    bot
}

fn organization_record() -> Organization {
    Organization {
        id: OrganizationId(id(3)),
        name: "acme".to_owned(),
        description: Some("Machines that think".to_owned()),
        logo_url: None,
        owner: Some(PrincipalId(id(1))),
        is_active: true,
        settings: Map::new(),
        created: MOMENT,
        updated: MOMENT,
    }
}

fn workspace_record() -> Workspace {
    Workspace {
        id: WorkspaceId(id(4)),
        organization: OrganizationId(id(3)),
        name: "ws-one".to_owned(),
        display_name: "Workspace One".to_owned(),
        description: None,
        logo_url: None,
        owner: Some(PrincipalId(id(1))),
        is_managed: false,
        desired_state: WorkspaceState::Available,
        status: WorkspaceState::Available,
        state_reason: String::new(),
        status_updated: MOMENT,
        server_url: Some("https://ws-one.example.com".to_owned()),
        server_version: Some("0.98.0".to_owned()),
        last_seen: Some(MOMENT),
        enrollment_hash: None,
        enrollment_generation: 1,
        created: MOMENT,
        updated: MOMENT,
    }
}

fn credential(kind: CredentialKind, name: &str) -> Credential {
    Credential {
        id: CredentialId(id(5)),
        kind,
        owner: PrincipalId(id(1)),
        organization: None,
        name: name.to_owned(),
        description: None,
        is_active: true,
        expires_at: Some(MOMENT.plus_minutes(90 * 24 * 60)),
        secret: SecretHash::unmatchable(1),
        previous: None,
        generation: 1,
        scope: None,
        last_rotated: None,
        retain_period_minutes: 0,
        last_used: Some(MOMENT),
        last_used_ip: Some("192.0.2.7".to_owned()),
        last_used_user_agent: Some("curl/8.5.0".to_owned()),
        created: MOMENT,
        updated: MOMENT,
    }
}

/// A key's value, cut so that nobody takes it for one.
fn sample_value() -> Secret {
    Secret::new("ZENPROKEY_AZAAAAAAcACAAAAAAAAABQ…".to_owned())
}

pub(super) fn user() -> Value {
    value(wire::User::from(&person()))
}

pub(super) fn service_account() -> Value {
    value(wire::User::from(&bot()))
}

pub(super) fn new_service_account() -> Value {
    let credential = credential(CredentialKind::ApiKey, "default");
    let key = wire::Key::shown(&credential, &sample_value());
    value(wire::NewServiceAccount { account: (&bot()).into(), initial_api_key: Some(key) })
}

pub(super) fn key() -> Value {
    value(wire::Key::hidden(&credential(CredentialKind::PersonalAccessToken, "work-laptop")))
}

pub(super) fn shown_key() -> Value {
    value(wire::Key::shown(&credential(CredentialKind::PersonalAccessToken, "work-laptop"), &sample_value()))
}

pub(super) fn organization() -> Value {
    value(wire::OrganizationView::from(&organization_record()))
}

pub(super) fn workspace() -> Value {
    value(wire::WorkspaceView::new(&workspace_record(), &organization_record()))
}

pub(super) fn enrolled_workspace() -> Value {
    let view = wire::WorkspaceView::new(&workspace_record(), &organization_record());
    value(view.with_key(&Secret::new("CLVENROLL_ZQ3k…".to_owned())))
}

pub(super) fn role() -> Value {
    let viewer = predefined::ROLES.iter().find(|role| role.name == "Project Contributor");
    let Some(viewer) = viewer else { return Value::Null };
    value(wire::RoleView::from(&Role {
        id: RoleId(id(6)),
        organization: OrganizationId(id(3)),
        level: viewer.level,
        name: viewer.name.to_owned(),
        description: viewer.description.to_owned(),
        system_managed: true,
        grants: viewer.grants().unwrap_or_default(),
        created: MOMENT,
        updated: MOMENT,
    }))
}

pub(super) fn token() -> Value {
    json!({
        "access_token": "eyJhbGciOiJFZERTQSIsImtpZCI6Ij…", "token_type": "bearer", "expires_in": 3600,
        "device_id": null, "device_metadata": null,
    })
}

/// A role that somebody made.
pub(super) fn custom_role() -> Value {
    let patterns = ["pipeline:read", "pipeline_run:create", "pipeline_run:read", "project:read"];
    value(wire::RoleView::with_grid(&Role {
        id: RoleId(id(7)),
        organization: OrganizationId(id(3)),
        level: Level::Project,
        name: "Run starter".to_owned(),
        description: "Starts the nightly runs".to_owned(),
        system_managed: false,
        grants: Grants::parse("permissions", patterns).unwrap_or_default(),
        created: MOMENT,
        updated: MOMENT,
    }))
}

fn team_record() -> Team {
    Team {
        id: TeamId(id(8)),
        organization: OrganizationId(id(3)),
        name: "Data".to_owned(),
        description: Some("Everybody who trains models".to_owned()),
        created: MOMENT,
        updated: MOMENT,
    }
}

pub(super) fn team() -> Value {
    value(wire::TeamView::from(&CountedTeam { team: team_record(), members: 2 }))
}

fn held(level: Level, name: &str, via_team: Option<TeamId>) -> wire::HeldRole {
    let place = match level {
        Level::Organization => Place::Organization,
        Level::Workspace => Place::Workspace(WorkspaceId(id(4))),
        Level::Project => Place::Project(WorkspaceId(id(4)), ProjectId(id(10))),
    };
    wire::HeldRole::new(RoleId(id(6)), Some(name.to_owned()), place, via_team)
}

pub(super) fn member() -> Value {
    let roles = vec![
        held(Level::Organization, predefined::ORGANIZATION_MEMBER, None),
        held(Level::Workspace, predefined::WORKSPACE_VIEWER, Some(team_record().id)),
    ];
    value(wire::MemberView::new(&Holder::Account(person()), roles))
}

/// A team among the members.
pub(super) fn team_member() -> Value {
    let roles = vec![held(Level::Workspace, predefined::WORKSPACE_VIEWER, None)];
    value(wire::MemberView::new(&Holder::Team(team_record()), roles))
}

pub(super) fn assignment() -> Value {
    let assigned = AssignedRole {
        role: RoleId(id(6)),
        assignee: Assignee::Principal(person().id),
        place: Place::Workspace(WorkspaceId(id(4))),
    };
    value(wire::AssignmentView::new(OrganizationId(id(3)), &assigned, Some(&Holder::Account(person()))))
}

pub(super) fn audit_event() -> Value {
    json!({
        "id": id(9), "sequence": 41, "at": MOMENT,
        "actor": {"kind": "user", "id": id(1), "name": "ada", "credential_id": id(5)},
        "action": "api_key.updated", "target": {"kind": "credential", "id": id(5), "name": "default"},
        "before": {"is_active": true}, "after": {"is_active": false},
        "request_id": "5f0e1e0c-6a0e-4b0c-9a57-0a9d3f1a3e11", "ip": "192.0.2.7", "user_agent": "curl/8.5.0",
        "previous_hash": "9b1c…", "hash": "44a0…",
    })
}
