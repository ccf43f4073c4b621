//! What servers count, and when keys were used.

use model::{Credential, CredentialId, OrganizationId, Timestamp, WorkspaceId};
use store::UsageReport;
use testkit::{TestStore, credential, organization, origin, permits, principal, workspace};
use uuid::Uuid;

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn home() -> OrganizationId {
    OrganizationId(uuid(1))
}

async fn world() -> TestStore {
    let t = TestStore::new().await;
    t.change(async |session| {
        let ada = principal(2, "ada", None);
        session.insert_organization(&organization(1, "home")).await?;
        session.insert_principal(&ada).await?;
        session.insert_credential(&credential(5, &ada, "key")).await?;
        session.insert_workspace(&workspace(3, home(), "one")).await?;
        session.insert_workspace(&workspace(4, home(), "two")).await
    })
    .await
    .unwrap();
    t
}

async fn count(t: &TestStore, workspace: u128, resource: Option<u128>, total: i64) -> bool {
    let permit = permits::in_workspace(home(), WorkspaceId(uuid(workspace)));
    let mut session = t.begin(permit, origin()).await.unwrap();
    let report = UsageReport { feature: "pipeline_run".to_owned(), total, resource: resource.map(uuid) };
    let counted = session.add_usage(&report).await.unwrap();
    session.commit().await.unwrap();
    counted
}

#[tokio::test]
async fn a_report_about_one_entity_counts_once() {
    let t = world().await;
    assert!(count(&t, 3, Some(1), 1).await);
    assert!(!count(&t, 3, Some(1), 1).await, "servers report some things twice");
    assert!(count(&t, 4, Some(1), 1).await, "in another workspace it is another thing");
    assert!(count(&t, 3, Some(2), 1).await);
    assert!(count(&t, 3, Some(1), -1).await, "its deletion is another report");
    assert!(count(&t, 3, None, 10).await && count(&t, 3, None, 10).await, "without an entity each counts");
    let permit = permits::in_organization::<model::Write>(home());
    let mut session = t.begin(permit, origin()).await.unwrap();
    assert_eq!(session.find_entitlement("pipeline_run").await.unwrap(), None, "no limit is set");
    session.set_entitlement("pipeline_run", Some(5)).await.unwrap();
    session.set_entitlement("pipeline_run", Some(50)).await.unwrap();
    assert_eq!(session.find_entitlement("pipeline_run").await.unwrap(), Some((50, 22)));
    assert_eq!(
        session.list_entitlements().await.unwrap().into_iter().collect::<Vec<_>>(),
        [("pipeline_run".to_owned(), 50)]
    );
    let usage = session.list_usage().await.unwrap();
    assert_eq!(usage[&WorkspaceId(uuid(3))]["pipeline_run"], 21);
    session.set_entitlement("pipeline_run", None).await.unwrap();
    assert_eq!(session.find_entitlement("pipeline_run").await.unwrap(), None);
    let permit = permits::in_workspace::<model::Read>(home(), WorkspaceId(uuid(4)));
    let one = t.begin(permit, origin()).await.unwrap().list_workspace_usage().await.unwrap();
    assert_eq!(one["pipeline_run"], 1);
}

async fn key(t: &TestStore) -> Credential {
    let ada = principal(2, "ada", None);
    t.reading().await.get_credential(&ada, "key").await.unwrap()
}

#[tokio::test]
async fn a_use_is_shown_at_once_and_written_by_the_flush() {
    let t = world().await;
    let (id, now) = (CredentialId(uuid(5)), t.env().now());
    assert_eq!(key(&t).await.last_used, None);
    t.note_use(id, now, Some("192.0.2.7"), Some("agent"));
    t.note_use(id, now.plus_seconds(0), Some("192.0.2.8"), None);
    let stored = "last_used IS NOT NULL";
    assert_eq!(t.raw().await.count("credential", stored).await, 0, "using a key costs no write");
    let shown = key(&t).await;
    assert_eq!((shown.last_used, shown.last_used_ip.as_deref()), (Some(now), Some("192.0.2.7")));
    t.note_contact(WorkspaceId(uuid(3)), now);
    t.flush().await.unwrap();
    assert_eq!(t.unwritten_use(id), None);
    let shown = key(&t).await;
    let found = (shown.last_used, shown.last_used_ip.as_deref(), shown.last_used_user_agent.as_deref());
    assert_eq!(found, (Some(now), Some("192.0.2.7"), Some("agent")));
    assert_eq!(t.raw().await.count("workspace", "last_seen IS NOT NULL").await, 1);
}

#[tokio::test]
async fn a_late_flush_does_not_put_back_an_older_use() {
    let t = world().await;
    let (id, later) = (CredentialId(uuid(5)), t.env().now().plus_minutes(1));
    let other = t.another_node().await;
    other.note_use(id, later, None, None);
    other.note_contact(WorkspaceId(uuid(3)), later);
    other.flush().await.unwrap();
    t.note_use(id, Timestamp(5), Some("192.0.2.7"), None);
    t.note_contact(WorkspaceId(uuid(3)), Timestamp(5));
    assert_eq!(key(&t).await.last_used, Some(later));
    t.flush().await.unwrap();
    assert_eq!(key(&t).await.last_used, Some(later));
    assert_eq!(t.raw().await.count("workspace", &format!("last_seen = {}", later.0)).await, 1);
    assert_eq!(t.raw().await.count("change_log", "kind = 'credential'").await, 1, "a use is no change");
}

#[tokio::test]
async fn closing_writes_what_was_noted() {
    let t = world().await;
    t.note_use(CredentialId(uuid(5)), t.env().now(), None, None);
    t.close().await.unwrap();
    assert_eq!(t.raw().await.count("credential", "last_used IS NOT NULL").await, 1);
}

#[tokio::test]
async fn a_flush_that_fails_keeps_its_notes() {
    let t = world().await;
    let id = CredentialId(uuid(5));
    t.note_use(id, t.env().now(), None, None);
    t.raw().await.execute("ALTER TABLE credential RENAME TO credential_gone").await;
    t.flush().await.unwrap_err();
    assert!(t.unwritten_use(id).is_some());
    t.raw().await.execute("ALTER TABLE credential_gone RENAME TO credential").await;
    t.flush().await.unwrap();
    assert_eq!(t.unwritten_use(id), None);
}
