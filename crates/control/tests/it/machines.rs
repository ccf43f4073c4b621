//! The machines of workspaces, and tokens that are good for one workspace.

use control::rbac::RawKeys;
use control::workspaces::{self, Report};
use control::{TargetRef, authorize};
use model::error::code;
use model::{
    Action, ErrorKind, Organization, Permission, Read, ResourceType, Secret, Workspace, WorkspaceState,
};
use testkit::{Caller, TestPlatform, in_organization};

use crate::actions::{code_of, delete_organization, holds, home, in_workspace, set_state};

struct Shop {
    t: TestPlatform,
    admin: Caller,
    home: Organization,
    workspace: Workspace,
    key: Secret,
}

async fn shop() -> Shop {
    let (t, admin, home) = home().await;
    let (workspace, key) = t.workspace(&admin, &home, "shop").await;
    Shop { t, admin, home, workspace, key }
}

async fn report(t: &TestPlatform, machine: &Secret, report: Report) -> model::Result<Workspace> {
    let needs = (ResourceType::Workspace, Action::Update);
    t.act(machine, needs, TargetRef::OwnWorkspace, async |session, _| {
        workspaces::report(session, report).await
    })
    .await
}

/// Whether a reading request of that target passes.
async fn may(t: &TestPlatform, bearer: &Secret, target: TargetRef) -> Result<(), &'static str> {
    let who = t.authenticate(bearer.expose()).await.unwrap();
    let permission = Permission::new(ResourceType::Workspace, Action::Read);
    authorize::<Read>(t, &who, permission, target).await.map(|_| ()).map_err(|error| error.code)
}

#[tokio::test]
async fn a_machine_signs_in_with_its_enrollment_key_only() {
    let Shop { t, admin, home, workspace, key } = shop().await;
    let (other, other_key) = t.workspace(&admin, &home, "other").await;
    assert!(holds(&t, &t.machine(&workspace, &key).await.unwrap()).await);
    let mut answers = Vec::new();
    let nowhere = Workspace { id: model::WorkspaceId(uuid::Uuid::from_u128(9)), ..workspace.clone() };
    for (workspace, key) in [(&workspace, &other_key), (&other, &key), (&nowhere, &key)] {
        let error = t.machine(workspace, key).await.unwrap_err();
        answers.push((error.kind, error.code, error.message));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "an unknown workspace and a wrong key get one answer: {answers:?}");
}

#[tokio::test]
async fn machines_stay_where_machines_belong_and_people_away_from_there() {
    let Shop { t, admin, home, workspace, key } = shop().await;
    let machine = t.machine(&workspace, &key).await.unwrap();
    assert_eq!(may(&t, &machine, TargetRef::OwnWorkspace).await, Ok(()));
    for target in [
        TargetRef::OwnAccount,
        TargetRef::Instance,
        in_organization(&home),
        in_workspace(&workspace),
        TargetRef::Workspaces { member_only: false },
        TargetRef::OwnOrganizations,
    ] {
        assert_eq!(may(&t, &machine, target.clone()).await, Err(code::WRONG_CREDENTIAL), "{target:?}");
    }
    assert_eq!(may(&t, &admin.bearer, TargetRef::OwnWorkspace).await, Err(code::WRONG_CREDENTIAL));
    let who = t.authenticate(machine.expose()).await.unwrap();
    assert_eq!(code_of(t.admit(&who, workspace.id, RawKeys::All).await), code::WRONG_CREDENTIAL);
    assert_eq!(code_of(t.issue_api_token(&who, None)), code::WRONG_CREDENTIAL);
}

#[tokio::test]
async fn rotating_the_enrollment_key_ends_the_old_one_and_every_token_had_with_it() {
    let Shop { t, admin, workspace, key, .. } = shop().await;
    let machine = t.machine(&workspace, &key).await.unwrap();
    let needs = (ResourceType::EnrollmentKey, Action::Update);
    let rotated = t.act(&admin.bearer, needs, in_workspace(&workspace), async |session, _| {
        workspaces::rotate_enrollment_key(session).await
    });
    let (_, new) = rotated.await.unwrap();
    assert!(!holds(&t, &machine).await);
    assert_eq!(code_of(t.machine(&workspace, &key).await), code::CREDENTIALS_INVALID);
    assert!(holds(&t, &t.machine(&workspace, &new).await.unwrap()).await);
}

#[tokio::test]
async fn a_deactivated_workspace_lets_nobody_in_until_it_is_used_again() {
    let Shop { t, admin, workspace, key, .. } = shop().await;
    let machine = t.machine(&workspace, &key).await.unwrap();
    let who = t.authenticate(admin.bearer.expose()).await.unwrap();
    set_state(&t, &admin, &workspace, "deactivated").await;
    assert_eq!(code_of(t.machine(&workspace, &key).await), code::CREDENTIALS_INACTIVE);
    assert_eq!(t.admit(&who, workspace.id, RawKeys::All).await.unwrap_err().kind, ErrorKind::Forbidden);
    assert!(report(&t, &machine, Report::default()).await.is_err(), "nor does its server wake it up");
    let entry = t.store.facts().workspace(workspace.id).await.unwrap().unwrap();
    let resources = ["stack".to_owned()];
    let allowed = t.check_permissions(&entry, admin.id, Action::Read, &resources).await.unwrap();
    assert_eq!(allowed, [false], "not even a super-user");
    set_state(&t, &admin, &workspace, "available").await;
    assert!(t.machine(&workspace, &key).await.is_ok());
    assert!(t.admit(&who, workspace.id, RawKeys::All).await.is_ok());
}

#[tokio::test]
async fn a_machine_ends_with_its_workspace_and_that_with_its_organization() {
    let Shop { t, admin, home, workspace, key } = shop().await;
    let (second, second_key) = t.workspace(&admin, &home, "second").await;
    let machines =
        [t.machine(&workspace, &key).await.unwrap(), t.machine(&second, &second_key).await.unwrap()];
    let needs = (ResourceType::Workspace, Action::Delete);
    t.act(&admin.bearer, needs, in_workspace(&workspace), async |session, _| {
        workspaces::delete(session).await
    })
    .await
    .unwrap();
    assert!(!holds(&t, &machines[0]).await && holds(&t, &machines[1]).await);
    assert_eq!(code_of(t.machine(&workspace, &key).await), code::CREDENTIALS_INVALID);
    delete_organization(&t, &admin, &home).await;
    assert!(!holds(&t, &machines[1]).await);
}

#[tokio::test]
async fn the_first_report_makes_a_workspace_available() {
    let Shop { t, admin, home, workspace, key } = shop().await;
    assert_eq!(workspace.status, WorkspaceState::Pending);
    let machine = t.machine(&workspace, &key).await.unwrap();
    t.clock.advance(1);
    let said =
        Report { version: Some("0.98.0".to_owned()), url: Some("https://shop.example.com/".to_owned()) };
    let reported = report(&t, &machine, said.clone()).await.unwrap();
    assert_eq!((reported.status, reported.state_reason.as_str()), (WorkspaceState::Available, ""));
    assert_eq!(reported.server_url.as_deref(), Some("https://shop.example.com"), "without the slash");
    assert_eq!((reported.last_seen, reported.status_updated), (Some(t.now()), t.now()));
    let (other, other_key) = t.workspace(&admin, &home, "other").await;
    let other = t.machine(&other, &other_key).await.unwrap();
    assert_eq!(
        report(&t, &other, said).await.unwrap_err().kind,
        ErrorKind::Conflict,
        "one URL, one workspace"
    );
}

#[tokio::test]
async fn a_workspace_authorization_is_good_for_its_workspace_for_a_minute_and_for_nothing_else() {
    let Shop { t, admin, home, workspace, .. } = shop().await;
    let (other, _) = t.workspace(&admin, &home, "other").await;
    let who = t.authenticate(admin.bearer.expose()).await.unwrap();
    let (issued, _) = t.authorize_workspace(&who, workspace.id).await.unwrap();
    let token = issued.token;
    let with_token = t.authenticate(token.expose()).await.unwrap();
    assert!(t.admit(&with_token, workspace.id, RawKeys::All).await.is_ok());
    assert_eq!(t.admit(&with_token, other.id, RawKeys::All).await.unwrap_err().kind, ErrorKind::Forbidden);
    for target in
        [TargetRef::OwnAccount, TargetRef::Instance, in_organization(&home), in_workspace(&workspace)]
    {
        assert_eq!(may(&t, &token, target.clone()).await, Err(code::WRONG_CREDENTIAL), "{target:?}");
    }
    assert!(t.issue_api_token(&with_token, None).is_err(), "nor is it turned into more");
    assert!(t.authorize_workspace(&with_token, other.id).await.is_err());
    t.clock.advance_seconds(59);
    assert!(holds(&t, &token).await);
    t.clock.advance_seconds(1);
    assert!(!holds(&t, &token).await);
}

#[tokio::test]
async fn a_workspace_authorization_ends_with_what_it_was_had_with() {
    let Shop { t, admin, home, workspace, .. } = shop().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Viewer").await;
    let who = t.authenticate(bot.bearer.expose()).await.unwrap();
    let (issued, _) = t.authorize_workspace(&who, workspace.id).await.unwrap();
    assert!(holds(&t, &issued.token).await);
    crate::actions::set_key_active(&t, &admin, &home, &bot, false).await;
    assert!(!holds(&t, &issued.token).await);
}
