//! Several nodes on one database: what one changes takes effect on the others.

use std::time::Duration;

use model::{CredentialId, OrganizationId, TokenId};
use store::Store;
use testkit::{TestStore, credential, organization, principal};
use uuid::Uuid;

const POLL: Duration = Duration::from_millis(5);

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

async fn world() -> TestStore {
    let t = TestStore::new().await;
    t.change(async |session| {
        let ada = principal(2, "ada", None);
        session.insert_organization(&organization(1, "home")).await?;
        session.insert_principal(&ada).await?;
        session.insert_credential(&credential(3, &ada, "key")).await
    })
    .await
    .unwrap();
    t
}

async fn is_active(store: &Store) -> bool {
    store.facts().credential(CredentialId(uuid(3))).await.unwrap().unwrap().is_active
}

async fn deactivate(t: &TestStore) {
    let mut key = credential(3, &principal(2, "ada", None), "key");
    key.is_active = false;
    t.change(async |session| session.update_credential(&key).await).await.unwrap();
}

/// Waits until it is so. The time limit is for a test that fails; one that passes takes a poll or two.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it did not come to pass");
}

#[tokio::test]
async fn a_deactivation_reaches_the_other_nodes() {
    let t = world().await;
    let other = t.another_node().await;
    let following = other.follow(POLL).await.unwrap();
    assert!(is_active(&other).await);
    deactivate(&t).await;
    assert!(!is_active(&t.store).await, "here at once");
    until(async || !is_active(&other).await).await;
    following.abort();
}

#[tokio::test]
async fn a_sign_out_reaches_the_other_nodes() {
    let t = world().await;
    let other = t.another_node().await;
    let following = other.follow(POLL).await.unwrap();
    let (token, end) = (TokenId(uuid(7)), t.env().now().plus_minutes(60));
    t.change(async |session| session.revoke_token(token, end).await).await.unwrap();
    until(async || other.facts().is_revoked(token)).await;
    following.abort();
}

#[tokio::test]
async fn a_node_that_does_not_follow_keeps_what_it_read() {
    // The opposite of the tests above: without the follower they would fail.
    let t = world().await;
    let other = t.another_node().await;
    assert!(is_active(&other).await);
    deactivate(&t).await;
    assert!(is_active(&other).await);
}

#[tokio::test]
async fn what_changed_before_a_node_began_to_follow_is_known_when_it_does() {
    let t = world().await;
    let other = t.another_node().await;
    assert!(is_active(&other).await);
    deactivate(&t).await;
    let (token, end) = (TokenId(uuid(7)), t.env().now().plus_minutes(60));
    t.change(async |session| session.revoke_token(token, end).await).await.unwrap();
    let mut session = t.writing().await;
    session.rotate_pepper().await.unwrap();
    session.commit().await.unwrap();
    let following = other.follow(Duration::from_mins(1)).await.unwrap();
    assert!(!is_active(&other).await);
    assert!(other.facts().is_revoked(token));
    assert_eq!(other.server_keys().peppers.current(), 2);
    following.abort();
}

#[tokio::test]
async fn a_node_that_missed_lines_of_the_log_forgets_everything() {
    let t = world().await;
    let other = t.another_node().await;
    let following = other.follow(POLL).await.unwrap();
    let home = OrganizationId(uuid(1));
    other.facts().organization(home).await.unwrap().unwrap();
    assert!(is_active(&other).await);
    // As if the lines had come and been cleared away while the node was asleep.
    let mut raw = t.raw().await;
    raw.execute("UPDATE credential SET is_active = NOT is_active").await;
    raw.execute("DELETE FROM change_log").await;
    raw.execute("UPDATE change_clock SET seq = seq + 10").await;
    until(async || !is_active(&other).await).await;
    // The same with a line after the gap.
    raw.execute("UPDATE credential SET is_active = NOT is_active").await;
    raw.execute("UPDATE change_clock SET seq = seq + 10").await;
    t.change(async |session| session.update_organization(&organization(1, "home")).await).await.unwrap();
    until(async || is_active(&other).await).await;
    following.abort();
}

#[tokio::test]
async fn a_node_that_lost_touch_answers_no_more() {
    let t = world().await;
    let fresh = || t.require_fresh(t.env().now());
    t.clock.advance(60);
    fresh().expect("a node that is alone need not follow anybody");
    let following = t.follow(POLL).await.unwrap();
    following.abort();
    let _ = following.await;
    t.clock.advance_seconds(10);
    fresh().expect("ten seconds are the limit");
    t.clock.advance_microseconds(1);
    let error = fresh().unwrap_err();
    assert_eq!((error.kind, error.retry_after), (model::ErrorKind::Unavailable, Some(2)));
    let following = t.follow(POLL).await.unwrap();
    fresh().expect("back in touch");
    t.clock.advance(60);
    until(async || fresh().is_ok()).await;
    following.abort();
}

#[tokio::test]
async fn old_lines_of_the_log_are_cleared_away_and_young_ones_kept() {
    let t = world().await;
    t.clock.advance(59);
    t.tidy().await.unwrap();
    let lines = t.raw().await.count("change_log", "1 = 1").await;
    assert_eq!(lines, 3, "an organization, an account, a key");
    deactivate(&t).await;
    t.clock.advance(2);
    t.tidy().await.unwrap();
    assert_eq!(t.raw().await.count("change_log", "1 = 1").await, 1);
}
