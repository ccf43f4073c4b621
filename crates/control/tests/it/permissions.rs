//! The answers to workspace servers: what each role may, on what, and nobody else anything.

use control::rbac::AllowedIds;
use model::{Action, Organization, Place, PrincipalId, ProjectId, Resource, ResourceType, Secret, Workspace};
use store::WorkspaceEntry;
use testkit::{Caller, TestPlatform};
use uuid::Uuid;

use crate::actions::{
    delete_bot, delete_organization, forget, home, project, set_bot_active, set_state, share, update_user,
};

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

/// A resource string with `P` and `Q` for two projects and `1` for an id.
fn resource(short: &str) -> String {
    let id = |number: u128| Uuid::from_u128(number).to_string();
    let text = short.replace("P:", &format!("{}:", id(100))).replace("Q:", &format!("{}:", id(200)));
    text.replace("/P", &format!("/{}", id(100))).replace("/1", &format!("/{}", id(1)))
}

async fn entry(t: &TestPlatform, shop: &Workspace) -> std::sync::Arc<WorkspaceEntry> {
    t.store.facts().workspace(shop.id).await.unwrap().unwrap()
}

/// Asks for each probe, `type action`, and marks a yes.
async fn marks(t: &TestPlatform, shop: &Workspace, user: PrincipalId, probes: &[&str]) -> String {
    let entry = entry(t, shop).await;
    let mut marks = String::new();
    for probe in probes {
        let (kind, action) = probe.split_once(' ').unwrap();
        let action = Action::parse(action).unwrap();
        let answer = t.check_permissions(&entry, user, action, &[resource(kind)]).await.unwrap();
        marks.push(if answer == [true] { 'x' } else { '.' });
    }
    marks
}

async fn allowed(t: &TestPlatform, shop: &Workspace, user: PrincipalId, kind: &str) -> AllowedIds {
    let text = resource(kind);
    let asked = Resource::parse(&text).unwrap();
    t.allowed_resource_ids(&entry(t, shop).await, user, Action::Read, &asked).await.unwrap()
}

fn ids(ids: &[u128]) -> AllowedIds {
    AllowedIds { full_access: false, ids: ids.iter().map(|id| Uuid::from_u128(*id)).collect() }
}

fn all() -> AllowedIds {
    AllowedIds { full_access: true, ids: Vec::new() }
}

const PROBES: [&str; 18] = [
    "stack/1 read",
    "stack create",
    "stack/1 update",
    "stack/1 delete",
    "secret/1 read",
    "secret/1 read_secret_value",
    "service_connector/1 client",
    "flavor/1 read",
    "service_account create",
    "project create",
    "project/P read",
    "project/P update",
    "P:pipeline create",
    "P:pipeline/1 read",
    "P:pipeline/1 update",
    "P:pipeline/1 delete",
    "Q:pipeline/1 read",
    "resource_pool/1 read",
];

/// Section 5.2 of the interface's description, read by a person.
const GRID: [(&str, &str); 14] = [
    //                         stacks secrets  projects   in P  Q ?
    ("Organization Admin", "xxxxxxxxxxxxxxxxxx"),
    ("Organization Manager", ".................."),
    ("Organization Viewer", ".................."),
    ("Billing Admin", ".................."),
    ("Organization Member", ".................."),
    ("Workspace Admin", "xxxxxxxxxxxxxxxxxx"),
    ("Workspace Developer", "xxx.x.xx.xx.xx..x."),
    ("Workspace Contributor", ".x................"),
    ("Workspace Viewer", "x...x..x..x..x..x."),
    ("Stack Admin", "xxxx..xx.........."),
    ("Project Admin", "..........xxxxxx.."),
    ("Project Developer", "..........x.xxx..."),
    ("Project Contributor", "..........x.x....."),
    ("Project Viewer", "..........x..x...."),
];

#[tokio::test]
async fn every_predefined_role_grants_what_the_grid_says() {
    let World { t, admin, home, shop, .. } = world().await;
    assert_eq!(GRID.len(), model::predefined::ROLES.len());
    for (number, (role, expected)) in GRID.iter().enumerate() {
        let (name, in_organization) = (format!("bot{number}"), number < 5);
        let base = if in_organization { role } else { "Organization Member" };
        let bot = t.bot(&admin, &home, &name, base).await;
        let place = match number {
            0..5 => None,
            5..10 => Some(Place::Workspace(shop.id)),
            _ => Some(Place::Project(shop.id, project(100))),
        };
        if let Some(place) = place {
            t.assign(&admin, &home, bot.id, place, role).await.unwrap();
        }
        assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, *expected, "{role}");
    }
}

#[tokio::test]
async fn roles_add_up() {
    let World { t, admin, home, shop, .. } = world().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let (in_shop, in_project) = (Place::Workspace(shop.id), Place::Project(shop.id, project(100)));
    t.assign(&admin, &home, bot.id, in_shop, "Workspace Contributor").await.unwrap();
    t.assign(&admin, &home, bot.id, in_project, "Project Viewer").await.unwrap();
    t.assign(&admin, &home, bot.id, in_project, "Project Contributor").await.unwrap();
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, ".x........x.xx....");
    t.unassign(&admin, &home, bot.id, in_project, "Project Viewer").await.unwrap();
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, ".x........x.x.....");
}

#[tokio::test]
async fn lists_are_of_all_or_of_ids() {
    let World { t, admin, home, shop, machine } = world().await;
    let viewer = t.bot(&admin, &home, "viewer", "Organization Member").await;
    t.assign(&admin, &home, viewer.id, Place::Workspace(shop.id), "Workspace Viewer").await.unwrap();
    let worker = t.bot(&admin, &home, "worker", "Organization Member").await;
    let place = Place::Project(shop.id, project(100));
    t.assign(&admin, &home, worker.id, place, "Project Viewer").await.unwrap();
    share(&t, &machine, worker.id, &resource("stack/1"), &["read"]).await.unwrap();
    share(&t, &machine, worker.id, &resource("secret/1"), &["delete"]).await.unwrap();
    for (caller, kind, expected) in [
        (&viewer, "stack", all()),
        (&viewer, "project", all()),
        (&viewer, "Q:pipeline", all()),
        (&worker, "stack", ids(&[1])),
        (&worker, "secret", ids(&[])),
        (&worker, "project", ids(&[100])),
        (&worker, "P:pipeline", all()),
        (&worker, "Q:pipeline", ids(&[])),
        (&worker, "P:never_seen", ids(&[])),
        (&admin, "never_seen", all()),
    ] {
        assert_eq!(allowed(&t, &shop, caller.id, kind).await, expected, "{} {kind}", caller.username);
    }
}

#[tokio::test]
async fn unreadable_resources_are_denied_and_do_not_disturb_the_others() {
    let World { t, admin, shop, .. } = world().await;
    let bot_entry = entry(&t, &shop).await;
    let resources: Vec<String> =
        ["stack", "", "Stack", "x:stack", "stack/1", "a/b/c", "☃", &resource("stack/1")]
            .map(str::to_owned)
            .into();
    let answers = t.check_permissions(&bot_entry, admin.id, Action::Read, &resources).await.unwrap();
    assert_eq!(answers, [true, false, false, false, false, false, false, true]);
    assert!(t.check_permissions(&bot_entry, admin.id, Action::Read, &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_is_answered_with_no_never_with_an_error() {
    let World { t, admin, home, shop, .. } = world().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Admin").await;
    let nobody = PrincipalId(Uuid::from_u128(9));
    for user in [nobody, PrincipalId(shop.id.0), PrincipalId(home.id.0)] {
        assert_eq!(marks(&t, &shop, user, &PROBES).await, ".".repeat(18));
        assert_eq!(allowed(&t, &shop, user, "stack").await, ids(&[]));
    }
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, "x".repeat(18));
    set_bot_active(&t, &admin, &home, &bot, false).await;
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, ".".repeat(18), "switched off");
    assert_eq!(allowed(&t, &shop, bot.id, "stack").await, ids(&[]));
    set_bot_active(&t, &admin, &home, &bot, true).await;
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, "x".repeat(18));
    set_state(&t, &admin, &shop, "deactivated").await;
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, ".".repeat(18), "the workspace is switched off");
    set_state(&t, &admin, &shop, "available").await;
    delete_bot(&t, &admin, &home, &bot).await;
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, ".".repeat(18), "deleted");
}

#[tokio::test]
async fn an_entry_that_outlived_its_organization_answers_no() {
    let World { t, admin, home, shop, .. } = world().await;
    let ada = t.member(&admin, &home, "ada", "Organization Admin").await;
    let stale = entry(&t, &shop).await;
    let stack = [resource("stack/1")];
    assert_eq!(t.check_permissions(&stale, ada.id, Action::Read, &stack).await.unwrap(), [true]);
    delete_organization(&t, &admin, &home).await;
    assert_eq!(t.check_permissions(&stale, ada.id, Action::Read, &stack).await.unwrap(), [false]);
}

#[tokio::test]
async fn a_superuser_may_everything_and_not_a_moment_longer() {
    let World { t, admin, shop, .. } = world().await;
    let eve = t.user(&admin, "eve").await;
    let set = |on| control::users::UserUpdate { is_superuser: Some(on), ..Default::default() };
    update_user(&t, &admin, eve.id, set(true)).await.unwrap();
    assert_eq!(marks(&t, &shop, eve.id, &PROBES).await, "x".repeat(18));
    update_user(&t, &admin, eve.id, set(false)).await.unwrap();
    assert_eq!(marks(&t, &shop, eve.id, &PROBES).await, ".".repeat(18));
}

#[tokio::test]
async fn a_share_is_exactly_what_was_shared_and_what_makes_it_useful() {
    let World { t, admin, shop, machine, .. } = world().await;
    let eve = t.user(&admin, "eve").await;
    share(&t, &machine, eve.id, &resource("stack/1"), &["read", "update"]).await.unwrap();
    assert_eq!(marks(&t, &shop, eve.id, &PROBES).await, "x.x...............");
    share(&t, &machine, eve.id, &resource("stack/1"), &["read"]).await.unwrap();
    share(&t, &machine, eve.id, &resource("secret/1"), &["read"]).await.unwrap();
    share(&t, &machine, eve.id, &resource("service_connector/1"), &["update"]).await.unwrap();
    share(&t, &machine, eve.id, &resource("P:pipeline/1"), &["read"]).await.unwrap();
    assert_eq!(marks(&t, &shop, eve.id, &PROBES).await, "x...xxx......x....");
    assert_eq!(
        marks(&t, &shop, eve.id, &["Q:pipeline/1 read", "pipeline/1 read", "stack read"]).await,
        "..."
    );
}

#[tokio::test]
async fn only_single_resources_are_shared_with_one_somebody_and_known_actions() {
    let World { t, admin, machine, .. } = world().await;
    let eve = t.user(&admin, "eve").await;
    for (wrong, actions, field) in [
        ("stack", "read", "resource"),
        ("stack/x", "read", "resource"),
        (&resource("stack/1"), "fly", "actions"),
    ] {
        let error = share(&t, &machine, eve.id, wrong, &[actions]).await.unwrap_err();
        assert_eq!(error.fields[0].field, field, "{wrong} {actions}");
    }
}

#[tokio::test]
async fn a_project_that_is_gone_takes_its_roles_and_shares_along() {
    let World { t, admin, home, shop, machine } = world().await;
    let bot = t.bot(&admin, &home, "bot", "Organization Member").await;
    let place = Place::Project(shop.id, project(100));
    t.assign(&admin, &home, bot.id, place, "Project Admin").await.unwrap();
    share(&t, &machine, bot.id, &resource("Q:pipeline/1"), &["read"]).await.unwrap();
    share(&t, &machine, bot.id, &resource("P:model/1"), &["read"]).await.unwrap();
    share(&t, &machine, bot.id, &resource("stack/1"), &["read"]).await.unwrap();
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, "x.........xxxxxxx.");
    let gone = [resource("project/P"), "rubbish".to_owned(), resource("stack/1")];
    forget(&t, &machine, &gone).await.unwrap();
    assert_eq!(marks(&t, &shop, bot.id, &PROBES).await, "................x.");
    assert_eq!(marks(&t, &shop, bot.id, &["P:model/1 read"]).await, ".");
    forget(&t, &machine, &gone).await.expect("servers repeat what they said");
}

/// Reports a project as a server does, twice, after those were allowed to make one.
async fn report(w: &World, id: ProjectId, candidates: &[PrincipalId]) {
    let home = w.t.store.facts().organization(w.home.id).await.unwrap().unwrap();
    let event = control::usage::UsageEvent {
        organization_id: None,
        feature: "project".to_owned(),
        total: 1,
        metadata: Some(serde_json::json!({"resource_id": id.to_string()})),
    };
    for _ in 0..2 {
        let needs = (ResourceType::Usage, Action::Create);
        let target = control::TargetRef::OwnWorkspace;
        w.t.act(&w.machine, needs, target, async |session, scene| {
            let workspace = &scene.workspace().facts.workspace;
            control::usage::record(session, workspace, &home.facts, &event, candidates).await
        })
        .await
        .expect("servers report some things twice");
    }
}

/// Asks whether the account may read the project, as a server does after it made one. Answers who got it.
async fn ask_after(w: &World, candidates: &[PrincipalId], user: PrincipalId, id: ProjectId) -> bool {
    let who = w.t.authenticate(w.machine.expose()).await.unwrap();
    let entry = w.t.store.facts().workspace(w.shop.id).await.unwrap().unwrap();
    let asked = (user, id);
    let resources = [format!("project/{id}")];
    let allowed = w.t.check_permissions(&entry, user, Action::Read, &resources).await.unwrap() == [true];
    w.t.claim_project(&who, &entry, asked, (candidates, allowed), testkit::origin()).await.unwrap()
}

/// Bots that may make projects.
async fn makers(w: &World) -> [PrincipalId; 2] {
    let mut makers = Vec::new();
    for name in ["ada", "bob"] {
        let maker = w.t.bot(&w.admin, &w.home, name, "Organization Member").await;
        let at = Place::Workspace(w.shop.id);
        w.t.assign(&w.admin, &w.home, maker.id, at, "Workspace Developer").await.unwrap();
        makers.push(maker.id);
    }
    [makers[0], makers[1]]
}

#[tokio::test]
async fn the_only_one_who_was_allowed_to_make_a_project_made_it() {
    let w = world().await;
    let [ada, bob] = makers(&w).await;
    report(&w, project(100), &[ada]).await;
    let in_project = ["P:pipeline/1 delete", "project/P update", "Q:pipeline/1 delete"];
    assert_eq!(marks(&w.t, &w.shop, ada, &in_project).await, "xx.");
    assert!(!ask_after(&w, &[ada], bob, project(100)).await, "it has its maker");
}

#[tokio::test]
async fn of_several_the_first_who_asks_after_it_made_it() {
    let w = world().await;
    let [ada, bob] = makers(&w).await;
    for project in [project(100), project(200)] {
        report(&w, project, &[ada, bob]).await;
    }
    assert!(!ask_after(&w, &[ada, bob], w.admin.id, project(200)).await, "no candidate");
    assert!(ask_after(&w, &[ada, bob], bob, project(200)).await);
    assert!(ask_after(&w, &[ada, bob], ada, project(100)).await);
    assert!(!ask_after(&w, &[ada, bob], ada, project(200)).await, "once");
    let probes = ["P:pipeline/1 delete", "Q:pipeline/1 delete"];
    assert_eq!(marks(&w.t, &w.shop, ada, &probes).await, "x.");
    assert_eq!(marks(&w.t, &w.shop, bob, &probes).await, ".x");
}

#[tokio::test]
async fn where_another_node_was_asked_whoever_asks_after_it_and_may_make_one_made_it() {
    let w = world().await;
    let [ada, _] = makers(&w).await;
    let viewer = w.t.bot(&w.admin, &w.home, "viewer", "Organization Member").await;
    let at = Place::Workspace(w.shop.id);
    w.t.assign(&w.admin, &w.home, viewer.id, at, "Workspace Viewer").await.unwrap();
    report(&w, project(100), &[]).await;
    assert!(!ask_after(&w, &[], viewer.id, project(100)).await, "a viewer makes no projects");
    assert!(!ask_after(&w, &[], ada, project(200)).await, "nobody reported that one");
    assert!(ask_after(&w, &[], ada, project(100)).await);
    report(&w, project(200), &[]).await;
    w.t.clock.advance_seconds(61);
    assert!(!ask_after(&w, &[], ada, project(200)).await, "whoever made it has asked long ago");
}

#[tokio::test]
async fn candidates_are_remembered_for_a_minute() {
    let t = TestPlatform::new().await;
    let candidates = control::projects::Candidates::default();
    let (ada, bob) = (PrincipalId(Uuid::from_u128(1)), PrincipalId(Uuid::from_u128(2)));
    let (shop, other) = (model::WorkspaceId(Uuid::from_u128(3)), model::WorkspaceId(Uuid::from_u128(4)));
    candidates.note(shop, ada, t.now());
    assert_eq!(candidates.of(shop, t.now().plus_seconds(59)), [ada]);
    candidates.note(shop, bob, t.now().plus_seconds(4));
    assert_eq!(candidates.of(other, t.now()), []);
    assert_eq!(candidates.of(shop, t.now().plus_seconds(59)), [ada, bob]);
    assert_eq!(candidates.of(shop, t.now().plus_seconds(60)), [bob]);
    candidates.note(shop, ada, t.now().plus_seconds(9));
    assert_eq!(candidates.of(shop, t.now().plus_seconds(10)), [ada], "the other was allowed to long before");
    assert_eq!(candidates.of(shop, t.now().plus_seconds(69)), []);
}
