//! Who gets into a workspace, and who sees it in lists.

use control::rbac::RawKeys;
use control::{TargetRef, authorize};
use model::predefined::ROLES;
use model::{
    Action, ErrorKind, Level, Organization, Permission, Place, Read, ResourceType, Workspace, WorkspaceId,
};
use store::{Page, WorkspaceFilter};
use testkit::{Caller, TestPlatform};
use uuid::Uuid;

use crate::actions::{home, project, share, update_user};

/// What a caller meets: whether it gets in, and whether the lists of all and of own workspaces show this one.
#[derive(Debug, PartialEq, Eq)]
struct Met {
    admitted: bool,
    seen: bool,
    member: bool,
}

const IN: Met = Met { admitted: true, seen: true, member: true };
const ONLY_SEEN: Met = Met { admitted: false, seen: true, member: false };
const OUT: Met = Met { admitted: false, seen: false, member: false };

async fn lists(t: &TestPlatform, caller: &Caller, workspace: &Workspace, member_only: bool) -> bool {
    let who = t.authenticate(caller.bearer.expose()).await.unwrap();
    let permission = Permission::new(ResourceType::Workspace, Action::Read);
    let target = TargetRef::Workspaces { member_only };
    let permit = authorize::<Read>(t, &who, permission, target).await.unwrap().permit;
    let mut session = t.store.begin(permit, testkit::origin()).await.unwrap();
    let page = Page { offset: 0, limit: 10 };
    let listed = session.list_workspaces(WorkspaceFilter::default(), page).await.unwrap();
    assert_eq!(usize::try_from(listed.total).unwrap(), listed.rows.len());
    listed.rows.iter().any(|row| row.id == workspace.id)
}

async fn meets(t: &TestPlatform, caller: &Caller, workspace: &Workspace) -> Met {
    let who = t.authenticate(caller.bearer.expose()).await.unwrap();
    let admitted = match t.admit(&who, workspace.id, RawKeys::All).await {
        Ok(account) => {
            assert_eq!(account.id, caller.id);
            true
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Forbidden, "{error:?}");
            false
        }
    };
    Met {
        admitted,
        seen: lists(t, caller, workspace, false).await,
        member: lists(t, caller, workspace, true).await,
    }
}

struct World {
    t: TestPlatform,
    admin: Caller,
    home: Organization,
    shop: Workspace,
    other: Workspace,
}

async fn world() -> World {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let (other, _) = t.workspace(&admin, &home, "other").await;
    World { t, admin, home, shop, other }
}

#[tokio::test]
async fn of_the_roles_of_an_organization_only_admin_and_viewer_let_in() {
    let World { t, admin, home, shop, .. } = world().await;
    let mut roles = 0;
    for role in ROLES.iter().filter(|role| role.level == Level::Organization) {
        let expected = match role.name {
            "Organization Admin" | "Organization Viewer" => IN,
            "Organization Manager" => ONLY_SEEN,
            "Billing Admin" | "Organization Member" => OUT,
            other => panic!("what does {other} meet?"),
        };
        let caller = t.bot(&admin, &home, &format!("bot{roles}"), role.name).await;
        assert_eq!(meets(&t, &caller, &shop).await, expected, "{}", role.name);
        roles += 1;
    }
    assert_eq!(roles, 5);
}

#[tokio::test]
async fn every_role_in_a_workspace_or_a_project_lets_into_that_workspace_only() {
    let World { t, admin, home, shop, other } = world().await;
    let mut roles = 0;
    for role in ROLES.iter().filter(|role| role.level != Level::Organization) {
        let caller = t.bot(&admin, &home, &format!("bot{roles}"), "Organization Member").await;
        let place = match role.level {
            Level::Project => Place::Project(shop.id, project(1)),
            _ => Place::Workspace(shop.id),
        };
        assert_eq!(meets(&t, &caller, &shop).await, OUT);
        t.assign(&admin, &home, caller.id, place, role.name).await.unwrap();
        assert_eq!(meets(&t, &caller, &shop).await, IN, "{}", role.name);
        assert_eq!(meets(&t, &caller, &other).await, OUT, "{}", role.name);
        t.unassign(&admin, &home, caller.id, place, role.name).await.unwrap();
        assert_eq!(meets(&t, &caller, &shop).await, OUT, "{} is taken away", role.name);
        roles += 1;
    }
    assert_eq!(roles, 9);
}

#[tokio::test]
async fn a_superuser_gets_in_everywhere_and_a_stranger_nowhere() {
    let World { t, admin, shop, .. } = world().await;
    let eve = t.user(&admin, "eve").await;
    assert_eq!(meets(&t, &eve, &shop).await, OUT);
    let promote = control::users::UserUpdate { is_superuser: Some(true), ..Default::default() };
    update_user(&t, &admin, eve.id, promote).await.unwrap();
    assert_eq!(meets(&t, &eve, &shop).await, IN);
    let demote = control::users::UserUpdate { is_superuser: Some(false), ..Default::default() };
    update_user(&t, &admin, eve.id, demote).await.unwrap();
    assert_eq!(meets(&t, &eve, &shop).await, OUT);
}

#[tokio::test]
async fn what_is_shared_lets_in_as_long_as_it_is_shared() {
    let (t, admin, home) = home().await;
    let (shop, key) = t.workspace(&admin, &home, "shop").await;
    let machine = t.machine(&shop, &key).await.unwrap();
    let eve = t.user(&admin, "eve").await;
    let stack = format!("stack/{}", Uuid::from_u128(1));
    share(&t, &machine, eve.id, &stack, &["read"]).await.unwrap();
    assert_eq!(meets(&t, &eve, &shop).await, IN);
    share(&t, &machine, eve.id, &stack, &[]).await.unwrap();
    assert_eq!(meets(&t, &eve, &shop).await, OUT);
}

#[tokio::test]
async fn leaving_the_organization_ends_roles_and_shares_at_once() {
    let (t, admin, home) = home().await;
    let (shop, key) = t.workspace(&admin, &home, "shop").await;
    let machine = t.machine(&shop, &key).await.unwrap();
    let ada = t.member(&admin, &home, "ada", "Organization Viewer").await;
    t.assign(&admin, &home, ada.id, Place::Workspace(shop.id), "Workspace Admin").await.unwrap();
    share(&t, &machine, ada.id, &format!("stack/{}", Uuid::from_u128(1)), &["read"]).await.unwrap();
    assert_eq!(meets(&t, &ada, &shop).await, IN);
    t.leave(&admin, &home, ada.id).await.unwrap();
    assert_eq!(meets(&t, &ada, &shop).await, OUT);
    t.join(&admin, &home, &ada, "Organization Member").await.unwrap();
    assert_eq!(meets(&t, &ada, &shop).await, OUT, "nothing comes back with a new membership");
}

#[tokio::test]
async fn an_unknown_workspace_is_not_found_and_nothing_of_another_is_told() {
    let World { t, admin, home, shop, .. } = world().await;
    let who = t.authenticate(admin.bearer.expose()).await.unwrap();
    let nowhere = WorkspaceId(Uuid::from_u128(9));
    assert_eq!(t.admit(&who, nowhere, RawKeys::All).await.unwrap_err().kind, ErrorKind::NotFound);
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let who = t.authenticate(bot.bearer.expose()).await.unwrap();
    let permission = Permission::new(ResourceType::Workspace, Action::Read);
    let mut messages = Vec::new();
    for name in ["shop".to_owned(), "nowhere".to_owned(), shop.id.to_string()] {
        let target = TargetRef::Workspace(name.clone(), None);
        let error = authorize::<Read>(&t, &who, permission, target).await.unwrap_err();
        messages.push((error.kind, error.code, error.message.replace(&name, "…")));
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "what exists and what does not look alike: {messages:?}");
}

#[tokio::test]
async fn a_raw_key_of_a_bot_can_be_limited_to_bots_that_may_everything() {
    let World { t, admin, home, shop, .. } = world().await;
    let viewer = t.bot(&admin, &home, "viewer", "Organization Viewer").await;
    let boss = t.bot(&admin, &home, "boss", "Organization Admin").await;
    let session = Caller { bearer: t.session_from(&viewer.bearer).await.unwrap(), ..viewer.clone() };
    for (caller, raw_keys, expected) in [
        (&viewer, RawKeys::All, true),
        (&viewer, RawKeys::Administrators, false),
        (&session, RawKeys::Administrators, true),
        (&boss, RawKeys::Administrators, true),
    ] {
        let who = t.authenticate(caller.bearer.expose()).await.unwrap();
        let admitted = t.admit(&who, shop.id, raw_keys).await;
        assert_eq!(admitted.is_ok(), expected, "{} {raw_keys:?}", caller.username);
    }
}
