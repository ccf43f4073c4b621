//! New signing keys and peppers, with the old ones still in use.

use std::time::Duration;

use control::credentials::CredentialCreate;
use model::Secret;
use testkit::TestPlatform;

use crate::actions::{holds, home, rotate};

/// Rotates both, and waits until the node has taken the new ones up.
async fn rotate_server_keys(t: &TestPlatform) {
    let before = t.store.server_keys();
    let following = t.store.follow(Duration::from_millis(5)).await.unwrap();
    let mut session = t.store.writing().await;
    session.rotate_signing_key().await.unwrap();
    session.rotate_pepper().await.unwrap();
    session.commit().await.unwrap();
    let taken_up = async {
        while t.store.server_keys().peppers.current() == before.peppers.current()
            || t.store.server_keys().signing.last().unwrap().id == before.signing.last().unwrap().id
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken_up).await.expect("the new keys are not taken up");
    following.abort();
}

/// The protected header, which names the signing key.
fn header(token: &Secret) -> String {
    token.expose().split('.').next().unwrap().to_owned()
}

#[tokio::test]
async fn sessions_and_keys_from_before_a_rotation_go_on_and_new_ones_use_the_new() {
    let (t, admin, home) = home().await;
    let (shop, enrollment) = t.workspace(&admin, &home, "shop").await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let session = t.session_from(&bot.bearer).await.unwrap();
    let machine = t.machine(&shop, &enrollment).await.unwrap();
    rotate_server_keys(&t).await;
    for bearer in [&admin.bearer, &bot.bearer, &session, &machine] {
        assert!(holds(&t, bearer).await);
    }
    let renewed = t.session_from(&bot.bearer).await.unwrap();
    assert_ne!(header(&renewed), header(&session));
    assert!(holds(&t, &renewed).await);
    assert!(t.machine(&shop, &enrollment).await.is_ok(), "its hash was made with the old pepper");
    let input = CredentialCreate { name: "new".to_owned(), ..CredentialCreate::default() };
    let (credential, token) = t.access_token(&admin, input).await.unwrap();
    assert_eq!(credential.secret.pepper, 2);
    assert!(holds(&t, &token).await);
    let rotated = rotate(&t, &admin, &home, &bot, 10).await.unwrap();
    assert!(holds(&t, &rotated).await && holds(&t, &bot.bearer).await, "one value under each pepper");
    rotate_server_keys(&t).await;
    for bearer in [&admin.bearer, &bot.bearer, &session, &renewed, &rotated, &token] {
        assert!(holds(&t, bearer).await, "also over a second rotation");
    }
}

#[tokio::test]
async fn a_signing_key_that_was_removed_verifies_nothing_any_more() {
    let (t, admin, _) = home().await;
    rotate_server_keys(&t).await;
    assert!(holds(&t, &admin.bearer).await);
    t.store.raw().await.execute("DELETE FROM server_key WHERE purpose = 'signing' AND version = 1").await;
    rotate_server_keys(&t).await;
    assert!(!holds(&t, &admin.bearer).await, "not even what it verified before");
}
