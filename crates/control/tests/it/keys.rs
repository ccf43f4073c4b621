//! The life of a key, and of the sessions that came from it.

use control::credentials::{self, CredentialCreate, CredentialUpdate};
use control::scopes::GrantedScope;
use model::error::code;
use model::{Action, Organization, ResourceType, Secret};
use testkit::{Caller, TestPlatform, in_organization};

use crate::actions::{
    code_of, delete_bot, delete_key, delete_organization, delete_user, holds, home, rotate, set_bot_active,
    set_key_active, update_user,
};

async fn with_bot() -> (TestPlatform, Caller, Organization, Caller) {
    let (t, admin, home) = home().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    (t, admin, home, bot)
}

/// A value of the key, and a session had with it.
async fn pair(t: &TestPlatform, key: &Secret) -> [Secret; 2] {
    [key.clone(), t.session_from(key).await.unwrap()]
}

async fn both_hold(t: &TestPlatform, pair: &[Secret; 2]) -> bool {
    let answers = (holds(t, &pair[0]).await, holds(t, &pair[1]).await);
    assert_eq!(answers.0, answers.1, "a session lives exactly as long as the value it came from");
    answers.0
}

#[tokio::test]
async fn a_rotated_value_works_for_the_retention_period_and_not_a_microsecond_longer() {
    let (t, admin, home, bot) = with_bot().await;
    let old = pair(&t, &bot.bearer).await;
    let new = rotate(&t, &admin, &home, &bot, 10).await.unwrap();
    let new = pair(&t, &new).await;
    assert!(both_hold(&t, &old).await && both_hold(&t, &new).await);
    t.clock.advance(10);
    t.clock.advance_microseconds(-1);
    assert!(both_hold(&t, &old).await);
    assert!(t.session_from(&old[0]).await.is_ok(), "and can still be exchanged");
    t.clock.advance_microseconds(1);
    assert!(!both_hold(&t, &old).await);
    assert!(both_hold(&t, &new).await);
}

#[tokio::test]
async fn without_retention_the_old_value_ends_at_once() {
    let (t, admin, home, bot) = with_bot().await;
    let old = pair(&t, &bot.bearer).await;
    let new = rotate(&t, &admin, &home, &bot, 0).await.unwrap();
    assert!(!both_hold(&t, &old).await);
    assert!(holds(&t, &new).await);
}

#[tokio::test]
async fn rotating_again_ends_the_oldest_value_at_once() {
    let (t, admin, home, bot) = with_bot().await;
    let first = pair(&t, &bot.bearer).await;
    let second = rotate(&t, &admin, &home, &bot, 60).await.unwrap();
    let second = pair(&t, &second).await;
    t.clock.advance(1);
    let third = rotate(&t, &admin, &home, &bot, 5).await.unwrap();
    let third = pair(&t, &third).await;
    assert!(!both_hold(&t, &first).await, "though its hour was not over");
    assert!(both_hold(&t, &second).await && both_hold(&t, &third).await);
    t.clock.advance(5);
    assert!(!both_hold(&t, &second).await);
    assert!(both_hold(&t, &third).await);
}

#[tokio::test]
async fn a_retention_period_is_bounded() {
    let (t, admin, home, bot) = with_bot().await;
    for minutes in [-1, 30 * 24 * 60 + 1, i64::MAX, i64::MIN] {
        let error = rotate(&t, &admin, &home, &bot, minutes).await.unwrap_err();
        assert_eq!(error.fields[0].field, "retain_period_minutes", "{minutes}");
    }
    assert!(holds(&t, &bot.bearer).await, "nothing was rotated");
    rotate(&t, &admin, &home, &bot, 30 * 24 * 60).await.unwrap();
    t.clock.advance(30 * 24 * 60 - 1);
    assert!(holds(&t, &bot.bearer).await);
}

#[tokio::test]
async fn a_key_that_is_switched_off_takes_its_sessions_along_and_brings_them_back() {
    let (t, admin, home, bot) = with_bot().await;
    let pair = pair(&t, &bot.bearer).await;
    set_key_active(&t, &admin, &home, &bot, false).await;
    for bearer in &pair {
        assert_eq!(code_of(t.authenticate(bearer.expose()).await), code::CREDENTIALS_INACTIVE);
    }
    set_key_active(&t, &admin, &home, &bot, true).await;
    assert!(both_hold(&t, &pair).await);
}

#[tokio::test]
async fn a_deleted_key_takes_its_sessions_along() {
    let (t, admin, home, bot) = with_bot().await;
    let pair = pair(&t, &bot.bearer).await;
    delete_key(&t, &admin, &home, &bot).await;
    assert!(!both_hold(&t, &pair).await);
}

#[tokio::test]
async fn a_bot_that_is_switched_off_or_deleted_takes_keys_and_sessions_along() {
    let (t, admin, home, bot) = with_bot().await;
    let pair = pair(&t, &bot.bearer).await;
    set_bot_active(&t, &admin, &home, &bot, false).await;
    assert!(!both_hold(&t, &pair).await);
    set_bot_active(&t, &admin, &home, &bot, true).await;
    assert!(both_hold(&t, &pair).await);
    delete_bot(&t, &admin, &home, &bot).await;
    assert!(!both_hold(&t, &pair).await);
}

#[tokio::test]
async fn an_organization_that_is_gone_or_switched_off_takes_its_bots_along() {
    let (t, admin, home, bot) = with_bot().await;
    let pair = pair(&t, &bot.bearer).await;
    let off = Organization { is_active: false, ..home.clone() };
    t.store.change(async |session| session.update_organization(&off).await).await.unwrap();
    assert!(!both_hold(&t, &pair).await);
    t.store.change(async |session| session.update_organization(&home).await).await.unwrap();
    assert!(both_hold(&t, &pair).await);
    delete_organization(&t, &admin, &home).await;
    assert!(!both_hold(&t, &pair).await);
}

#[tokio::test]
async fn a_person_who_is_switched_off_or_deleted_takes_tokens_and_sessions_along() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let input = CredentialCreate { name: "laptop".to_owned(), ..CredentialCreate::default() };
    let (_, pat) = t.access_token(&ada, input).await.unwrap();
    let pair = pair(&t, &pat).await;
    let switch = |on| control::users::UserUpdate { is_active: Some(on), ..Default::default() };
    update_user(&t, &admin, ada.id, switch(false)).await.unwrap();
    assert!(!both_hold(&t, &pair).await && !holds(&t, &ada.bearer).await);
    update_user(&t, &admin, ada.id, switch(true)).await.unwrap();
    assert!(both_hold(&t, &pair).await);
    delete_user(&t, &admin, ada.id).await.unwrap();
    assert!(!both_hold(&t, &pair).await && !holds(&t, &ada.bearer).await);
}

#[tokio::test]
async fn an_expiry_ends_the_key_and_its_sessions_to_the_microsecond() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let input = CredentialCreate {
        name: "short".to_owned(),
        expires_in_minutes: Some(30),
        ..CredentialCreate::default()
    };
    let (credential, pat) = t.access_token(&ada, input).await.unwrap();
    assert_eq!(credential.expires_at, Some(t.now().plus_minutes(30)));
    let pair = pair(&t, &pat).await;
    t.clock.advance(30);
    t.clock.advance_microseconds(-1);
    assert!(both_hold(&t, &pair).await);
    t.clock.advance_microseconds(1);
    for bearer in &pair {
        assert_eq!(code_of(t.authenticate(bearer.expose()).await), code::CREDENTIALS_EXPIRED);
    }
}

#[tokio::test]
async fn the_end_of_a_life_is_given_in_one_way_and_lies_in_the_future() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let now = t.now();
    let base = || CredentialCreate { name: "key".to_owned(), ..CredentialCreate::default() };
    for (wrong, field) in [
        (CredentialCreate { expires_in_minutes: Some(0), ..base() }, "expires_in_minutes"),
        (CredentialCreate { expires_in_days: Some(-1), ..base() }, "expires_in_days"),
        (CredentialCreate { expires_in_days: Some(i64::MAX), ..base() }, "expires_in_days"),
        (CredentialCreate { expires_at: Some(now), ..base() }, "expires_at"),
        (CredentialCreate { expires_at: Some(model::Timestamp::MAX), ..base() }, "expires_at"),
        (CredentialCreate { expires_in_minutes: Some(1), expires_in_days: Some(1), ..base() }, "expires_at"),
        (CredentialCreate { name: "a/b".to_owned(), ..base() }, "name"),
    ] {
        let error = t.access_token(&ada, wrong.clone()).await.unwrap_err();
        assert_eq!(error.fields[0].field, field, "{wrong:?}");
    }
    let (made, _) =
        t.access_token(&ada, CredentialCreate { expires_in_days: Some(1), ..base() }).await.unwrap();
    assert_eq!(made.expires_at, Some(now.plus_minutes(24 * 60)));
}

#[tokio::test]
async fn no_key_is_made_for_a_bot_that_is_switched_off() {
    let (t, admin, home, bot) = with_bot().await;
    set_bot_active(&t, &admin, &home, &bot, false).await;
    let owner = t.store.facts().principal(bot.id).await.unwrap().unwrap();
    let input = CredentialCreate { name: "second".to_owned(), ..CredentialCreate::default() };
    let needs = (ResourceType::ApiKey, Action::Create);
    let made = t.act(&admin.bearer, needs, in_organization(&home), async |session, _| {
        credentials::create(session, &owner.principal, input, &GrantedScope::unlimited()).await
    });
    assert_eq!(made.await.unwrap_err().fields[0].field, "service_account");
}

#[tokio::test]
async fn a_key_keeps_its_value_through_a_change_of_name_and_words() {
    let (t, admin, home, bot) = with_bot().await;
    let pair = pair(&t, &bot.bearer).await;
    let owner = t.store.facts().principal(bot.id).await.unwrap().unwrap();
    let input = CredentialUpdate {
        name: Some("renamed".to_owned()),
        description: control::Patch::Set("what for".to_owned()),
        active: None,
        ..CredentialUpdate::default()
    };
    let needs = (ResourceType::ApiKey, Action::Update);
    let changed = t.act(&admin.bearer, needs, in_organization(&home), async |session, _| {
        credentials::update(session, &owner.principal, "default", input, &GrantedScope::unlimited(), true)
            .await
    });
    let changed = changed.await.unwrap();
    assert_eq!((changed.name.as_str(), changed.generation), ("renamed", 1));
    assert!(both_hold(&t, &pair).await);
}

#[tokio::test]
async fn the_log_tells_of_keys_and_never_their_values() {
    let (t, admin, home, bot) = with_bot().await;
    let new = rotate(&t, &admin, &home, &bot, 10).await.unwrap();
    delete_key(&t, &admin, &home, &bot).await;
    let page = store::Page { offset: 0, limit: 100 };
    let events = t.store.reading().await.list_audit_events(None, page).await.unwrap().rows;
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    for action in ["api_key.created", "api_key.rotated", "api_key.deleted", "service_account.created"] {
        assert!(actions.contains(&action), "{action} is missing in {actions:?}");
    }
    let told = format!("{events:?}");
    for secret in [&bot.bearer, &new] {
        assert!(!told.contains(&secret.expose()[10..]));
    }
    let rotated = events.iter().find(|event| event.action == "api_key.rotated").unwrap();
    assert_eq!((rotated.actor_id, rotated.chain), (admin.id.0, home.id.0), "who did it, and in which chain");
}
