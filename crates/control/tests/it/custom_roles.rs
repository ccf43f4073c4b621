//! Custom roles: copied, edited and deleted, and no way to what one does not hold.

use control::custom_roles::{self, RoleCreate, RoleUpdate};
use control::roles;
use model::error::code;
use model::{
    Action, Assignee, ErrorKind, Level, Organization, Place, ResourceType, Result, Role, RoleId, Workspace,
};
use store::Page;
use testkit::{Caller, TestPlatform, in_organization};

use crate::actions::{code_of, home, project};

struct World {
    t: TestPlatform,
    admin: Caller,
    home: Organization,
    shop: Workspace,
}

async fn world() -> World {
    let (t, admin, home) = home().await;
    let (shop, _) = t.workspace(&admin, &home, "shop").await;
    World { t, admin, home, shop }
}

#[expect(clippy::unnecessary_wraps, reason = "fills optional fields")]
fn owned(permissions: &[&str]) -> Option<Vec<String>> {
    Some(permissions.iter().map(|text| (*text).to_owned()).collect())
}

impl World {
    async fn make(&self, caller: &Caller, input: RoleCreate) -> Result<Role> {
        let needs = (ResourceType::Role, Action::Create);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                custom_roles::create(session, scene.standing(), input).await
            })
            .await
    }

    async fn made(&self, name: &str, level: Level, permissions: &[&str]) -> Role {
        let input = RoleCreate { level: Some(level), permissions: owned(permissions), ..self.named(name) };
        self.make(&self.admin, input).await.unwrap()
    }

    fn named(&self, name: &str) -> RoleCreate {
        RoleCreate {
            name: name.to_owned(),
            description: None,
            organization_id: self.home.id,
            level: None,
            permissions: None,
            base_role_id: None,
        }
    }

    async fn change(&self, caller: &Caller, id: RoleId, input: RoleUpdate) -> Result<Role> {
        let needs = (ResourceType::Role, Action::Update);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                custom_roles::update(session, scene.standing(), id, input).await
            })
            .await
    }

    async fn set(&self, caller: &Caller, id: RoleId, permissions: &[&str]) -> Result<Role> {
        self.change(caller, id, RoleUpdate { permissions: owned(permissions), ..RoleUpdate::default() }).await
    }

    async fn delete(&self, caller: &Caller, id: RoleId, is_forced: bool) -> Result<()> {
        let needs = (ResourceType::Role, Action::Delete);
        self.t
            .act(&caller.bearer, needs, in_organization(&self.home), async |session, scene| {
                custom_roles::delete(session, scene.standing(), id, is_forced).await
            })
            .await
    }

    async fn give(&self, role: &Role, to: Assignee, place: Place) -> Result<()> {
        let needs = (ResourceType::RoleAssignment, Action::Create);
        self.t
            .act(&self.admin.bearer, needs, in_organization(&self.home), async |session, scene| {
                let standing = scene.standing();
                let role = roles::get(&standing.organization.facts, role.id)?;
                roles::assign(session, standing, role, to, place).await
            })
            .await
    }

    /// Somebody who may make, change and delete roles, and holds nothing else.
    async fn editor(&self, name: &str) -> Caller {
        let permissions = ["role:*", "organization:read"];
        self.made(&format!("Editor {name}"), Level::Organization, &permissions).await;
        self.t.bot(&self.admin, &self.home, name, &format!("Editor {name}")).await
    }

    async fn may(&self, caller: &Caller, action: Action, resource: &str) -> bool {
        let entry = self.t.store.facts().workspace(self.shop.id).await.unwrap().unwrap();
        self.t.check_permissions(&entry, caller.id, action, &[resource.to_owned()]).await.unwrap() == [true]
    }
}

#[tokio::test]
async fn a_copy_grants_what_its_base_grants_unless_it_says_otherwise() {
    let w = world().await;
    let place = Place::Workspace(w.shop.id);
    let base = w.t.role(&w.home, place, "Workspace Viewer").await;
    let copied = |name: &str| RoleCreate { base_role_id: Some(base), ..w.named(name) };
    let copy = w.make(&w.admin, copied("Copy")).await.unwrap();
    let entry = w.t.store.facts().organization(w.home.id).await.unwrap().unwrap();
    let base = &entry.facts.roles[&base];
    assert_eq!((&copy.grants, copy.level, copy.system_managed), (&base.grants, Level::Workspace, false));
    assert_eq!(copy.description, base.description);
    let input = RoleCreate { permissions: owned(&["stack:read"]), ..copied("Less") };
    let less = w.make(&w.admin, RoleCreate { description: Some("less".to_owned()), ..input }).await.unwrap();
    assert_eq!((less.grants.patterns(), less.description.as_str()), (vec!["stack:read".to_owned()], "less"));
    let input = RoleCreate { level: Some(Level::Project), ..copied("Elsewhere") };
    assert_eq!(w.make(&w.admin, input).await.unwrap_err().fields[0].field, "level");
    for (input, field) in [
        (RoleCreate { permissions: owned(&["stack:read"]), ..w.named("No level") }, "level"),
        (RoleCreate { level: Some(Level::Project), ..w.named("Nothing") }, "permissions"),
    ] {
        assert_eq!(w.make(&w.admin, input).await.unwrap_err().fields[0].field, field);
    }
    // Of the level of the organization nobody copies what it does not hold.
    let manager = w.t.member(&w.admin, &w.home, "manager", "Organization Manager").await;
    let admin = w.t.role(&w.home, Place::Organization, "Organization Admin").await;
    let input = RoleCreate { base_role_id: Some(admin), ..w.named("Mine") };
    assert_eq!(code_of(w.make(&manager, input).await), code::PERMISSION_DENIED);
}

#[tokio::test]
async fn a_change_of_a_role_counts_at_once_for_all_who_hold_it() {
    let w = world().await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let role = w.made("Reader", Level::Workspace, &["stack:read"]).await;
    w.give(&role, Assignee::Principal(bot.id), Place::Workspace(w.shop.id)).await.unwrap();
    assert!(w.may(&bot, Action::Read, "stack").await);
    let input = RoleUpdate {
        name: Some("Writer".to_owned()),
        description: control::Patch::Set("writes".to_owned()),
        permissions: owned(&["stack:update"]),
    };
    let changed = w.change(&w.admin, role.id, input).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_str()), ("Writer", "writes"));
    assert!(w.may(&bot, Action::Update, "stack").await);
    assert!(!w.may(&bot, Action::Read, "stack").await);
    let input = RoleUpdate { description: control::Patch::Clear, ..RoleUpdate::default() };
    let changed = w.change(&w.admin, role.id, input).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_str()), ("Writer", ""));
    assert_eq!(changed.grants.patterns(), ["stack:update"], "what is not mentioned stays");
    let page = Page { offset: 0, limit: 10 };
    let mut log = w.t.store.reading().await;
    let events = log.list_audit_events(Some("role.updated".to_owned()), page).await.unwrap().rows;
    let told: Vec<_> = events.iter().map(|event| (event.before.clone(), event.after.clone())).collect();
    let of_permissions = told.iter().find(|(before, _)| before.as_ref().unwrap().contains("stack:read"));
    assert!(of_permissions.unwrap().1.as_ref().unwrap().contains("stack:update"), "{told:?}");
}

#[tokio::test]
async fn nobody_lifts_itself_by_editing_a_role_it_holds() {
    let w = world().await;
    let editor = w.editor("editor").await;
    let own = w.t.role(&w.home, Place::Organization, "Editor editor").await;
    let lifted = w.set(&editor, own, &["role:*", "organization:read", "billing:read"]).await.unwrap_err();
    assert_eq!(lifted.code, code::PERMISSION_DENIED);
    assert_eq!(lifted.missing.unwrap().permissions, ["billing:read"]);
    w.set(&editor, own, &["role:read", "role:update", "organization:read"]).await.expect("less is fine");
    // In a workspace: what it holds in none of the places where the role stands.
    let role = w.made("In shop", Level::Workspace, &["stack:read"]).await;
    w.set(&editor, role.id, &["stack:read", "secret:read"]).await.expect("nobody holds it yet");
    w.give(&role, Assignee::Principal(editor.id), Place::Workspace(w.shop.id)).await.unwrap();
    for permissions in [&["stack:read", "secret:read", "secret:delete"][..], &["*:*"]] {
        assert_eq!(code_of(w.set(&editor, role.id, permissions).await), code::PERMISSION_DENIED);
    }
    w.set(&editor, role.id, &["stack:read"]).await.expect("it holds all of that there");
    let (other, _) = w.t.workspace(&w.admin, &w.home, "other").await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    w.give(&role, Assignee::Principal(bot.id), Place::Workspace(other.id)).await.unwrap();
    let rename = RoleUpdate { name: Some("Harmless".to_owned()), ..RoleUpdate::default() };
    let elsewhere = w.change(&editor, role.id, rename).await;
    assert_eq!(code_of(elsewhere), code::PERMISSION_DENIED, "it stands where the editor holds nothing");
    assert_eq!(code_of(w.delete(&w.admin, role.id, false).await), code::IN_USE);
}

#[tokio::test]
async fn nobody_takes_by_editing_what_it_could_not_give() {
    let w = world().await;
    let editor = w.editor("editor").await;
    let strong = w.made("Strong", Level::Organization, &["billing:read", "organization:read"]).await;
    assert_eq!(code_of(w.set(&editor, strong.id, &["organization:read"]).await), code::PERMISSION_DENIED);
    assert_eq!(code_of(w.delete(&editor, strong.id, false).await), code::PERMISSION_DENIED);
}

#[tokio::test]
async fn predefined_roles_stay_as_they_are() {
    let w = world().await;
    for (place, name) in [
        (Place::Organization, "Organization Admin"),
        (Place::Workspace(w.shop.id), "Stack Admin"),
        (Place::Project(w.shop.id, project(1)), "Project Viewer"),
    ] {
        let id = w.t.role(&w.home, place, name).await;
        let changed = w.set(&w.admin, id, &["stack:read"]).await.unwrap_err();
        assert_eq!(changed.code, code::ILLEGAL_OPERATION);
        assert!(changed.message.contains(name) && changed.message.contains("base_role_id"));
        assert_eq!(code_of(w.delete(&w.admin, id, true).await), code::ILLEGAL_OPERATION);
    }
}

#[tokio::test]
async fn a_role_that_somebody_holds_is_deleted_by_force_alone() {
    let w = world().await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let role = w.made("Reader", Level::Workspace, &["stack:read"]).await;
    w.give(&role, Assignee::Principal(bot.id), Place::Workspace(w.shop.id)).await.unwrap();
    let refused = w.delete(&w.admin, role.id, false).await.unwrap_err();
    assert_eq!((refused.kind, refused.code), (ErrorKind::Conflict, code::IN_USE));
    assert!(refused.message.contains("to bot."), "{}", refused.message);
    // Who may not see who holds what does not hear it here either.
    let deleter = w.made("Deleter", Level::Organization, &["role:delete", "organization:read"]).await;
    let quiet = w.t.bot(&w.admin, &w.home, "quiet", "Deleter").await;
    w.t.assign(&w.admin, &w.home, quiet.id, Place::Workspace(w.shop.id), "Workspace Admin").await.unwrap();
    let refused = w.delete(&quiet, role.id, false).await.unwrap_err();
    assert!(refused.message.contains("1 times") && !refused.message.contains("bot"), "{}", refused.message);
    assert_eq!(code_of(w.delete(&quiet, deleter.id, false).await), code::IN_USE);
    w.delete(&w.admin, role.id, true).await.unwrap();
    assert!(!w.may(&bot, Action::Read, "stack").await);
    assert_eq!(code_of(w.delete(&w.admin, role.id, true).await), code::NOT_FOUND);
    let page = Page { offset: 0, limit: 100 };
    let mut log = w.t.store.reading().await;
    for (action, count) in [("role.deleted", 1), ("role_assignment.deleted", 1)] {
        let events = log.list_audit_events(Some(action.to_owned()), page).await.unwrap();
        assert_eq!(events.total, count, "{action}");
    }
    let unused = w.made("Unused", Level::Project, &["pipeline:read"]).await;
    w.delete(&w.admin, unused.id, false).await.expect("nobody holds it");
}

#[tokio::test]
async fn a_role_is_given_as_it_is_now_and_not_as_it_was_known() {
    let w = world().await;
    let bot = w.t.bot(&w.admin, &w.home, "bot", "Organization Member").await;
    let manager = w.t.bot(&w.admin, &w.home, "manager", "Organization Manager").await;
    let role = w.made("Growing", Level::Organization, &["team:read"]).await;
    let needs = (ResourceType::RoleAssignment, Action::Create);
    let given = w.t.act(&manager.bearer, needs, in_organization(&w.home), async |session, scene| {
        let standing = scene.standing();
        let known = roles::get(&standing.organization.facts, role.id)?;
        // What was read before the session began is old by now.
        let old = Role { grants: model::Grants::none(), ..known.clone() };
        roles::assign(session, standing, &old, Assignee::Principal(bot.id), Place::Organization).await
    });
    given.await.expect("the manager holds it as it is");
    let strong = w.made("Strong", Level::Organization, &["billing:read"]).await;
    let given = w.t.act(&manager.bearer, needs, in_organization(&w.home), async |session, scene| {
        let standing = scene.standing();
        let old = Role { grants: model::Grants::none(), ..strong.clone() };
        roles::assign(session, standing, &old, Assignee::Principal(bot.id), Place::Organization).await
    });
    assert_eq!(code_of(given.await), code::PERMISSION_DENIED);
}
