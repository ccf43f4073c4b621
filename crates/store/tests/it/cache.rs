//! What a commit took away, no reader puts back: not one that began before, however slow it is.
//!
//! Each test stops a reader at every point where it waits, lets a change happen there, and lets the reader
//! go on. Without the comparison of generations in `cache.rs` the reader then fills the cache with what it had
//! read before, and each of these tests fails, every time.

use model::{
    Action, Assignee, Credential, CredentialId, Level, Organization, OrganizationId, Permit, Place,
    Principal, PrincipalId, Result, Role, SystemReason, Workspace, WorkspaceId, WorkspaceState, Write,
};
use store::{Session, Share, Store};
use testkit::{
    TestStore, credential, interrupted, organization, origin, permits, principal, role, workspace,
};
use uuid::Uuid;

/// One little world: an organization with a member who holds a role, a key, and something shared in a
/// workspace. Each point of a reading gets its own, of which nothing is in memory.
#[derive(Clone, Copy)]
struct World {
    home: OrganizationId,
    ada: PrincipalId,
    key: CredentialId,
    shop: WorkspaceId,
    number: u128,
}

impl World {
    fn of(number: u128) -> Self {
        let id = |offset: u128| Uuid::from_u128(1000 * (number + 1) + offset);
        Self {
            home: OrganizationId(id(1)),
            ada: PrincipalId(id(2)),
            key: CredentialId(id(3)),
            shop: WorkspaceId(id(4)),
            number,
        }
    }

    fn organization(&self) -> Organization {
        organization(self.home.0.as_u128(), &format!("home {}", self.number))
    }

    fn account(&self) -> Principal {
        principal(self.ada.0.as_u128(), &format!("ada-{}", self.number), None)
    }

    fn credential(&self) -> Credential {
        credential(self.key.0.as_u128(), &self.account(), "key")
    }

    fn workspace(&self) -> Workspace {
        workspace(self.shop.0.as_u128(), self.home, &format!("shop-{}", self.number))
    }

    fn role(&self) -> Role {
        role(self.home.0.as_u128(), self.home, Level::Organization, "Reader", &["team:read"])
    }

    fn resource() -> String {
        format!("stack/{}", Uuid::from_u128(9))
    }

    async fn make(self, t: &TestStore) {
        t.change(async |session| {
            session.insert_organization(&self.organization()).await?;
            session.insert_principal(&self.account()).await?;
            session.insert_credential(&self.credential()).await?;
            session.insert_workspace(&self.workspace()).await?;
            session.insert_membership(self.home, self.ada, self.account().created).await?;
            session.insert_role(&self.role()).await?;
            let assignee = Assignee::Principal(self.ada);
            session.insert_assignment(&self.role(), assignee, Place::Organization).await
        })
        .await
        .unwrap();
        let mut session = t.begin(permits::in_workspace(self.home, self.shop), origin()).await.unwrap();
        let actions = [Action::Read].into_iter().collect();
        let share = Share { grantee: self.ada.0, is_team: false, actions };
        session.set_share(share, &Self::resource()).await.unwrap();
        session.record(TestStore::event());
        session.commit().await.unwrap();
    }

    /// What is known of one thing, in words.
    async fn know(self, thing: Thing, store: &Store) -> String {
        let facts = store.facts();
        match thing {
            Thing::Key => {
                let key = facts.credential(self.key).await.unwrap();
                key.map_or("no key".to_owned(), |key| format!("key {} {}", key.is_active, key.generation))
            }
            Thing::Account => {
                let account = facts.principal(self.ada).await.unwrap();
                account.map_or("no account".to_owned(), |known| {
                    format!("account {} in {}", known.principal.is_active, known.organizations.len())
                })
            }
            Thing::Home => {
                let Some(home) = facts.organization(self.home).await.unwrap() else {
                    return "no organization".to_owned();
                };
                let held = facts.membership(&home, self.ada).await.unwrap();
                let held = held.map_or("stranger".to_owned(), |held| format!("{}", held.assignments.len()));
                format!("organization {} {held}", home.facts.organization.is_active)
            }
            Thing::Shop => {
                let Some(entry) = facts.workspace(self.shop).await.unwrap() else {
                    return "no workspace".to_owned();
                };
                let shares = facts.shares(&entry, self.ada, &[]).await.unwrap();
                format!("workspace {} {}", entry.facts.workspace.status, !shares.is_empty())
            }
        }
    }
}

/// What readers ask for. Each is loaded by itself.
#[derive(Clone, Copy)]
enum Thing {
    Key,
    Account,
    Home,
    Shop,
}

impl Thing {
    const fn before(self) -> &'static str {
        match self {
            Self::Key => "key true 1",
            Self::Account => "account true in 1",
            Self::Home => "organization true 1",
            Self::Shop => "workspace available true",
        }
    }
}

/// At least as many as a reading has points where it waits.
const POINTS: usize = 10;
/// How often each point is tried: when the database answers at once, a reader passes a point without waiting.
const TRIES: usize = 6;

/// Lets the change happen at every point where somebody who reads the thing waits, and looks afterwards.
async fn while_somebody_reads(
    thing: Thing,
    permit: impl Fn(World) -> Permit<Write>,
    change: impl AsyncFn(&mut Session<Write>, World) -> Result<()>,
    after: &str,
) {
    let t = TestStore::new().await;
    let mut met = 0;
    for (number, point) in (0..).zip((0..POINTS).cycle().take(POINTS * TRIES)) {
        let world = World::of(number);
        world.make(&t).await;
        let commit = async {
            let mut session = t.begin(permit(world), origin()).await.unwrap();
            change(&mut session, world).await.unwrap();
            session.record(TestStore::event());
            session.commit().await.unwrap();
            assert_eq!(world.know(thing, &t).await, after, "when the call returns, at point {point}");
        };
        if interrupted(world.know(thing, &t), point, commit).await.is_some() {
            assert_eq!(world.know(thing, &t).await, after, "and after the slow reader, at point {point}");
            met += 1;
        } else {
            assert_eq!(world.know(thing, &t).await, thing.before(), "nothing happened to this one");
        }
    }
    assert!(met > TRIES, "the reader never waited");
}

fn everywhere(_: World) -> Permit<Write> {
    Permit::system(SystemReason::Operator)
}

fn in_home(world: World) -> Permit<Write> {
    permits::in_organization(world.home)
}

fn in_shop(world: World) -> Permit<Write> {
    permits::in_workspace(world.home, world.shop)
}

#[tokio::test]
async fn a_deactivated_key_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        session.update_credential(&Credential { is_active: false, ..world.credential() }).await
    };
    while_somebody_reads(Thing::Key, everywhere, change, "key false 1").await;
}

#[tokio::test]
async fn a_deleted_key_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        session.delete_credential(&world.credential()).await
    };
    while_somebody_reads(Thing::Key, everywhere, change, "no key").await;
}

#[tokio::test]
async fn the_value_before_a_rotation_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        let mut key = world.credential();
        key.rotate(key.secret, 0, key.created);
        session.update_credential(&key).await
    };
    while_somebody_reads(Thing::Key, everywhere, change, "key true 2").await;
}

#[tokio::test]
async fn a_deactivated_account_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        session.update_principal(&Principal { is_active: false, ..world.account() }).await
    };
    while_somebody_reads(Thing::Account, everywhere, change, "account false in 1").await;
}

#[tokio::test]
async fn a_deleted_account_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| session.delete_principal(world.ada).await;
    while_somebody_reads(Thing::Account, everywhere, change, "no account").await;
    while_somebody_reads(Thing::Key, everywhere, change, "no key").await;
    while_somebody_reads(Thing::Home, everywhere, change, "organization true stranger").await;
    while_somebody_reads(Thing::Shop, everywhere, change, "workspace available false").await;
}

#[tokio::test]
async fn an_ended_membership_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        session.delete_membership(world.ada).await.map(|_| ())
    };
    while_somebody_reads(Thing::Account, in_home, change, "account true in 0").await;
    while_somebody_reads(Thing::Home, in_home, change, "organization true stranger").await;
    while_somebody_reads(Thing::Shop, in_home, change, "workspace available false").await;
}

#[tokio::test]
async fn a_role_that_was_taken_away_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        let assignee = Assignee::Principal(world.ada);
        session.delete_assignment(&world.role(), assignee, Place::Organization).await.map(|_| ())
    };
    while_somebody_reads(Thing::Home, in_home, change, "organization true 0").await;
}

#[tokio::test]
async fn a_share_that_was_taken_away_does_not_come_back() {
    let change = async |session: &mut Session<Write>, _: World| {
        session.delete_resource(&World::resource()).await.map(|_| ())
    };
    while_somebody_reads(Thing::Shop, in_shop, change, "workspace available false").await;
}

#[tokio::test]
async fn a_deactivated_workspace_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        session
            .update_workspace(&Workspace { status: WorkspaceState::Deactivated, ..world.workspace() })
            .await
    };
    while_somebody_reads(Thing::Shop, in_shop, change, "workspace deactivated true").await;
}

#[tokio::test]
async fn a_deleted_organization_does_not_come_back() {
    let change = async |session: &mut Session<Write>, _: World| session.delete_organization().await;
    while_somebody_reads(Thing::Home, in_home, change, "no organization").await;
    while_somebody_reads(Thing::Account, in_home, change, "account true in 0").await;
    while_somebody_reads(Thing::Shop, in_home, change, "no workspace").await;
}

#[tokio::test]
async fn a_deactivated_organization_does_not_come_back() {
    let change = async |session: &mut Session<Write>, world: World| {
        session.update_organization(&Organization { is_active: false, ..world.organization() }).await
    };
    while_somebody_reads(Thing::Home, in_home, change, "organization false 1").await;
}

#[tokio::test]
async fn what_is_made_after_it_was_asked_for_in_vain_is_found() {
    let t = TestStore::new().await;
    for (number, point) in (0..).zip((0..POINTS).cycle().take(POINTS * TRIES)) {
        let account = World::of(number).account();
        let make = async {
            t.change(async |session| session.insert_principal(&account).await).await.unwrap();
        };
        if interrupted(t.facts().principal(account.id), point, make).await.is_some() {
            assert!(t.facts().principal(account.id).await.unwrap().is_some(), "at point {point}");
        } else {
            assert!(point > 0, "before the first wait there is always time");
        }
    }
}

#[tokio::test]
async fn what_was_asked_for_in_vain_is_found_once_it_is_made() {
    let t = TestStore::new().await;
    let world = World::of(0);
    for thing in [Thing::Key, Thing::Account, Thing::Home, Thing::Shop] {
        assert_ne!(world.know(thing, &t).await, thing.before());
    }
    world.make(&t).await;
    for thing in [Thing::Key, Thing::Account, Thing::Home, Thing::Shop] {
        assert_eq!(world.know(thing, &t).await, thing.before());
    }
}

/// The same by weight of numbers, on several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_readers_never_see_what_a_returned_call_ended() {
    let t = TestStore::new().await;
    let ada = principal(2, "ada", None);
    t.change(async |session| session.insert_principal(&ada).await).await.unwrap();
    for round in 0..60_u128 {
        let mut key = credential(100 + round, &ada, &format!("key {round}"));
        t.change(async |session| session.insert_credential(&key).await).await.unwrap();
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let (store, id) = (t.store.clone(), key.id);
                tokio::spawn(async move {
                    for _ in 0..20 {
                        store.facts().credential(id).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let what = round % 3;
        t.change(async |session| match what {
            0 => {
                key.is_active = false;
                session.update_credential(&key).await
            }
            1 => {
                key.rotate(key.secret, 0, key.created);
                session.update_credential(&key).await
            }
            _ => session.delete_credential(&key).await,
        })
        .await
        .unwrap();
        let ended = async || match t.facts().credential(key.id).await.unwrap() {
            Some(facts) => !facts.is_active || facts.generation == 2,
            None => what == 2,
        };
        assert!(ended().await, "round {round}: when the call returned");
        for reader in readers {
            reader.await.unwrap();
        }
        assert!(ended().await, "round {round}: after all who began before");
    }
}
