//! Changes at the same time: none undoes another.

use model::{Assignee, Error, Level, Permit, Place, PrincipalId, Result, SystemReason, Write};
use store::{Session, Store};
use testkit::{TestStore, credential, organization, origin, permits, principal, role, team};
const ROUNDS: u128 = 12;

/// Runs a change as the gate does, again if the database asks for it.
async fn attempt(
    store: &Store,
    permit: impl Fn() -> Permit<Write>,
    work: impl AsyncFn(&mut Session<Write>) -> Result<()>,
) -> Result<()> {
    for _ in 0..10 {
        let mut session = store.begin(permit(), origin()).await?;
        let done = match work(&mut session).await {
            Ok(()) => {
                session.record(TestStore::event());
                session.commit().await
            }
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.is_transaction_conflict() => {}
            done => return done,
        }
    }
    panic!("ten conflicts in a row");
}

fn everywhere() -> Permit<Write> {
    Permit::system(SystemReason::Operator)
}

#[tokio::test]
async fn a_rename_at_the_same_time_does_not_undo_a_deactivation() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let ada = principal(1, "ada", None);
    t.change(async |session| session.insert_principal(&ada).await).await.unwrap();
    for round in 0..ROUNDS {
        let key = credential(100 + round, &ada, &format!("key {round}"));
        t.change(async |session| session.insert_credential(&key).await).await.unwrap();
        let id = key.id.to_string();
        let deactivate = attempt(&t.store, everywhere, async |session| {
            let mut key = session.get_credential(&ada, &id).await?;
            key.is_active = false;
            session.update_credential(&key).await
        });
        let rename = attempt(&other, everywhere, async |session| {
            let mut key = session.get_credential(&ada, &id).await?;
            key.name = format!("renamed {round}");
            session.update_credential(&key).await
        });
        let (one, two) = tokio::join!(deactivate, rename);
        one.unwrap();
        two.unwrap();
        let key = t.reading().await.get_credential(&ada, &id).await.unwrap();
        assert!(!key.is_active, "round {round}: the key is active again");
        assert_eq!(key.name, format!("renamed {round}"));
    }
}

#[tokio::test]
async fn two_rotations_at_the_same_time_are_two_rotations() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let ada = principal(1, "ada", None);
    t.change(async |session| session.insert_principal(&ada).await).await.unwrap();
    for round in 0..ROUNDS {
        let key = credential(100 + round, &ada, &format!("key {round}"));
        t.change(async |session| session.insert_credential(&key).await).await.unwrap();
        let id = key.id.to_string();
        let rotate = async |session: &mut Session<Write>| {
            let mut key = session.get_credential(&ada, &id).await?;
            key.rotate(key.secret, 5, key.created);
            session.update_credential(&key).await
        };
        let (one, two) =
            tokio::join!(attempt(&t.store, everywhere, rotate), attempt(&other, everywhere, rotate));
        one.unwrap();
        two.unwrap();
        assert_eq!(t.reading().await.get_credential(&ada, &id).await.unwrap().generation, 3, "round {round}");
    }
}

#[tokio::test]
async fn of_two_superusers_who_demote_each_other_one_remains() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let mut accounts = [principal(1, "one", None), principal(2, "two", None)];
    t.change(async |session| {
        session.insert_principal(&accounts[0]).await?;
        session.insert_principal(&accounts[1]).await
    })
    .await
    .unwrap();
    for round in 0..ROUNDS {
        for account in &mut accounts {
            account.is_superuser = true;
            t.change(async |session| session.update_principal(account).await).await.unwrap();
        }
        let demote = |store: Store, id: PrincipalId| async move {
            attempt(&store, everywhere, async |session| {
                let mut account = session.find_principal(id).await?.unwrap();
                if session.count_other_superusers(id).await? == 0 {
                    return Err(Error::illegal("the last one"));
                }
                account.is_superuser = false;
                session.update_principal(&account).await
            })
            .await
        };
        let (first, second) =
            tokio::join!(demote(t.store.clone(), accounts[0].id), demote(other.clone(), accounts[1].id));
        assert!(first.is_ok() ^ second.is_ok(), "round {round}: {first:?} {second:?}");
    }
}

#[tokio::test]
async fn of_two_administrators_who_remove_each_other_one_remains() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let accounts = [principal(1, "one", None), principal(2, "two", None)];
    t.change(async |session| {
        session.insert_principal(&accounts[0]).await?;
        session.insert_principal(&accounts[1]).await
    })
    .await
    .unwrap();
    for round in 0..ROUNDS {
        let home = organization(100 + round, &format!("home {round}"));
        let admin = role(200 + round, home.id, Level::Organization, "Organization Admin", &["*:*"]);
        t.change(async |session| {
            session.insert_organization(&home).await?;
            session.insert_role(&admin).await?;
            for account in &accounts {
                session.insert_membership(home.id, account.id, account.created).await?;
                let assignee = Assignee::Principal(account.id);
                session.insert_assignment(&admin, assignee, Place::Organization).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let (home, role) = (home.id, admin.id);
        let remove = |store: Store, id: PrincipalId| async move {
            attempt(
                &store,
                || permits::in_organization(home),
                async |session| {
                    if session.count_other_holders(role, id).await? == 0 {
                        return Err(Error::illegal("the last one"));
                    }
                    session.delete_membership(id).await.map(|_| ())
                },
            )
            .await
        };
        let (first, second) =
            tokio::join!(remove(t.store.clone(), accounts[0].id), remove(other.clone(), accounts[1].id));
        assert!(first.is_ok() ^ second.is_ok(), "round {round}: {first:?} {second:?}");
    }
}

#[tokio::test]
async fn who_leaves_while_it_is_put_into_a_team_is_not_in_it() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let home = organization(1, "home");
    let ada = principal(2, "ada", None);
    t.change(async |session| {
        session.insert_organization(&home).await?;
        session.insert_principal(&ada).await
    })
    .await
    .unwrap();
    for round in 0..ROUNDS {
        let data = team(100 + round, home.id, &format!("team {round}"));
        t.change(async |session| {
            session.insert_team(&data).await?;
            session.insert_membership(home.id, ada.id, home.created).await
        })
        .await
        .unwrap();
        let in_home = || permits::in_organization(home.id);
        // Both look the member up first, as the use cases do: that makes one wait for the other.
        let leave = attempt(&t.store, in_home, async |session| {
            session.find_principal(ada.id).await?;
            session.delete_membership(ada.id).await.map(|_| ())
        });
        let enter = attempt(&other, in_home, async |session| {
            if session.find_principal(ada.id).await?.is_some() {
                session.insert_team_member(&data, ada.id).await?;
            }
            Ok(())
        });
        let (left, entered) = tokio::join!(leave, enter);
        left.unwrap();
        entered.unwrap();
        assert_eq!(t.raw().await.count("team_member", "1 = 1").await, 0, "round {round}");
    }
}

#[tokio::test]
async fn of_two_administrators_who_are_switched_off_at_the_same_time_one_remains() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let home = organization(1, "home");
    let accounts = [principal(2, "one", None), principal(3, "two", None)];
    let admin = role(4, home.id, Level::Organization, "Organization Admin", &["*:*"]);
    t.change(async |session| {
        session.insert_organization(&home).await?;
        session.insert_role(&admin).await?;
        for account in &accounts {
            session.insert_principal(account).await?;
            session.insert_assignment(&admin, Assignee::Principal(account.id), Place::Organization).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    for round in 0..ROUNDS {
        let switch_off = async |session: &mut Session<Write>, account: &model::Principal| {
            if session.find_organization_left_alone_by(account.id).await?.is_some() {
                return Err(Error::illegal("the last one"));
            }
            session.update_principal(&model::Principal { is_active: false, ..account.clone() }).await
        };
        let (first, second) = tokio::join!(
            attempt(&t.store, everywhere, async |session| switch_off(session, &accounts[0]).await),
            attempt(&other, everywhere, async |session| switch_off(session, &accounts[1]).await),
        );
        assert!(first.is_ok() ^ second.is_ok(), "round {round}: {first:?} {second:?}");
        for account in &accounts {
            t.change(async |session| session.update_principal(account).await).await.unwrap();
        }
    }
}
