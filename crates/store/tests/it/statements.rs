//! Every statement that is written down.

use testkit::TestStore;

#[tokio::test]
async fn every_statement_prepares() {
    let t = TestStore::new().await;
    let statements = store::statement_texts();
    assert!(statements.len() > 80, "the registry lost statements: {}", statements.len());
    for (name, sql) in statements {
        t.explain(sql).await.unwrap_or_else(|error| panic!("{name}: {error:?}\n{sql}"));
    }
}
