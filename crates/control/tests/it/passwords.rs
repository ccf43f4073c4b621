//! Passwords: what a change ends, and what an expired one still allows.

use control::credentials::CredentialCreate;
use control::users::UserUpdate;
use control::{TargetRef, authorize};
use model::error::code;
use model::{Action, ErrorKind, Permission, Read, ResourceType, Secret};
use testkit::{PASSWORD, TestPlatform, in_organization, interrupted};

use crate::actions::{code_of, holds, home, update_user};

fn token(name: &str) -> CredentialCreate {
    CredentialCreate { name: name.to_owned(), ..CredentialCreate::default() }
}

/// What `authorize` says to a reading request with that permission.
async fn refusal(
    t: &TestPlatform,
    bearer: &Secret,
    resource: ResourceType,
    target: TargetRef,
) -> Option<&'static str> {
    let who = t.authenticate(bearer.expose()).await.unwrap();
    let asked = authorize::<Read>(t, &who, Permission::new(resource, Action::Read), target).await;
    asked.err().map(|error| error.code)
}

#[tokio::test]
async fn changing_the_password_ends_all_sessions_but_no_access_token() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let other = t.session("ada", PASSWORD).await.unwrap();
    let (_, pat) = t.access_token(&ada, token("laptop")).await.unwrap();
    let from_pat = t.session_from(&pat).await.unwrap();
    t.clock.advance_microseconds(1);
    t.change_password(&ada, PASSWORD, "another password").await.unwrap();
    for session in [&ada.bearer, &other, &from_pat] {
        assert!(!holds(&t, session).await);
    }
    t.clock.advance_microseconds(1);
    let again = t.session("ada", "another password").await.unwrap();
    assert!(holds(&t, &again).await);
    assert!(holds(&t, &pat).await, "access tokens are credentials of their own");
    assert!(t.session_from(&pat).await.is_ok());
    assert_eq!(code_of(t.session("ada", PASSWORD).await), code::CREDENTIALS_INVALID);
}

#[tokio::test]
async fn a_session_ends_when_the_password_it_was_had_with_is_changed_while_it_is_checked() {
    let (t, admin, _) = home().await;
    t.user(&admin, "ada").await;
    // The check of a password takes long. Each point of it is tried several times: when an answer is there at
    // once, there is no wait to stop at.
    let mut met = 0;
    let mut old = PASSWORD.to_owned();
    for (number, point) in (0..10).cycle().take(80).enumerate() {
        let new = format!("password number {number}");
        t.clock.advance_microseconds(1);
        let current = t.signed_in("ada", &Secret::new(old.clone())).await;
        let change = async {
            t.change_password(&current, &old, &new).await.unwrap();
            // The session is issued after the change.
            t.clock.advance_microseconds(1);
        };
        match interrupted(t.session("ada", &old), point, change).await {
            None => t.change_password(&current, &old, &new).await.unwrap(),
            Some(Ok(session)) => {
                assert!(!holds(&t, &session).await, "the old password lives on, at point {point}");
                met += 1;
            }
            // The change came before the hash was read.
            Some(Err(_)) => {}
        }
        old = new;
    }
    assert!(met > 0, "no sign-in was under way");
}

#[tokio::test]
async fn a_reset_by_the_administrator_ends_sessions_and_must_be_changed() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let reset = UserUpdate { password: Some(Secret::new("reset password".to_owned())), ..Default::default() };
    let user = update_user(&t, &admin, ada.id, reset).await.unwrap();
    assert!(user.password_expired);
    assert!(!holds(&t, &ada.bearer).await);
    assert!(t.session("ada", "reset password").await.is_ok());
}

#[tokio::test]
async fn an_expired_password_allows_the_own_account_and_nothing_else() {
    let (t, admin, home) = home().await;
    let ada = t.new_user(&admin, "ada").await;
    t.join(&admin, &home, &ada, "Organization Admin").await.unwrap();
    let (workspace, _) = t.workspace(&admin, &home, "shop").await;
    let own = || TargetRef::OwnAccount;
    let refused = Some(code::PASSWORD_EXPIRED);
    assert_eq!(refusal(&t, &ada.bearer, ResourceType::User, own()).await, None);
    assert_eq!(refusal(&t, &ada.bearer, ResourceType::AccessToken, own()).await, refused);
    for (resource, target) in [
        (ResourceType::Organization, in_organization(&home)),
        (ResourceType::Organization, TargetRef::OwnOrganizations),
        (ResourceType::Workspace, TargetRef::Workspace("shop".to_owned(), None)),
        (ResourceType::Workspace, TargetRef::Workspaces { member_only: false }),
        (ResourceType::User, TargetRef::Instance),
    ] {
        assert_eq!(refusal(&t, &ada.bearer, resource, target.clone()).await, refused, "{target:?}");
    }
    let who = t.authenticate(ada.bearer.expose()).await.unwrap();
    let admitted = t.admit(&who, workspace.id, control::rbac::RawKeys::All).await;
    assert_eq!(admitted.unwrap_err().kind, ErrorKind::Forbidden);
    assert_eq!(code_of(t.issue_api_token(&who, None)), code::PASSWORD_EXPIRED, "no way around it");
    assert_eq!(code_of(t.authorize_workspace(&who, workspace.id).await.map(|_| ())), code::PASSWORD_EXPIRED);
    t.change_password(&ada, "the first password", PASSWORD).await.unwrap();
    let ada = t.signed_in("ada", &Secret::new(PASSWORD.to_owned())).await;
    assert_eq!(refusal(&t, &ada.bearer, ResourceType::Organization, in_organization(&home)).await, None);
}

#[tokio::test]
async fn a_key_of_somebody_whose_password_expired_goes_on() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let (_, pat) = t.access_token(&ada, token("laptop")).await.unwrap();
    let reset = UserUpdate { password: Some(Secret::new("reset password".to_owned())), ..Default::default() };
    update_user(&t, &admin, ada.id, reset).await.unwrap();
    let target = TargetRef::Workspaces { member_only: false };
    assert_eq!(refusal(&t, &pat, ResourceType::Workspace, target).await, None);
}

#[tokio::test]
async fn a_password_is_long_enough_and_another_than_before() {
    let (t, admin, _) = home().await;
    let ada = t.user(&admin, "ada").await;
    let field = |result: model::Result<()>| result.unwrap_err().fields[0].field.clone();
    assert_eq!(field(t.change_password(&ada, PASSWORD, "short").await), "new_password");
    assert_eq!(field(t.change_password(&ada, PASSWORD, PASSWORD).await), "new_password");
    assert!(holds(&t, &ada.bearer).await, "nothing happened");
}
