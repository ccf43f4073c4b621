//! The first start, and signing in.

use control::Platform;
use control::sign_in::Presented;
use model::error::code;
use model::{ErrorKind, Secret};
use testkit::{PASSWORD, TestPlatform};

use crate::actions::{code_of, holds, home};

#[tokio::test]
async fn the_first_start_makes_an_administrator_an_organization_and_a_token() {
    let t = TestPlatform::new().await;
    assert!(t.is_empty().await.unwrap());
    let started = t.first_start().await.unwrap();
    assert!(!t.is_empty().await.unwrap());
    assert_eq!((started.username.as_str(), started.organization.name.as_str()), ("admin", "default"));
    let with_token = t.authenticate(started.token.expose()).await.unwrap();
    let session = t.session("admin", started.password.expose()).await.unwrap();
    let with_session = t.authenticate(session.expose()).await.unwrap();
    for who in [with_token, with_session] {
        let account = who.account().unwrap();
        assert!(account.principal.is_superuser && account.principal.is_reserved);
        assert!(!account.principal.password_expired, "whoever starts the server has just read the password");
        assert_eq!(account.organizations, [started.organization.id]);
    }
    assert_eq!(t.store.reading().await.verify_audit().await.unwrap().faults, Vec::<String>::new());
}

#[tokio::test]
async fn a_second_start_makes_nothing() {
    let t = TestPlatform::new().await;
    let started = t.first_start().await.unwrap();
    assert_eq!(t.first_start().await.unwrap_err().kind, ErrorKind::Conflict);
    assert!(t.session("admin", started.password.expose()).await.is_ok(), "the first password stands");
    assert_eq!(t.store.raw().await.count("principal", "1 = 1").await, 1);
}

#[tokio::test]
async fn generated_passwords_pass_our_own_rule_and_differ() {
    let t = TestPlatform::new().await;
    let one = control::bootstrap::generate_password(t.env());
    let two = control::bootstrap::generate_password(t.env());
    model::name::password("password", one.expose()).unwrap();
    assert_ne!(one.expose(), two.expose());
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_one_answer() {
    let (t, admin, _) = home().await;
    t.user(&admin, "ada").await;
    let unknown = t.session("nobody", PASSWORD).await.unwrap_err();
    let wrong = t.session("ada", "wrong").await.unwrap_err();
    assert_eq!((unknown.kind, unknown.code, &unknown.message), (wrong.kind, wrong.code, &wrong.message));
    assert_eq!((wrong.kind, wrong.code), (ErrorKind::Unauthenticated, code::CREDENTIALS_INVALID));
}

#[tokio::test]
async fn an_unknown_key_and_a_wrong_secret_get_one_answer() {
    let (t, admin, home) = home().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let id = model::Key::parse(bot.bearer.expose()).unwrap().id();
    let wrong = model::Key::generate(id, t.env()).reveal();
    let unknown = model::Key::generate(t.env().id(), t.env()).reveal();
    let mut answers = Vec::new();
    for bearer in [wrong, unknown, Secret::new("ZENPROKEY_mistyped".to_owned())] {
        let as_bearer = t.authenticate(bearer.expose()).await.unwrap_err();
        let exchanged = t.session_from(&bearer).await.unwrap_err();
        answers.extend([as_bearer, exchanged].map(|error| (error.kind, error.code, error.message)));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn people_sign_in_by_name_or_address_without_regard_to_case() {
    let (t, admin, _) = home().await;
    t.user(&admin, "Ada@Example.com").await;
    for name in ["ada@example.com", "ADA@EXAMPLE.COM", " Ada@Example.com "] {
        assert!(t.session(name, PASSWORD).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn a_key_is_exchanged_for_a_session_of_an_hour() {
    let (t, admin, home) = home().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let signed_in = t.sign_in(Presented::Key(bot.bearer.clone())).await.unwrap();
    assert_eq!(signed_in.issued.expires_in, 3600);
    let session = signed_in.issued.token;
    let who = t.authenticate(session.expose()).await.unwrap();
    assert_eq!(who.account().unwrap().principal.id, bot.id);
    assert!(!who.is_interactive());
    t.clock.advance_seconds(3599);
    assert!(holds(&t, &session).await);
    t.clock.advance_seconds(1);
    assert_eq!(code_of(t.authenticate(session.expose()).await), code::CREDENTIALS_EXPIRED);
    assert!(holds(&t, &bot.bearer).await, "the key itself goes on");
}

#[tokio::test]
async fn a_session_is_no_key_and_a_password_is_none_either() {
    let (t, admin, _) = home().await;
    assert_eq!(code_of(t.session_from(&admin.bearer).await), code::CREDENTIALS_INVALID);
    let password = Secret::new(PASSWORD.to_owned());
    assert_eq!(code_of(t.session_from(&password).await), code::CREDENTIALS_INVALID);
    for rubbish in ["", ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(code_of(t.authenticate(rubbish).await), code::CREDENTIALS_INVALID, "{rubbish:?}");
    }
}

#[tokio::test]
async fn a_session_that_was_changed_or_made_elsewhere_is_refused() {
    let (t, admin, _) = home().await;
    let text = admin.bearer.expose();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    for forged in [
        format!("{header}.{payload}.{}", signature.chars().rev().collect::<String>()),
        format!("{header}.{payload}."),
        format!("{header}.{payload}A.{signature}"),
        format!("A{header}.{payload}.{signature}"),
        format!("{text}="),
        format!("{text} "),
    ] {
        assert_eq!(code_of(t.authenticate(&forged).await), code::CREDENTIALS_INVALID, "{forged}");
    }
    // The same keys under another address: a copy of the database, say, for trying something out.
    let copy = Platform::new(t.store.store.clone(), "https://copy.test".to_owned(), t.passwords.clone());
    assert_eq!(code_of(copy.authenticate(text).await), code::CREDENTIALS_INVALID);
}

#[tokio::test]
async fn signing_out_ends_that_session_and_no_other() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let other = t.session("ada", PASSWORD).await.unwrap();
    let who = t.authenticate(ada.bearer.expose()).await.unwrap();
    t.sign_out(&who, testkit::origin()).await.unwrap();
    assert!(!holds(&t, &ada.bearer).await);
    assert!(holds(&t, &other).await);
    assert!(t.store.another_node().await.facts().is_revoked(who.session().unwrap().0), "it is written down");
}

#[tokio::test]
async fn a_deactivated_person_learns_so_only_with_the_right_password() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let off = control::users::UserUpdate { is_active: Some(false), ..Default::default() };
    crate::actions::update_user(&t, &admin, ada.id, off).await.unwrap();
    assert_eq!(code_of(t.session("ada", PASSWORD).await), code::CREDENTIALS_INACTIVE);
    assert_eq!(code_of(t.session("ada", "wrong").await), code::CREDENTIALS_INVALID);
    assert_eq!(code_of(t.authenticate(ada.bearer.expose()).await), code::CREDENTIALS_INACTIVE);
}
