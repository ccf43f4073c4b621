//! Nobody hands out what it does not hold, and somebody always stays who can let others in.

use control::api_keys;
use control::credentials::CredentialCreate;
use control::custom_roles::{self, RoleCreate};
use control::service_accounts::{self, ServiceAccountUpdate};
use control::users::UserUpdate;
use control::{TargetRef, members, roles};
use model::error::code;
use model::{Action, ErrorKind, Level, Organization, Place, ResourceType, Result, Role, Secret};
use testkit::{Caller, TestPlatform, in_organization};

use crate::actions::{code_of, delete_user, home, project, update_user};

async fn make_role(
    t: &TestPlatform,
    caller: &Caller,
    home: &Organization,
    level: Level,
    permissions: &[&str],
) -> Result<Role> {
    let input = RoleCreate {
        name: format!("{level} {permissions:?}"),
        description: None,
        organization_id: home.id,
        level: Some(level),
        permissions: Some(permissions.iter().map(|text| (*text).to_owned()).collect()),
        base_role_id: None,
    };
    let needs = (ResourceType::Role, Action::Create);
    t.act(&caller.bearer, needs, in_organization(home), async |session, scene| {
        custom_roles::create(session, scene.standing(), input).await
    })
    .await
}

#[tokio::test]
async fn a_manager_gives_and_takes_only_roles_within_its_own() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let manager = t.member(&admin, &home, "manager", "Organization Manager").await;
    let bot = t.bot(&admin, &home, "bot", "Billing Admin").await;
    let everywhere = Place::Organization;
    t.assign(&manager, &home, bot.id, everywhere, "Organization Member").await.unwrap();
    t.unassign(&manager, &home, bot.id, everywhere, "Organization Member").await.unwrap();
    for (place, role) in [
        (everywhere, "Organization Admin"),
        // It holds all of it but the right to get into every workspace.
        (everywhere, "Organization Viewer"),
        (Place::Workspace(shop.id), "Workspace Viewer"),
        (Place::Project(shop.id, project(1)), "Project Viewer"),
    ] {
        let given = t.assign(&manager, &home, bot.id, place, role).await;
        assert_eq!(code_of(given), code::PERMISSION_DENIED, "{role}");
        t.assign(&admin, &home, bot.id, place, role).await.unwrap();
        let taken = t.unassign(&manager, &home, bot.id, place, role).await;
        assert_eq!(code_of(taken), code::PERMISSION_DENIED, "{role}");
    }
    let taken = t.unassign(&manager, &home, bot.id, everywhere, "Billing Admin").await;
    assert_eq!(code_of(taken), code::PERMISSION_DENIED);
    let own = t.assign(&manager, &home, manager.id, everywhere, "Organization Admin").await;
    assert_eq!(code_of(own), code::PERMISSION_DENIED, "nor to itself");
}

#[tokio::test]
async fn an_administrator_of_a_workspace_gives_all_there_and_nothing_elsewhere() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let (other, _) = t.workspace(&admin, &home, "other").await;
    let ada = t.member(&admin, &home, "ada", "Organization Manager").await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    t.assign(&admin, &home, ada.id, Place::Workspace(shop.id), "Workspace Admin").await.unwrap();
    t.assign(&ada, &home, bot.id, Place::Workspace(shop.id), "Workspace Admin").await.unwrap();
    let in_project = Place::Project(shop.id, project(1));
    t.assign(&ada, &home, bot.id, in_project, "Project Admin").await.unwrap();
    let elsewhere = t.assign(&ada, &home, bot.id, Place::Workspace(other.id), "Workspace Viewer").await;
    assert_eq!(code_of(elsewhere), code::PERMISSION_DENIED);
    let above = t.assign(&ada, &home, bot.id, Place::Organization, "Organization Admin").await;
    assert_eq!(code_of(above), code::PERMISSION_DENIED);
}

#[tokio::test]
async fn a_role_stands_only_where_its_level_belongs_and_with_those_who_belong() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let elsewhere = t.organization(&admin, "elsewhere").await;
    let (foreign, _) = t.workspace(&admin, &elsewhere, "foreign").await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let stranger = t.bot(&admin, &elsewhere, "stranger", "Organization Member").await;
    let place = Place::Workspace(shop.id);
    let to_stranger = t.assign(&admin, &home, stranger.id, place, "Workspace Viewer").await;
    assert_eq!(to_stranger.unwrap_err().kind, ErrorKind::NotFound);
    let abroad = t.assign(&admin, &home, bot.id, Place::Workspace(foreign.id), "Workspace Viewer").await;
    assert_eq!(abroad.unwrap_err().kind, ErrorKind::NotFound);
    let again = t.assign(&admin, &home, bot.id, Place::Organization, "Organization Member").await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::Conflict);
    let role = t.role(&home, place, "Workspace Viewer").await;
    let needs = (ResourceType::RoleAssignment, Action::Create);
    let misplaced = t.act(&admin.bearer, needs, in_organization(&home), async |session, scene| {
        let standing = scene.standing();
        let role = roles::get(&standing.organization.facts, role)?;
        let assignee = model::Assignee::Principal(bot.id);
        roles::assign(session, standing, role, assignee, Place::Organization).await
    });
    assert_eq!(misplaced.await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn nobody_makes_a_role_that_holds_more_than_it_does() {
    let (t, admin, home) = home().await;
    let manager = t.member(&admin, &home, "manager", "Organization Manager").await;
    let level = Level::Organization;
    for permissions in
        [&["*:*"][..], &["organization:read", "billing:read"], &["*:read"], &["never_seen:read"]]
    {
        let made = make_role(&t, &manager, &home, level, permissions).await;
        assert_eq!(code_of(made), code::PERMISSION_DENIED, "{permissions:?}");
        make_role(&t, &admin, &home, level, permissions).await.unwrap();
    }
    let own = make_role(&t, &manager, &home, level, &["team:read", "member:create"]).await.unwrap();
    assert!(!own.system_managed);
    let wrong = make_role(&t, &admin, &home, level, &["team:fly"]).await.unwrap_err();
    assert_eq!(wrong.fields[0].field, "permissions");
}

#[tokio::test]
async fn a_key_of_a_bot_is_no_way_to_what_one_does_not_hold() {
    let (t, admin, home) = home().await;
    let manager = t.member(&admin, &home, "manager", "Organization Manager").await;
    let strong = t.bot(&admin, &home, "strong", "Organization Admin").await;
    let weak = t.bot(&admin, &home, "weak", "Organization Member").await;
    let make = async |caller: &Caller, bot: &Caller, name: &str| {
        let input = CredentialCreate { name: name.to_owned(), ..CredentialCreate::default() };
        let needs = (ResourceType::ApiKey, Action::Create);
        t.act(&caller.bearer, needs, in_organization(&home), async |session, scene| {
            let scope = t.grant_scope(&scene.who, input.scope.clone()).await?;
            api_keys::create(session, scene.standing(), &bot.username, input, &scope).await
        })
        .await
        .map(|_| ())
    };
    assert_eq!(code_of(make(&manager, &strong, "a").await), code::PERMISSION_DENIED);
    make(&manager, &weak, "b").await.unwrap();
    make(&admin, &strong, "c").await.unwrap();
    let wake = async |caller: &Caller, on: bool| {
        let input = ServiceAccountUpdate { is_active: Some(on), ..ServiceAccountUpdate::default() };
        let needs = (ResourceType::ServiceAccount, Action::Update);
        t.act(&caller.bearer, needs, in_organization(&home), async |session, scene| {
            service_accounts::update(session, scene.standing(), "strong", input).await
        })
        .await
        .map(|_| ())
    };
    wake(&manager, false).await.expect("anybody in charge may stop a bot");
    assert_eq!(code_of(wake(&manager, true).await), code::PERMISSION_DENIED, "waking it up is another thing");
}

#[tokio::test]
async fn a_role_that_is_given_while_somebody_leaves_is_not_there_when_it_comes_back() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let ada = t.user(&admin, "ada").await;
    for round in 0..12 {
        t.join(&admin, &home, &ada, "Organization Member").await.unwrap();
        let given = t.assign(&admin, &home, ada.id, Place::Workspace(shop.id), "Workspace Viewer");
        let (given, left) = tokio::join!(given, t.leave(&admin, &home, ada.id));
        left.unwrap();
        let is_fine = given.as_ref().map_or_else(|error| error.kind == ErrorKind::NotFound, |()| true);
        assert!(is_fine, "round {round}: {given:?}");
        let held = "principal_id IN (SELECT id FROM principal WHERE username = 'ada')";
        assert_eq!(t.store.raw().await.count("role_assignment", held).await, 0, "round {round}");
    }
}

#[tokio::test]
async fn the_last_administrator_of_an_organization_stays() {
    let (t, admin, home) = home().await;
    let everywhere = Place::Organization;
    t.bot(&admin, &home, "bot", "Organization Admin").await;
    let leaves = t.leave(&admin, &home, admin.id).await;
    assert_eq!(code_of(leaves), code::ILLEGAL_OPERATION, "a bot does not count");
    let demoted = t.unassign(&admin, &home, admin.id, everywhere, "Organization Admin").await;
    assert_eq!(code_of(demoted), code::ILLEGAL_OPERATION);
    let ada = t.member(&admin, &home, "ada", "Organization Admin").await;
    let off = UserUpdate { is_active: Some(false), ..UserUpdate::default() };
    update_user(&t, &admin, ada.id, off).await.unwrap();
    let leaves = t.leave(&admin, &home, admin.id).await;
    assert_eq!(code_of(leaves), code::ILLEGAL_OPERATION, "nor does somebody who is switched off");
    let on = UserUpdate { is_active: Some(true), ..UserUpdate::default() };
    update_user(&t, &admin, ada.id, on).await.unwrap();
    t.leave(&admin, &home, admin.id).await.unwrap();
    assert_eq!(code_of(t.leave(&admin, &home, ada.id).await), code::ILLEGAL_OPERATION);
}

#[tokio::test]
async fn the_last_superuser_stays() {
    let (t, admin, home) = home().await;
    let none = UserUpdate::default;
    let demote = || UserUpdate { is_superuser: Some(false), ..none() };
    let off = || UserUpdate { is_active: Some(false), ..none() };
    assert_eq!(code_of(update_user(&t, &admin, admin.id, demote()).await), code::ILLEGAL_OPERATION);
    assert_eq!(code_of(update_user(&t, &admin, admin.id, off()).await), code::ILLEGAL_OPERATION);
    let ada = t.member(&admin, &home, "ada", "Organization Admin").await;
    // Nor would the organization of the first start be left without an administrator.
    let first = t.store.facts().organization_named("default").await.unwrap().unwrap();
    let first = t.store.facts().organization(first).await.unwrap().unwrap();
    t.join(&admin, &first.facts.organization, &ada, "Organization Admin").await.unwrap();
    let promote = UserUpdate { is_superuser: Some(true), ..none() };
    update_user(&t, &admin, ada.id, promote).await.unwrap();
    update_user(&t, &admin, admin.id, off()).await.unwrap();
    assert_eq!(code_of(update_user(&t, &ada, ada.id, demote()).await), code::ILLEGAL_OPERATION);
    assert_eq!(code_of(delete_user(&t, &ada, ada.id).await), code::ILLEGAL_OPERATION);
}

#[tokio::test]
async fn the_first_person_becomes_a_superuser_and_the_next_do_not() {
    let (t, admin, _) = home().await;
    for (name, expected) in [("first", true), ("second", false)] {
        let caller = t.new_user(&admin, name).await;
        let account = t.store.facts().principal(caller.id).await.unwrap().unwrap();
        assert_eq!(account.principal.is_superuser, expected, "{name}");
    }
}

#[tokio::test]
async fn the_reserved_administrator_is_neither_renamed_nor_deleted() {
    let (t, admin, _) = home().await;
    let rename = UserUpdate { username: Some("root".to_owned()), ..UserUpdate::default() };
    assert_eq!(code_of(update_user(&t, &admin, admin.id, rename).await), code::ILLEGAL_OPERATION);
    assert_eq!(code_of(delete_user(&t, &admin, admin.id).await), code::ILLEGAL_OPERATION);
}

#[tokio::test]
async fn only_superusers_reach_the_installation_and_strangers_find_no_organization() {
    let (t, admin, home) = home().await;
    let boss = t.member(&admin, &home, "boss", "Organization Admin").await;
    let needs = (ResourceType::User, Action::Create);
    let done = t.act(&boss.bearer, needs, TargetRef::Instance, async |_, _| Ok(())).await;
    assert_eq!(code_of(done), code::PERMISSION_DENIED);
    let elsewhere = t.organization(&admin, "elsewhere").await;
    for name in [elsewhere.id.to_string(), "elsewhere".to_owned(), "nowhere".to_owned()] {
        let target = TargetRef::Organization(name.clone());
        let done = t.act(&boss.bearer, (ResourceType::Team, Action::Read), target, async |_, _| Ok(())).await;
        assert_eq!(done.unwrap_err().kind, ErrorKind::NotFound, "{name}");
    }
}

#[tokio::test]
async fn being_let_in_is_not_being_allowed() {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    let bot = t.bot(&admin, &home, "bot", "Organization Viewer").await;
    let (in_shop, in_project) = (Place::Workspace(shop.id), Place::Project(shop.id, project(1)));
    t.assign(&admin, &home, bot.id, in_project, "Project Admin").await.unwrap();
    let read = (ResourceType::Workspace, Action::Read);
    let update = (ResourceType::Workspace, Action::Update);
    let members = (ResourceType::Member, Action::Create);
    let at = |place| TargetRef::Workspace("shop".to_owned(), place);
    let may = async |needs, target: TargetRef| t.act(&bot.bearer, needs, target, async |_, _| Ok(())).await;
    may(read, at(None)).await.unwrap();
    may(members, at(Some(project(1)))).await.unwrap();
    for (needs, target) in [
        (update, at(None)),
        (members, at(None)),
        (members, at(Some(project(2)))),
        ((ResourceType::Organization, Action::Update), in_organization(&home)),
        (members, in_organization(&home)),
    ] {
        assert_eq!(
            code_of(may(needs, target.clone()).await),
            code::PERMISSION_DENIED,
            "{needs:?} {target:?}"
        );
    }
    t.assign(&admin, &home, bot.id, in_shop, "Workspace Admin").await.unwrap();
    may(update, at(None)).await.unwrap();
    may(members, at(Some(project(2)))).await.unwrap();
    assert_eq!(code_of(may(members, in_organization(&home)).await), code::PERMISSION_DENIED);
}

#[tokio::test]
async fn a_bot_is_no_member_to_be_added_or_removed() {
    let (t, admin, home) = home().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    assert_eq!(code_of(t.leave(&admin, &home, bot.id).await), code::PERMISSION_DENIED);
    let elsewhere = t.organization(&admin, "elsewhere").await;
    let account = t.store.facts().principal(bot.id).await.unwrap().unwrap();
    let needs = (ResourceType::Member, Action::Create);
    let added = t.act(&admin.bearer, needs, in_organization(&elsewhere), async |session, scene| {
        members::add(session, scene.standing(), &account.principal, None).await
    });
    assert_eq!(code_of(added.await), code::ILLEGAL_OPERATION);
}

#[tokio::test]
async fn a_password_of_somebody_else_is_set_only_by_superusers() {
    let (t, admin, home) = home().await;
    let boss = t.member(&admin, &home, "boss", "Organization Admin").await;
    let ada = t.member(&admin, &home, "ada", "Organization Member").await;
    let reset = UserUpdate { password: Some(Secret::new("another one".to_owned())), ..Default::default() };
    assert_eq!(code_of(update_user(&t, &boss, ada.id, reset).await), code::PERMISSION_DENIED);
}
