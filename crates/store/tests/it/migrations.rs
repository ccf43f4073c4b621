//! Bringing a database to this version.

use model::ErrorKind;
use testkit::{Raw, SeededEntropy, TestClock, TestDatabase, TestStore, open};

/// How many there are.
const MIGRATIONS: usize = 2;

/// What migrations and the making of server keys leave behind.
async fn traces(raw: &mut Raw) -> Vec<String> {
    let mut traces = raw.texts("SELECT name || ' ' || CAST(at AS TEXT) FROM migration ORDER BY number").await;
    traces
        .extend(raw.texts("SELECT purpose || CAST(version AS TEXT) FROM server_key ORDER BY purpose").await);
    traces
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    let t = TestStore::new().await;
    let before = traces(&mut t.raw().await).await;
    t.clock.advance(5);
    drop(t.another_node().await);
    assert_eq!(before, traces(&mut t.raw().await).await);
    assert_eq!(before.len(), MIGRATIONS + 2, "the migrations, a pepper and a signing key: {before:?}");
}

#[tokio::test]
async fn eight_nodes_may_start_on_one_empty_database() {
    let database = TestDatabase::empty().await;
    let url = database.url();
    let starts: Vec<_> = (0..8)
        .map(|seed| {
            let url = url.clone();
            tokio::spawn(async move { open(&url, TestClock::default(), SeededEntropy::new(seed)).await })
        })
        .collect();
    let mut signing = Vec::new();
    for start in starts {
        let store = start.await.unwrap().unwrap();
        signing.push(store.server_keys().signing[0].id);
    }
    signing.dedup();
    assert_eq!(signing.len(), 1, "all use the keys that one of them made");
    assert_eq!(traces(&mut database.raw().await).await.len(), MIGRATIONS + 2);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let t = TestStore::new().await;
    t.raw().await.execute("UPDATE migration SET number = 999 WHERE number = 1").await;
    let error = open(&t.url(), t.clock.clone(), SeededEntropy::new(9)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.message.contains("newer version (schema 999"), "{error:?}");
}

#[tokio::test]
async fn a_database_made_with_another_text_of_a_migration_is_refused() {
    let t = TestStore::new().await;
    let other = match t.raw().await {
        Raw::Sqlite(_) => "x'00'",
        Raw::Postgres(_) => "'\\x00'::bytea",
    };
    t.raw().await.execute(&format!("UPDATE migration SET checksum = {other}")).await;
    let error = open(&t.url(), t.clock.clone(), SeededEntropy::new(9)).await.unwrap_err();
    assert!(error.message.contains("another text of migration foundation"), "{error:?}");
}

#[tokio::test]
async fn a_url_of_another_database_is_refused_by_name() {
    for url in ["mysql://localhost/x", "claviger.db", ""] {
        let error = open(url, TestClock::default(), SeededEntropy::new(9)).await.unwrap_err();
        assert_eq!(error.fields[0].field, "database.url", "{url}");
    }
}
