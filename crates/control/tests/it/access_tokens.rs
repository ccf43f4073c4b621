//! Personal access tokens: everything their owner may do, but no way to more of them.

use control::credentials::{self, CredentialCreate, CredentialRotate, CredentialUpdate};
use control::scopes::GrantedScope;
use control::{Patch, TargetRef};
use model::error::code;
use model::{Action, ResourceType, Result, Secret};
use testkit::{Caller, TestPlatform};

use crate::actions::{code_of, holds, home};

fn named(name: &str) -> CredentialCreate {
    CredentialCreate { name: name.to_owned(), ..CredentialCreate::default() }
}

/// Somebody with a token, as the token and as a session that came from it.
async fn with_token() -> (TestPlatform, Caller, [Caller; 2]) {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let (_, pat) = t.access_token(&ada, named("laptop")).await.unwrap();
    let session = t.session_from(&pat).await.unwrap();
    let callers = [Caller { bearer: pat, ..ada.clone() }, Caller { bearer: session, ..ada.clone() }];
    (t, ada, callers)
}

/// Rotates the token "laptop" of the caller.
async fn rotate(t: &TestPlatform, caller: &Caller) -> Result<Secret> {
    // Rotating makes a new value, so it needs the right to make one.
    let needs = (ResourceType::AccessToken, Action::Create);
    let rotated = t.act(&caller.bearer, needs, TargetRef::OwnAccount, async |session, scene| {
        let owner = &scene.who.account()?.principal;
        credentials::rotate(session, owner, "laptop", &CredentialRotate::default()).await
    });
    rotated.await.map(|shown| shown.key)
}

async fn update(t: &TestPlatform, caller: &Caller, input: CredentialUpdate) -> Result<()> {
    let needs = (ResourceType::AccessToken, Action::Update);
    let changed = t.act(&caller.bearer, needs, TargetRef::OwnAccount, async |session, scene| {
        let may_widen = !scene.who.is_from_access_token();
        credentials::update(
            session,
            &scene.who.account()?.principal,
            "laptop",
            input,
            &GrantedScope::unlimited(),
            may_widen,
        )
        .await
    });
    changed.await.map(|_| ())
}

#[tokio::test]
async fn a_token_makes_and_rotates_no_tokens_itself_or_through_a_session() {
    let (t, ada, callers) = with_token().await;
    for caller in &callers {
        assert_eq!(code_of(t.access_token(caller, named("second")).await), code::WRONG_CREDENTIAL);
        assert_eq!(code_of(rotate(&t, caller).await), code::WRONG_CREDENTIAL);
        let who = t.authenticate(caller.bearer.expose()).await.unwrap();
        let laundered = t.issue_api_token(&who, None).unwrap().token;
        let caller = Caller { bearer: laundered, ..caller.clone() };
        assert_eq!(code_of(t.access_token(&caller, named("second")).await), code::WRONG_CREDENTIAL);
    }
    assert!(rotate(&t, &ada).await.is_ok(), "the person may");
}

#[tokio::test]
async fn a_token_may_switch_itself_off_but_not_on_and_not_rename() {
    let (t, ada, [token, _]) = with_token().await;
    let wide = [
        CredentialUpdate { active: Some(true), ..Default::default() },
        CredentialUpdate { name: Some("other".to_owned()), ..Default::default() },
        CredentialUpdate { active: Some(false), description: Patch::Clear, ..Default::default() },
    ];
    for input in wide {
        assert_eq!(code_of(update(&t, &token, input.clone()).await), code::WRONG_CREDENTIAL, "{input:?}");
    }
    update(&t, &token, CredentialUpdate { active: Some(false), ..Default::default() }).await.unwrap();
    assert!(!holds(&t, &token.bearer).await);
    update(&t, &ada, CredentialUpdate { active: Some(true), ..Default::default() }).await.unwrap();
    assert!(holds(&t, &token.bearer).await);
}

#[tokio::test]
async fn what_came_from_a_token_ends_with_it_however_far_it_is_derived() {
    let (t, ada, [token, session]) = with_token().await;
    let who = t.authenticate(session.bearer.expose()).await.unwrap();
    let derived = t.issue_api_token(&who, Some(600)).unwrap().token;
    let who = t.authenticate(derived.expose()).await.unwrap();
    let twice = t.issue_api_token(&who, None).unwrap().token;
    assert_eq!(who.credential(), t.authenticate(token.bearer.expose()).await.unwrap().credential());
    rotate(&t, &ada).await.unwrap();
    for bearer in [&token.bearer, &session.bearer, &derived, &twice] {
        assert!(!holds(&t, bearer).await);
    }
}

#[tokio::test]
async fn a_token_for_scripts_lives_as_long_as_asked_an_hour_at_most() {
    let (t, ada, _) = with_token().await;
    let who = t.authenticate(ada.bearer.expose()).await.unwrap();
    for seconds in [0, 59, 3601, -1, i64::MAX] {
        assert_eq!(t.issue_api_token(&who, Some(seconds)).unwrap_err().fields[0].field, "expires_in");
    }
    let short = t.issue_api_token(&who, Some(60)).unwrap().token;
    t.clock.advance_seconds(59);
    assert!(holds(&t, &short).await);
    t.clock.advance_seconds(1);
    assert!(!holds(&t, &short).await);
}

#[tokio::test]
async fn nobody_finds_the_tokens_of_another() {
    let (t, ada, _) = with_token().await;
    let (laptop, _) = t.access_token(&ada, named("phone")).await.unwrap();
    let other = testkit::principal(9, "eve", None);
    let mut session = t.store.reading().await;
    for name in [laptop.id.to_string(), "phone".to_owned()] {
        assert_eq!(code_of(session.get_credential(&other, &name).await), code::NOT_FOUND);
    }
}

/// How often a token that is about to end gives the next one, within a day.
async fn renewals(t: &TestPlatform, mut bearer: Secret) -> usize {
    for count in 0..24 {
        t.clock.advance_seconds(3_599);
        let who = t.authenticate(bearer.expose()).await.unwrap();
        match t.issue_api_token(&who, None) {
            Ok(issued) => bearer = issued.token,
            Err(error) => {
                assert_eq!(error.code, code::CREDENTIALS_EXPIRED);
                return count;
            }
        }
    }
    24
}

#[tokio::test]
async fn a_sign_in_gives_no_tokens_forever_and_a_key_does() {
    let (t, ada, [token, _]) = with_token().await;
    assert_eq!(renewals(&t, ada.bearer.clone()).await, 12);
    let session = t.session_from(&token.bearer).await.unwrap();
    assert_eq!(renewals(&t, session).await, 24);
}
