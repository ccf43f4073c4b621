//! Teams: who is in one holds what it holds, at every level and at once, and nobody is a way around that.

use control::credentials::CredentialCreate;
use control::organizations::{self, OrganizationUpdate};
use control::scopes::ScopeInput;
use control::sharing::{self, ShareInput};
use control::teams::{self, TeamCreate, TeamUpdate};
use control::users::UserUpdate;
use control::{TargetRef, api_keys, members, roles};
use model::error::code;
use model::{
    Action, Assignee, ErrorKind, Organization, Place, PrincipalId, ResourceType, Result, Secret, Team,
    Workspace,
};
use store::Page;
use testkit::{Caller, TestPlatform, in_organization};
use uuid::Uuid;

use crate::actions::{code_of, delete_user, home, in_workspace, project, update_user};

/// An organization with a workspace.
struct World {
    t: TestPlatform,
    admin: Caller,
    home: Organization,
    shop: Workspace,
    machine: Secret,
}

async fn world() -> World {
    let (t, admin, home) = home().await;
    let (shop, key) = t.workspace(&admin, &home, "shop").await;
    let machine = t.machine(&shop, &key).await.unwrap();
    World { t, admin, home, shop, machine }
}

impl World {
    async fn team(&self, caller: &Caller, name: &str) -> Result<Team> {
        let input = TeamCreate { name: name.to_owned(), description: None, organization_id: self.home.id };
        let needs = (ResourceType::Team, Action::Create);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, _| {
                teams::create(session, input).await
            })
            .await
    }

    async fn add(&self, caller: &Caller, team: &Team, user: PrincipalId) -> Result<()> {
        let needs = (ResourceType::Team, Action::Update);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                teams::add_member(session, scene.standing(), team.id, user).await
            })
            .await
    }

    async fn take(&self, caller: &Caller, team: &Team, user: PrincipalId) -> Result<()> {
        let needs = (ResourceType::Team, Action::Update);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, _| {
                teams::remove_member(session, team.id, user).await
            })
            .await
    }

    async fn rename(&self, caller: &Caller, team: &Team, name: &str) -> Result<Team> {
        let input = TeamUpdate { name: Some(name.to_owned()), ..TeamUpdate::default() };
        let needs = (ResourceType::Team, Action::Update);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                teams::update(session, scene.standing(), team.id, input).await
            })
            .await
    }

    async fn delete(&self, caller: &Caller, team: &Team) -> Result<()> {
        let needs = (ResourceType::Team, Action::Delete);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                teams::delete(session, scene.standing(), team.id).await
            })
            .await
    }

    /// Gives a team a role at a place.
    async fn give(&self, caller: &Caller, team: &Team, place: Place, role: &str) -> Result<()> {
        let role = self.t.role(&self.home, place, role).await;
        let needs = (ResourceType::RoleAssignment, Action::Create);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                let standing = scene.standing();
                let role = roles::get(&standing.organization.facts, role)?;
                roles::assign(session, standing, role, Assignee::Team(team.id), place).await
            })
            .await
    }

    /// Shares a secret of the shop, as its server says.
    async fn share(&self, with: &Share<'_>, actions: &[&str]) {
        let input = ShareInput {
            user_id: if let Share::User(caller) = with { Some(caller.id.0) } else { None },
            team_id: if let Share::Team(team) = with { Some(team.id.0) } else { None },
            workspace_id: None,
            sharing_user_id: None,
            resource: secret(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        };
        let needs = (ResourceType::RoleAssignment, Action::Create);
        self.t
            .act(&self.machine, needs, TargetRef::OwnWorkspace, async |session, scene| {
                sharing::share(session, &scene.workspace().facts.workspace, &input).await
            })
            .await
            .unwrap();
    }

    /// Whether somebody may do that to a resource in the shop.
    async fn may(&self, user: PrincipalId, action: Action, resource: &str) -> bool {
        let entry = self.t.store.facts().workspace(self.shop.id).await.unwrap().unwrap();
        self.t.check_permissions(&entry, user, action, &[resource.to_owned()]).await.unwrap() == [true]
    }

    /// What a person does with an organization.
    async fn change(&self, caller: &Caller, input: OrganizationUpdate) -> Result<Organization> {
        let needs = (ResourceType::Organization, Action::Update);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                organizations::update(session, scene.standing(), input).await
            })
            .await
    }

    async fn events(&self) -> Vec<String> {
        let page = Page { offset: 0, limit: 1000 };
        let events = self.t.store.reading().await.list_audit_events(None, page).await.unwrap();
        events.rows.into_iter().map(|event| event.action).collect()
    }
}

/// With whom something is shared.
enum Share<'a> {
    User(&'a Caller),
    Team(&'a Team),
}

fn secret() -> String {
    format!("secret/{}", Uuid::from_u128(9))
}

/// Whether the caller may do that now.
async fn can(w: &World, caller: &Caller, needs: (ResourceType, Action), target: TargetRef) -> bool {
    match w.t.act(&caller.bearer, needs, target, async |_, _| Ok(())).await {
        Ok(()) => true,
        Err(error) if matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_team_hands_its_roles_of_all_levels_to_those_in_it_and_takes_them_at_once() {
    let w = world().await;
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.give(&w.admin, &data, Place::Organization, "Billing Admin").await.unwrap();
    w.give(&w.admin, &data, Place::Workspace(w.shop.id), "Stack Admin").await.unwrap();
    let in_project = Place::Project(w.shop.id, project(1));
    w.give(&w.admin, &data, in_project, "Project Viewer").await.unwrap();
    let stack = format!("stack/{}", Uuid::from_u128(5));
    let pipeline = |number| format!("{}:pipeline", project(number));
    let holds = async |caller: &Caller| {
        let billing = (ResourceType::Billing, Action::Read);
        [
            can(&w, caller, billing, in_organization(&w.home)).await,
            can(&w, caller, (ResourceType::Workspace, Action::Read), in_workspace(&w.shop)).await,
            w.may(caller.id, Action::Delete, &stack).await,
            w.may(caller.id, Action::Read, &pipeline(1)).await,
        ]
    };
    for caller in [&ada, &bot] {
        assert_eq!(holds(caller).await, [false; 4]);
        w.add(&w.admin, &data, caller.id).await.unwrap();
        assert_eq!(holds(caller).await, [true; 4]);
        assert!(!w.may(caller.id, Action::Read, &pipeline(2)).await, "no more than its roles");
        assert_eq!(code_of(w.add(&w.admin, &data, caller.id).await), code::EXISTS);
        w.take(&w.admin, &data, caller.id).await.unwrap();
        assert_eq!(holds(caller).await, [false; 4]);
        assert_eq!(code_of(w.take(&w.admin, &data, caller.id).await), code::NOT_FOUND);
    }
}

#[tokio::test]
async fn nobody_puts_anybody_into_a_team_that_holds_more_than_itself() {
    let w = world().await;
    let manager = w.t.member(&w.admin, &w.home, "manager", "Organization Manager").await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let own = w.team(&manager, "Own").await.unwrap();
    w.give(&manager, &own, Place::Organization, "Organization Member").await.unwrap();
    w.add(&manager, &own, bot.id).await.unwrap();
    w.rename(&manager, &own, "Ours").await.unwrap();
    for (place, role) in [
        (Place::Organization, "Organization Admin"),
        (Place::Workspace(w.shop.id), "Workspace Viewer"),
        (Place::Project(w.shop.id, project(1)), "Project Viewer"),
    ] {
        let strong = w.team(&manager, role).await.unwrap();
        w.give(&w.admin, &strong, place, role).await.unwrap();
        for user in [manager.id, bot.id] {
            let added = w.add(&manager, &strong, user).await.unwrap_err();
            assert_eq!(added.code, code::PERMISSION_DENIED, "{role}");
            assert!(added.message.contains(role), "{}", added.message);
        }
        assert_eq!(code_of(w.rename(&manager, &strong, "Harmless").await), code::PERMISSION_DENIED);
        w.add(&w.admin, &strong, bot.id).await.unwrap();
        w.take(&manager, &strong, bot.id).await.expect("taking somebody out gives nobody anything");
    }
}

#[tokio::test]
async fn nobody_gets_through_a_team_at_what_was_shared_with_it() {
    let w = world().await;
    let manager = w.t.member(&w.admin, &w.home, "manager", "Organization Manager").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.share(&Share::Team(&data), &["read"]).await;
    let in_shop = Place::Workspace(w.shop.id);
    let denied = w.add(&manager, &data, manager.id).await.unwrap_err();
    assert_eq!(denied.code, code::PERMISSION_DENIED);
    assert!(denied.message.contains("shop"), "{}", denied.message);
    // Reads secrets, but not their values, as the share lets do.
    w.t.assign(&w.admin, &w.home, manager.id, in_shop, "Workspace Viewer").await.unwrap();
    assert_eq!(code_of(w.add(&manager, &data, manager.id).await), code::PERMISSION_DENIED);
    w.share(&Share::User(&manager), &["read"]).await;
    w.add(&manager, &data, manager.id).await.expect("it has the same share");
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    assert!(!w.may(ada.id, Action::ReadSecretValue, &secret()).await);
    w.add(&w.admin, &data, ada.id).await.unwrap();
    assert!(w.may(ada.id, Action::ReadSecretValue, &secret()).await);
    w.delete(&w.admin, &data).await.unwrap();
    assert!(!w.may(ada.id, Action::ReadSecretValue, &secret()).await, "the share went with the team");
}

#[tokio::test]
async fn a_key_of_a_bot_is_no_way_to_what_was_shared_with_it_or_its_teams() {
    let w = world().await;
    let manager = w.t.member(&w.admin, &w.home, "manager", "Organization Manager").await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let make = async |name: &str, scope: Option<ScopeInput>| {
        let input = CredentialCreate { name: name.to_owned(), scope, ..CredentialCreate::default() };
        let needs = (ResourceType::ApiKey, Action::Create);
        w.t.act(&manager.bearer, needs, in_organization(&w.home), async |session, scene| {
            let scope = w.t.grant_scope(&scene.who, input.scope.clone()).await?;
            api_keys::create(session, scene.standing(), &bot.username, input, &scope).await
        })
        .await
        .map(|_| ())
    };
    make("before", None).await.unwrap();
    w.share(&Share::User(&bot), &["read"]).await;
    assert_eq!(code_of(make("direct", None).await), code::PERMISSION_DENIED);
    let stacks = ScopeInput { permissions: Some(vec!["stack:read".to_owned()]), ..ScopeInput::default() };
    make("narrow", Some(stacks)).await.expect("that key does not reach what was shared");
    w.share(&Share::User(&bot), &[]).await;
    make("after", None).await.unwrap();
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.share(&Share::Team(&data), &["read"]).await;
    w.add(&w.admin, &data, bot.id).await.unwrap();
    assert_eq!(code_of(make("through the team", None).await), code::PERMISSION_DENIED);
}

#[tokio::test]
async fn a_deleted_team_leaves_nothing_and_the_log_tells_of_all_of_it() {
    let w = world().await;
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.give(&w.admin, &data, Place::Workspace(w.shop.id), "Workspace Viewer").await.unwrap();
    w.add(&w.admin, &data, ada.id).await.unwrap();
    w.rename(&w.admin, &data, "Models").await.unwrap();
    w.take(&w.admin, &data, ada.id).await.unwrap();
    w.add(&w.admin, &data, ada.id).await.unwrap();
    assert!(w.may(ada.id, Action::Read, "stack").await);
    w.delete(&w.admin, &data).await.unwrap();
    assert!(!w.may(ada.id, Action::Read, "stack").await);
    assert_eq!(code_of(w.delete(&w.admin, &data).await), code::NOT_FOUND);
    let mut told = w.events().await;
    // Assigned were roles to others, too; taken away was only that of the team.
    told.retain(|action| action.starts_with("team.") || action == "role_assignment.deleted");
    told.sort();
    assert_eq!(
        told,
        [
            "role_assignment.deleted",
            "team.created",
            "team.deleted",
            "team.member_added",
            "team.member_added",
            "team.member_removed",
            "team.updated",
        ]
    );
}

#[tokio::test]
async fn only_members_of_its_organization_are_in_a_team() {
    let w = world().await;
    let away = w.t.organization(&w.admin, "away").await;
    let stranger = w.t.bot(&w.admin, &away, "stranger", "Organization Admin").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    for id in [stranger.id, PrincipalId(Uuid::from_u128(77))] {
        assert_eq!(code_of(w.add(&w.admin, &data, id).await), code::ILLEGAL_OPERATION);
    }
    // A team of another organization is not there.
    let needs = (ResourceType::Team, Action::Update);
    let reached = w.t.act(&stranger.bearer, needs, in_organization(&away), async |session, scene| {
        teams::add_member(session, scene.standing(), data.id, stranger.id).await
    });
    assert_eq!(code_of(reached.await), code::NOT_FOUND);
    let who = w.t.authenticate(stranger.bearer.expose()).await.unwrap();
    let hidden = w.t.organization_of_team(&who, data.id).await.unwrap_err();
    let absent = w.t.organization_of_team(&who, model::TeamId(Uuid::nil())).await.unwrap_err();
    assert_eq!(
        hidden.message.replace(&data.id.to_string(), "X"),
        absent.message.replace(&Uuid::nil().to_string(), "X")
    );
    let role = w.t.role(&w.home, Place::Organization, "Billing Admin").await;
    assert!(w.t.organization_of_role(&who, role).await.unwrap_err().message.contains("No role"));
    assert_eq!(code_of(w.team(&w.admin, "dATA").await), code::EXISTS);
}

#[tokio::test]
async fn who_leaves_and_comes_back_is_in_no_team() {
    let w = world().await;
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.give(&w.admin, &data, Place::Workspace(w.shop.id), "Workspace Viewer").await.unwrap();
    w.add(&w.admin, &data, ada.id).await.unwrap();
    w.t.leave(&w.admin, &w.home, ada.id).await.unwrap();
    assert!(!w.may(ada.id, Action::Read, "stack").await);
    w.t.join(&w.admin, &w.home, &ada, "Organization Member").await.unwrap();
    assert!(!w.may(ada.id, Action::Read, "stack").await);
}

#[tokio::test]
async fn a_team_is_taken_out_of_a_workspace_with_all_it_held_there() {
    let w = world().await;
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.add(&w.admin, &data, ada.id).await.unwrap();
    let at = Place::Workspace(w.shop.id);
    w.give(&w.admin, &data, at, "Workspace Viewer").await.unwrap();
    w.share(&Share::Team(&data), &["read"]).await;
    let remove = async || {
        let needs = (ResourceType::RoleAssignment, Action::Delete);
        w.t.act(&w.admin.bearer, needs, in_workspace(&w.shop), async |session, scene| {
            members::remove_from_place(session, scene.standing(), Assignee::Team(data.id), at).await
        })
        .await
    };
    remove().await.unwrap();
    assert!(!w.may(ada.id, Action::Read, "stack").await);
    assert!(!w.may(ada.id, Action::Read, &secret()).await);
    assert_eq!(code_of(remove().await), code::NOT_FOUND);
}

#[tokio::test]
async fn the_last_administrator_is_a_person_who_is_it_directly() {
    let w = world().await;
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    let data = w.team(&w.admin, "Data").await.unwrap();
    w.give(&w.admin, &data, Place::Organization, "Organization Admin").await.unwrap();
    w.add(&w.admin, &data, ada.id).await.unwrap();
    assert!(can(&w, &ada, (ResourceType::Billing, Action::Update), in_organization(&w.home)).await);
    assert_eq!(code_of(w.t.leave(&w.admin, &w.home, w.admin.id).await), code::ILLEGAL_OPERATION);
    let boss = w.t.member(&w.admin, &w.home, "boss", "Organization Admin").await;
    w.t.leave(&w.admin, &w.home, w.admin.id).await.unwrap();
    let off = || UserUpdate { is_active: Some(false), ..UserUpdate::default() };
    let refused = update_user(&w.t, &w.admin, boss.id, off()).await.unwrap_err();
    assert_eq!(refused.code, code::ILLEGAL_OPERATION);
    assert!(refused.message.contains("home"), "{}", refused.message);
    assert_eq!(code_of(delete_user(&w.t, &w.admin, boss.id).await), code::ILLEGAL_OPERATION);
    // A super-user is a way out.
    w.t.assign(&w.admin, &w.home, ada.id, Place::Organization, "Organization Admin").await.unwrap();
    update_user(&w.t, &w.admin, boss.id, off()).await.unwrap();
    assert_eq!(code_of(delete_user(&w.t, &w.admin, ada.id).await), code::ILLEGAL_OPERATION);
}

#[tokio::test]
async fn an_organization_is_handed_over_by_its_owner_to_an_active_person_of_it() {
    let w = world().await;
    let to = |id: PrincipalId| OrganizationUpdate { owner_id: Some(id), ..OrganizationUpdate::default() };
    let boss = w.t.member(&w.admin, &w.home, "boss", "Organization Admin").await;
    let ada = w.t.member(&w.admin, &w.home, "ada", "Organization Member").await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let eve = w.t.user(&w.admin, "eve").await;
    assert_eq!(code_of(w.change(&boss, to(boss.id)).await), code::PERMISSION_DENIED, "it has an owner");
    for id in [bot.id, eve.id] {
        let refused = w.change(&w.admin, to(id)).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "owner_id");
    }
    let off = UserUpdate { is_active: Some(false), ..UserUpdate::default() };
    let on = UserUpdate { is_active: Some(true), ..UserUpdate::default() };
    update_user(&w.t, &w.admin, ada.id, off).await.unwrap();
    assert_eq!(w.change(&w.admin, to(ada.id)).await.unwrap_err().kind, ErrorKind::Invalid);
    update_user(&w.t, &w.admin, ada.id, on).await.unwrap();
    let everything = (ResourceType::Billing, Action::Update);
    assert!(!can(&w, &ada, everything, in_organization(&w.home)).await);
    assert_eq!(w.change(&w.admin, to(ada.id)).await.unwrap().owner, Some(ada.id));
    assert!(can(&w, &ada, everything, in_organization(&w.home)).await, "it administers now");
    assert_eq!(w.change(&ada, to(boss.id)).await.unwrap().owner, Some(boss.id), "who did before, too");
    w.t.leave(&w.admin, &w.home, boss.id).await.unwrap();
    w.t.join(&w.admin, &w.home, &boss, "Organization Manager").await.unwrap();
    let back = w.change(&boss, to(boss.id)).await;
    assert_eq!(code_of(back), code::PERMISSION_DENIED, "who left does not come back as the owner");
    assert_eq!(w.change(&ada, to(ada.id)).await.unwrap().owner, Some(ada.id), "it had none");
}
