//! Every record comes back as it was written, with all optional fields set and with none.

use model::audit::Event;
use model::grants::Grants;
use model::{
    Credential, Level, Organization, Principal, PrincipalId, Read, Role, SecretHash, Timestamp, Workspace,
    WorkspaceState,
};
use serde_json::{Map, Value, json};
use store::Page;
use testkit::{TestStore, credential, organization, origin, permits, principal, role, workspace};
use uuid::Uuid;

const ALL: Page = Page { offset: 0, limit: 100 };

#[expect(clippy::unnecessary_wraps, reason = "fills optional fields")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// Numbers and signs that a careless column would lose.
fn difficult() -> Map<String, Value> {
    map(json!({"z": 1, "a": [null, true, 1.5, 9_007_199_254_740_993_i64], "é\"'\\": {"nested": "☃"}}))
}

fn full_organization() -> Organization {
    Organization {
        description: text("two\nlines, 'quotes' and ☃"),
        logo_url: text("https://example.com/logo.png"),
        owner: Some(PrincipalId(Uuid::from_u128(u128::MAX))),
        is_active: false,
        settings: difficult(),
        created: Timestamp(1),
        updated: Timestamp::MAX,
        ..organization(2, "Ünï & Co")
    }
}

fn full_principal() -> Principal {
    Principal {
        email: text("Ada@Example.com"),
        name: text("Ada Lovelace"),
        description: text("counts"),
        avatar_url: text("https://example.com/ada.png"),
        company: text("Analytical Engines"),
        job_title: text("Countess"),
        metadata: difficult(),
        is_active: false,
        is_superuser: true,
        is_reserved: true,
        has_password: true,
        password_expired: true,
        is_onboarded: true,
        tokens_valid_after: Timestamp(7),
        created: Timestamp(-1),
        updated: Timestamp(2),
        ..principal(4, "Ada", None)
    }
}

fn full_workspace(owner: &Organization) -> Workspace {
    Workspace {
        display_name: "The Shop".to_owned(),
        description: text("sells"),
        logo_url: text("https://example.com/shop.png"),
        owner: Some(PrincipalId(Uuid::from_u128(4))),
        is_managed: true,
        desired_state: WorkspaceState::Deactivated,
        status: WorkspaceState::Failed,
        state_reason: "broken".to_owned(),
        status_updated: Timestamp(3),
        server_url: text("https://shop.example.com"),
        server_version: text("0.98.0"),
        last_seen: Some(Timestamp(4)),
        enrollment_hash: Some(SecretHash { pepper: 1, hash: [7; 32] }),
        enrollment_generation: 3,
        created: Timestamp(5),
        updated: Timestamp(6),
        ..workspace(6, owner.id, "Shop")
    }
}

fn full_credential(owner: &Principal, home: &Organization) -> Credential {
    Credential {
        organization: Some(home.id),
        description: text("for the laptop"),
        is_active: false,
        expires_at: Some(Timestamp(10)),
        secret: SecretHash { pepper: 2, hash: [1; 32] },
        previous: Some((SecretHash { pepper: 1, hash: [2; 32] }, Timestamp(9))),
        generation: 5,
        last_rotated: Some(Timestamp(8)),
        retain_period_minutes: 60,
        last_used: Some(Timestamp(7)),
        last_used_ip: text("2001:db8::1"),
        last_used_user_agent: text("ZenML/0.98.0"),
        created: Timestamp(1),
        updated: Timestamp(2),
        ..credential(8, owner, "Laptop")
    }
}

/// Hashes do not print, so they are compared beside the rest.
fn shown(credential: &Credential) -> String {
    let (secret, previous) = (credential.secret.hash, credential.previous.map(|(hash, _)| hash.hash));
    format!("{credential:?} {secret:?} {previous:?}")
}

#[tokio::test]
async fn organizations_come_back() {
    let t = TestStore::new().await;
    for record in [organization(1, "bare"), full_organization()] {
        t.change(async |session| session.insert_organization(&record).await).await.unwrap();
        let permit = permits::in_organization::<Read>(record.id);
        let found = t.begin(permit, origin()).await.unwrap().get_organization().await.unwrap();
        assert_eq!(found, record);
        let facts = t.facts().organization(record.id).await.unwrap().unwrap();
        assert_eq!(facts.facts.organization, record);
    }
    let changed = Organization { name: "Other".to_owned(), ..full_organization() };
    t.change(async |session| session.update_organization(&changed).await).await.unwrap();
    assert_eq!(t.facts().organization(changed.id).await.unwrap().unwrap().facts.organization, changed);
    assert_eq!(
        t.facts().organization_named("OTHER").await.unwrap(),
        Some(changed.id),
        "found by its new name"
    );
    assert_eq!(t.facts().organization_named("ünï & co").await.unwrap(), None, "and not by the old one");
}

#[tokio::test]
async fn accounts_come_back() {
    let t = TestStore::new().await;
    let home = organization(1, "home");
    t.change(async |session| session.insert_organization(&home).await).await.unwrap();
    let bot = Principal { description: text("works"), ..principal(5, "bot", Some(home.id)) };
    for record in [principal(3, "bare", None), full_principal(), bot] {
        t.change(async |session| session.insert_principal(&record).await).await.unwrap();
        assert_eq!(t.reading().await.find_principal(record.id).await.unwrap(), Some(record.clone()));
        assert_eq!(t.facts().principal(record.id).await.unwrap().unwrap().principal, record);
    }
    let changed = Principal { email: None, metadata: Map::new(), is_active: true, ..full_principal() };
    t.change(async |session| session.update_principal(&changed).await).await.unwrap();
    assert_eq!(t.facts().principal(changed.id).await.unwrap().unwrap().principal, changed);
}

#[tokio::test]
async fn a_login_is_found_by_username_and_by_address_without_regard_to_case() {
    let t = TestStore::new().await;
    let ada = full_principal();
    // A name that reads like somebody's address does not shadow whose name it is.
    let namesake = Principal { email: text("else@example.com"), ..principal(9, "bob", None) };
    t.change(async |session| {
        session.insert_principal(&ada).await?;
        session.insert_principal(&namesake).await?;
        session.set_password(ada.id, "hash").await?;
        session.set_password(ada.id, "newer hash").await
    })
    .await
    .unwrap();
    let mut session = t.reading().await;
    for login in ["ADA", "ada@example.COM", " ada "] {
        let (found, hash) = session.find_login(login).await.unwrap().unwrap();
        assert_eq!((found.id, hash.as_deref()), (ada.id, Some("newer hash")), "{login}");
    }
    assert!(session.find_login("nobody").await.unwrap().is_none());
    assert_eq!(session.find_login("bob").await.unwrap().unwrap().1, None, "no password is set");
}

#[tokio::test]
async fn workspaces_come_back() {
    let t = TestStore::new().await;
    let home = organization(1, "home");
    t.change(async |session| session.insert_organization(&home).await).await.unwrap();
    for record in [workspace(5, home.id, "bare"), full_workspace(&home)] {
        t.change(async |session| session.insert_workspace(&record).await).await.unwrap();
        let permit = permits::in_workspace::<Read>(home.id, record.id);
        let found = t.begin(permit, origin()).await.unwrap().get_workspace().await.unwrap();
        assert_eq!(format!("{found:?}"), format!("{record:?}"));
        let hash = |workspace: &Workspace| workspace.enrollment_hash.map(|stored| stored.hash);
        assert_eq!(hash(&found), hash(&record));
    }
    let changed = workspace(6, home.id, "Renamed");
    t.change(async |session| session.update_workspace(&changed).await).await.unwrap();
    let found = t.facts().workspace(changed.id).await.unwrap().unwrap();
    assert_eq!(format!("{:?}", found.facts.workspace), format!("{changed:?}"));
    assert_eq!(t.facts().workspace_named("renamed").await.unwrap(), Some(changed.id));
}

#[tokio::test]
async fn roles_come_back_with_types_that_this_version_does_not_know() {
    let t = TestStore::new().await;
    let home = organization(1, "home");
    let patterns = ["*:read", "stack:update", "resource_pool:*"];
    let everything = Role { grants: Grants::everything(), ..role(7, home.id, Level::Workspace, "All", &[]) };
    let some = Role {
        description: "some".to_owned(),
        system_managed: true,
        ..role(8, home.id, Level::Project, "Some", &patterns)
    };
    let none = role(9, home.id, Level::Organization, "None", &[]);
    t.change(async |session| session.insert_organization(&home).await).await.unwrap();
    for record in [everything, some, none] {
        t.change(async |session| session.insert_role(&record).await).await.unwrap();
        let permit = permits::in_organization::<Read>(home.id);
        let found = t.begin(permit, origin()).await.unwrap().find_role(record.id).await.unwrap();
        assert_eq!(found, Some(record.clone()));
        let entry = t.facts().organization(home.id).await.unwrap().unwrap();
        assert_eq!(entry.facts.roles.get(&record.id), Some(&record));
    }
}

#[tokio::test]
async fn credentials_come_back() {
    let t = TestStore::new().await;
    let (home, ada) = (organization(1, "home"), full_principal());
    t.change(async |session| {
        session.insert_organization(&home).await?;
        session.insert_principal(&ada).await
    })
    .await
    .unwrap();
    for record in [credential(7, &ada, "bare"), full_credential(&ada, &home)] {
        t.change(async |session| session.insert_credential(&record).await).await.unwrap();
        for name in [record.id.to_string(), record.name.to_uppercase()] {
            let found = t.reading().await.get_credential(&ada, &name).await.unwrap();
            assert_eq!(shown(&found), shown(&record));
        }
        let facts = t.facts().credential(record.id).await.unwrap().unwrap();
        assert_eq!(format!("{facts:?}"), format!("{:?}", record.facts()));
    }
    let changed = Credential { previous: None, expires_at: None, ..full_credential(&ada, &home) };
    t.change(async |session| session.update_credential(&changed).await).await.unwrap();
    assert_eq!(shown(&t.reading().await.get_credential(&ada, "laptop").await.unwrap()), shown(&changed));
    let other = principal(99, "other", None);
    assert!(t.reading().await.get_credential(&other, "laptop").await.is_err(), "only its owner finds it");
}

#[tokio::test]
async fn audit_events_come_back() {
    let t = TestStore::new().await;
    let home = organization(1, "home");
    let full = Event {
        organization: Some(home.id),
        action: "test.full",
        target_kind: "thing",
        target_id: Uuid::from_u128(1),
        target_name: "☃".to_owned(),
        before: Some(json!({"b": 1, "a": [1.0, "x"]})),
        after: Some(json!(null)),
    };
    let mut session = t.writing().await;
    session.record(full.clone());
    session.record(TestStore::event());
    session.commit().await.unwrap();
    let listed = t.reading().await.list_audit_events(None, ALL).await.unwrap();
    assert_eq!(listed.total, 2);
    let (bare, found): (Vec<_>, Vec<_>) = listed.rows.into_iter().partition(|entry| entry.chain.is_nil());
    let (bare, found) = (&bare[0], &found[0]);
    assert_eq!((bare.before.as_ref(), bare.after.as_ref(), bare.credential_id), (None, None, None));
    assert_eq!(found.before.as_deref(), Some(full.before.unwrap().to_string().as_str()), "byte for byte");
    assert_eq!(found.after.as_deref(), Some("null"));
    assert_eq!((found.action.as_str(), found.target_name.as_str()), (full.action, "☃"));
    assert_eq!((found.chain, found.sequence, found.previous_hash), (home.id.0, 1, [0; 32]));
    assert_eq!((found.actor_kind.as_str(), found.actor_name.as_str()), ("system", "operator"));
    assert_eq!((found.request_id.as_str(), found.ip.as_deref()), ("test", Some("192.0.2.1")));
    assert_eq!((found.user_agent.as_ref(), found.at), (None, testkit::TestClock::START));
}
