//! A request that is under way while its credential ends: whatever it is answered, no later one succeeds.

use control::rbac::RawKeys;
use control::{Passwords, Platform};
use model::{
    Credential, Organization, OrganizationId, Permit, Principal, PrincipalId, Result, Secret, SystemReason,
    Workspace, WorkspaceId, WorkspaceState, Write,
};
use store::{Session, Store};
use testkit::{TestPlatform, TestStore, interrupted, origin};

use crate::actions::home;

const POINTS: usize = 12;

/// What a bearer is good for at the moment.
struct Bearers {
    key: Secret,
    session: Secret,
    machine: Secret,
}

struct World {
    t: TestPlatform,
    bearers: Bearers,
    bot: PrincipalId,
    home: OrganizationId,
    shop: WorkspaceId,
    /// The state to return to after each round.
    before: Before,
}

struct Before {
    key: Credential,
    account: Principal,
    home: Organization,
    shop: Workspace,
}

async fn world() -> World {
    let (t, admin, home) = home().await;
    let (shop, enrollment) = t.workspace(&admin, &home, "shop").await;
    let bot = t.bot(&admin, &home, "bot", "Organization Viewer").await;
    let session = t.session_from(&bot.bearer).await.unwrap();
    let machine = t.machine(&shop, &enrollment).await.unwrap();
    let account = t.store.facts().principal(bot.id).await.unwrap().unwrap().principal.clone();
    let key = t.store.reading().await.get_credential(&account, "default").await.unwrap();
    World {
        bearers: Bearers { key: bot.bearer, session, machine },
        bot: bot.id,
        home: home.id,
        shop: shop.id,
        before: Before { key, account, home, shop },
        t,
    }
}

async fn write(store: &Store, work: impl AsyncFnOnce(&mut Session<Write>) -> Result<()>) {
    let permit = Permit::system(SystemReason::Operator);
    let mut session = store.begin(permit, origin()).await.unwrap();
    work(&mut session).await.unwrap();
    session.record(TestStore::event());
    session.commit().await.unwrap();
}

/// Lets the change happen at every point of the request, each time on a node that knows nothing yet, and asks
/// again afterwards.
async fn while_asking(
    world: &World,
    ask: impl AsyncFn(&Platform) -> bool,
    change: impl AsyncFn(&mut Session<Write>) -> Result<()>,
    undo: impl AsyncFn(&mut Session<Write>) -> Result<()>,
) {
    let mut met = 0;
    for point in 0..POINTS {
        let store = world.t.store.another_node().await;
        let passwords = Passwords::with_cost(store.env(), 8, 1).unwrap();
        let platform = Platform::new(store.clone(), world.t.tokens.issuer().to_owned(), passwords);
        let commit = async {
            write(&store, &change).await;
            assert!(!ask(&platform).await, "when the call returned, at point {point}");
        };
        if interrupted(ask(&platform), point, commit).await.is_some() {
            assert!(!ask(&platform).await, "after the request that was under way, at point {point}");
            met += 1;
        } else {
            write(&store, &change).await;
        }
        write(&store, &undo).await;
        assert!(ask(&platform).await, "what is good is accepted");
    }
    assert!(met > 1, "the request never waited");
}

fn authenticates(bearer: &Secret) -> impl AsyncFn(&Platform) -> bool {
    async move |platform: &Platform| platform.authenticate(bearer.expose()).await.is_ok()
}

#[tokio::test]
async fn a_key_and_its_session_that_are_switched_off() {
    let world = world().await;
    let off = Credential { is_active: false, ..world.before.key.clone() };
    for bearer in [&world.bearers.key, &world.bearers.session] {
        while_asking(
            &world,
            authenticates(bearer),
            async |session| session.update_credential(&off).await,
            async |session| session.update_credential(&world.before.key).await,
        )
        .await;
    }
}

#[tokio::test]
async fn a_key_and_its_session_that_are_deleted() {
    let world = world().await;
    for bearer in [&world.bearers.key, &world.bearers.session] {
        while_asking(
            &world,
            authenticates(bearer),
            async |session| session.delete_credential(&world.before.key).await,
            async |session| session.insert_credential(&world.before.key).await,
        )
        .await;
    }
}

#[tokio::test]
async fn a_key_and_its_session_whose_owner_is_switched_off() {
    let world = world().await;
    let off = Principal { is_active: false, ..world.before.account.clone() };
    for bearer in [&world.bearers.key, &world.bearers.session] {
        while_asking(
            &world,
            authenticates(bearer),
            async |session| session.update_principal(&off).await,
            async |session| session.update_principal(&world.before.account).await,
        )
        .await;
    }
}

#[tokio::test]
async fn a_machine_whose_enrollment_key_is_rotated() {
    let world = world().await;
    let mut rotated = world.before.shop.clone();
    rotated.enrollment_generation += 1;
    while_asking(
        &world,
        authenticates(&world.bearers.machine),
        async |session| session.update_workspace(&rotated).await,
        async |session| session.update_workspace(&world.before.shop).await,
    )
    .await;
}

#[tokio::test]
async fn entering_a_workspace_that_is_switched_off_or_whose_organization_is() {
    let world = world().await;
    let enter = async |platform: &Platform| {
        let Ok(who) = platform.authenticate(world.bearers.session.expose()).await else { return false };
        platform.admit(&who, world.shop, RawKeys::All).await.is_ok()
    };
    let off = Workspace { status: WorkspaceState::Deactivated, ..world.before.shop.clone() };
    while_asking(
        &world,
        enter,
        async |session| session.update_workspace(&off).await,
        async |session| session.update_workspace(&world.before.shop).await,
    )
    .await;
    let off = Organization { is_active: false, ..world.before.home.clone() };
    while_asking(
        &world,
        enter,
        async |session| session.update_organization(&off).await,
        async |session| session.update_organization(&world.before.home).await,
    )
    .await;
}

#[tokio::test]
async fn rights_that_end_with_a_role() {
    let world = world().await;
    let entry = world.t.store.facts().organization(world.home).await.unwrap().unwrap();
    let viewer = entry.facts.role_named(model::Level::Organization, "Organization Viewer").unwrap();
    let assignee = model::Assignee::Principal(world.bot);
    let place = model::Place::Organization;
    let enter = async |platform: &Platform| {
        let Ok(who) = platform.authenticate(world.bearers.session.expose()).await else { return false };
        platform.admit(&who, world.shop, RawKeys::All).await.is_ok()
    };
    while_asking(
        &world,
        enter,
        async |session| session.delete_assignment(viewer, assignee, place).await.map(|_| ()),
        async |session| session.insert_assignment(viewer, assignee, place).await,
    )
    .await;
}
