//! Sessions: all or nothing, and nothing without an audit event.

use model::audit::Origin;
use model::{ErrorKind, OrganizationId, Read};
use testkit::{TestStore, organization, permits, principal};
use uuid::Uuid;

const TABLES: [&str; 5] = ["principal", "username", "audit_event", "audit_head", "change_log"];

async fn rows(t: &TestStore) -> Vec<i64> {
    let mut raw = t.raw().await;
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(raw.count(table, "1 = 1").await);
    }
    counts
}

#[tokio::test]
async fn a_session_that_is_dropped_leaves_no_trace() {
    let t = TestStore::new().await;
    let ada = principal(1, "ada", None);
    let mut session = t.writing().await;
    session.insert_principal(&ada).await.unwrap();
    session.record(TestStore::event());
    drop(session);
    assert_eq!(rows(&t).await, [0; 5]);
    assert!(t.facts().principal(ada.id).await.unwrap().is_none());
    t.change(async |session| session.insert_principal(&ada).await).await.unwrap();
    assert_eq!(rows(&t).await, [1; 5], "the connection is as good as new");
}

#[tokio::test]
async fn a_change_without_an_audit_event_does_not_happen() {
    let t = TestStore::new().await;
    let mut session = t.writing().await;
    session.insert_principal(&principal(1, "ada", None)).await.unwrap();
    let error = session.commit().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
    assert_eq!(rows(&t).await, [0; 5]);
}

#[tokio::test]
async fn when_the_event_cannot_be_written_the_change_does_not_happen() {
    let t = TestStore::new().await;
    // The chain already has an event at the place that the next one is to take.
    t.change(async |_| Ok(())).await.unwrap();
    t.raw().await.execute("UPDATE audit_head SET seq = 0").await;
    let ada = principal(1, "ada", None);
    t.change(async |session| session.insert_principal(&ada).await).await.unwrap_err();
    assert!(t.facts().principal(ada.id).await.unwrap().is_none());
    assert_eq!(t.raw().await.count("change_log", "1 = 1").await, 0);
}

#[tokio::test]
async fn a_permit_of_another_reach_is_refused_where_an_organization_is_needed() {
    let t = TestStore::new().await;
    let mut everywhere = t.reading().await;
    assert_eq!(everywhere.get_organization().await.unwrap_err().kind, ErrorKind::Internal);
    let nowhere = permits::in_organization::<Read>(OrganizationId(Uuid::from_u128(9)));
    let mut session = t.begin(nowhere, Origin::default()).await.unwrap();
    assert_eq!(session.get_organization().await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn what_was_written_is_read_in_the_same_session_and_by_others_after_the_commit() {
    let t = TestStore::new().await;
    let acme = organization(1, "Acme");
    let mut session = t.writing().await;
    session.insert_organization(&acme).await.unwrap();
    assert!(session.is_organization_name_taken("ACME").await.unwrap());
    assert!(!t.reading().await.is_organization_name_taken("acme").await.unwrap(), "not yet");
    session.record(TestStore::event());
    session.commit().await.unwrap();
    assert!(t.reading().await.is_organization_name_taken("acme").await.unwrap());
}
