//! The server's own keys.

use std::sync::Arc;
use std::time::Duration;

use model::{CredentialId, Env, ErrorKind, Key};
use store::{MasterKey, Options, Store};
use testkit::{SeededEntropy, TestStore};
use uuid::Uuid;
use zeroize::Zeroizing;

#[tokio::test]
async fn nothing_of_a_key_is_in_the_database_in_clear() {
    let t = TestStore::new().await;
    let seed = t.server_keys().signing[0].seed.clone();
    let shown = seed.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
    let mut raw = t.raw().await;
    let hex = match raw {
        testkit::Raw::Sqlite(_) => "SELECT hex(sealed) FROM server_key",
        testkit::Raw::Postgres(_) => "SELECT upper(encode(sealed, 'hex')) FROM server_key",
    };
    for sealed in raw.texts(hex).await {
        assert!(!sealed.contains(&shown));
    }
    assert!(!format!("{:?}", t.server_keys()).contains(&format!("{:?}", seed[0..4].to_vec())));
}

#[tokio::test]
async fn another_master_key_opens_nothing_and_says_which_setting_is_wrong() {
    let t = TestStore::new().await;
    let env = Env { clock: Arc::new(t.clock.clone()), entropy: Arc::new(SeededEntropy::new(8)) };
    let wrong = MasterKey::new(Zeroizing::new([43; 32]));
    let error = Store::open(&Options::new(t.url()), env, wrong).await.unwrap_err();
    assert_eq!((error.kind, error.fields[0].field.as_str()), (ErrorKind::Invalid, "keys.master_key"));
}

#[tokio::test]
async fn a_sealed_key_does_not_open_in_the_place_of_another() {
    let t = TestStore::new().await;
    let swap = "UPDATE server_key SET purpose = CASE purpose WHEN 'signing' THEN 'pepper' ELSE 'signing' END, version = 2";
    t.raw().await.execute("UPDATE server_key SET version = 3 WHERE purpose = 'pepper'").await;
    t.raw().await.execute(swap).await;
    let reopened = testkit::open(&t.url(), t.clock.clone(), SeededEntropy::new(8)).await;
    assert_eq!(reopened.unwrap_err().fields[0].field, "keys.master_key");
}

#[tokio::test]
async fn a_new_pepper_hashes_new_secrets_and_leaves_old_hashes_readable() {
    let t = TestStore::new().await;
    let key = Key::generate(CredentialId(Uuid::from_u128(1)), t.env());
    let old = key.hash(&t.server_keys().peppers);
    let mut session = t.writing().await;
    session.rotate_pepper().await.unwrap();
    session.commit().await.unwrap();
    let peppers = t.another_node().await.server_keys().peppers.clone();
    assert_eq!(peppers.current(), 2);
    assert!(key.matches(&peppers, &old));
    assert_eq!(key.hash(&peppers).pepper, 2);
    assert!(!key.matches(&t.server_keys().peppers, &key.hash(&peppers)), "who knows no such pepper says no");
}

#[tokio::test]
async fn signing_keys_are_kept_as_long_as_a_token_may_need_them() {
    let t = TestStore::new().await;
    let first = t.server_keys().signing[0].id;
    let mut kept = Vec::new();
    for _ in 0..3 {
        t.clock.advance(40);
        let mut session = t.writing().await;
        // No token lives longer than an hour.
        session.retire_signing_keys(t.env().now().plus_minutes(-60)).await.unwrap();
        session.rotate_signing_key().await.unwrap();
        session.commit().await.unwrap();
        let keys = t.another_node().await.server_keys();
        assert_eq!(keys.signing.last().unwrap().created, t.env().now(), "the newest signs");
        kept.push(keys.signing.iter().any(|key| key.id == first));
    }
    // After 80 minutes it has not signed for 40; after 120 not for 80.
    assert_eq!(kept, [true, true, false]);
}

#[tokio::test]
async fn followers_take_up_new_keys() {
    let t = TestStore::new().await;
    let following = t.follow(Duration::from_millis(5)).await.unwrap();
    let mut session = t.writing().await;
    session.rotate_signing_key().await.unwrap();
    session.rotate_pepper().await.unwrap();
    session.commit().await.unwrap();
    let taken_up = async {
        while t.server_keys().signing.len() < 2 || t.server_keys().peppers.current() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken_up)
        .await
        .expect("the node that rotated follows as well");
    following.abort();
}
