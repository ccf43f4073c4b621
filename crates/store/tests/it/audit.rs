//! The audit log: gapless chains in which every tampering shows.

use model::OrganizationId;
use model::audit::Event;
use store::Page;
use testkit::{TestStore, origin, permits};
use uuid::Uuid;

fn home() -> OrganizationId {
    OrganizationId(Uuid::from_u128(7))
}

fn event(action: &'static str) -> Event {
    Event { organization: Some(home()), action, ..TestStore::event() }
}

/// A chain of three events for each of the organizations.
async fn chains_of_three(organizations: &[OrganizationId]) -> TestStore {
    let t = TestStore::new().await;
    for action in ["first", "second", "third"] {
        let mut session = t.writing().await;
        for organization in organizations {
            session.record(Event { organization: Some(*organization), ..event(action) });
        }
        session.commit().await.unwrap();
        t.clock.advance(1);
    }
    t
}

async fn chain_of_three() -> TestStore {
    chains_of_three(&[home()]).await
}

#[tokio::test]
async fn an_untouched_log_has_no_faults() {
    let t = chain_of_three().await;
    t.change(async |_| Ok(())).await.unwrap();
    let report = t.reading().await.verify_audit().await.unwrap();
    assert_eq!((report.chains, report.events, report.faults.len()), (2, 4, 0), "{report:?}");
}

#[tokio::test]
async fn a_long_log_is_verified_to_its_end() {
    let t = TestStore::new().await;
    let mut session = t.writing().await;
    for _ in 0..1001 {
        session.record(event("one of many"));
    }
    session.commit().await.unwrap();
    let report = t.reading().await.verify_audit().await.unwrap();
    assert_eq!((report.events, report.faults), (1001, vec![]));
}

/// What a stranger with access to the database might do to a chain; `{c}` stands for its condition.
const TAMPERINGS: &[(&str, &[&str])] = &[
    ("a changed event", &["UPDATE audit_event SET actor_name = 'operat0r' WHERE seq = 2 AND {c}"]),
    (
        "a text that moved into another field",
        &["UPDATE audit_event SET ip = NULL, user_agent = ip WHERE seq = 3 AND {c}"],
    ),
    ("a removed event", &["DELETE FROM audit_event WHERE seq = 2 AND {c}"]),
    ("a removed first event", &["DELETE FROM audit_event WHERE seq = 1 AND {c}"]),
    ("a cut end", &["DELETE FROM audit_event WHERE seq = 3 AND {c}"]),
    ("an emptied chain", &["DELETE FROM audit_event WHERE {c}"]),
    ("a chain that lost its head", &["DELETE FROM audit_head WHERE {c}"]),
    (
        "two events that changed places",
        &[
            "UPDATE audit_event SET seq = 9 WHERE seq = 1 AND {c}",
            "UPDATE audit_event SET seq = 1 WHERE seq = 2 AND {c}",
            "UPDATE audit_event SET seq = 2 WHERE seq = 9 AND {c}",
        ],
    ),
    (
        "a removed event with the rest moved up",
        &[
            "DELETE FROM audit_event WHERE seq = 2 AND {c}",
            "UPDATE audit_event SET seq = 2 WHERE seq = 3 AND {c}",
            "UPDATE audit_head SET seq = 2 WHERE {c}",
        ],
    ),
    (
        "a cut end with the head moved back",
        &["DELETE FROM audit_event WHERE seq = 3 AND {c}", "UPDATE audit_head SET seq = 2 WHERE {c}"],
    ),
    (
        "a changed event with the hash of another",
        &[
            "UPDATE audit_event SET actor_name = 'operat0r' WHERE seq = 2 AND {c}",
            "UPDATE audit_event SET hash = (SELECT hash FROM audit_event WHERE seq = 1 AND {c}) WHERE seq = 2 AND {c}",
        ],
    ),
    (
        "an event moved into another chain",
        &[
            "UPDATE audit_event SET chain = id, seq = 1 WHERE seq = 3 AND {c}",
            "UPDATE audit_head SET seq = 2 WHERE {c}",
        ],
    ),
];

#[tokio::test]
async fn every_tampering_is_reported() {
    let chains: Vec<_> =
        (1..).take(TAMPERINGS.len() + 1).map(|number| OrganizationId(Uuid::from_u128(number))).collect();
    let t = chains_of_three(&chains).await;
    let mut raw = t.raw().await;
    for ((what, statements), chain) in TAMPERINGS.iter().zip(&chains) {
        let condition = format!("chain = {}", raw.id(chain.0));
        for statement in *statements {
            assert!(raw.execute(&statement.replace("{c}", &condition)).await > 0, "{what}: {statement}");
        }
        let faults = t.reading().await.verify_audit().await.unwrap().faults;
        assert!(faults.iter().any(|fault| fault.contains(&chain.to_string())), "{what} went unseen");
    }
    let untouched = chains.last().unwrap().to_string();
    let faults = t.reading().await.verify_audit().await.unwrap().faults;
    assert!(!faults.iter().any(|fault| fault.contains(&untouched)), "{faults:?}");
}

#[tokio::test]
async fn an_organization_sees_its_own_events_and_the_installation_all() {
    let t = chain_of_three().await;
    t.change(async |_| Ok(())).await.unwrap();
    let all = Page { offset: 0, limit: 2 };
    let mut session = t.begin(permits::in_organization::<model::Read>(home()), origin()).await.unwrap();
    let listed = session.list_audit_events(None, all).await.unwrap();
    let actions: Vec<_> = listed.rows.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!((listed.total, actions), (3, vec!["third", "second"]), "newest first");
    let listed = session.list_audit_events(Some("first".to_owned()), all).await.unwrap();
    assert_eq!((listed.total, listed.rows.len()), (1, 1));
    assert_eq!(t.reading().await.list_audit_events(None, all).await.unwrap().total, 4);
}

#[tokio::test]
async fn events_of_one_commit_are_listed_in_the_order_they_happened() {
    let t = TestStore::new().await;
    let actions = ["1", "2", "3", "4", "5", "6", "7", "8"];
    let mut session = t.writing().await;
    for action in actions {
        session.record(event(action));
    }
    session.commit().await.unwrap();
    let listed = t.reading().await.list_audit_events(None, Page { offset: 0, limit: 10 }).await.unwrap();
    let found: Vec<_> = listed.rows.iter().rev().map(|entry| entry.action.as_str()).collect();
    assert_eq!(found, actions);
}

#[tokio::test]
async fn commits_at_the_same_time_keep_every_chain_gapless() {
    let t = TestStore::new().await;
    let other = t.another_node().await;
    let mut tasks = Vec::new();
    for number in 0..24 {
        let store = if number % 2 == 0 { t.store.clone() } else { other.clone() };
        tasks.push(tokio::spawn(async move {
            let permit = model::Permit::system(model::SystemReason::Operator);
            let mut session = store.begin::<model::Write>(permit, origin()).await?;
            // Two chains, named in either order.
            let (one, two) = if number % 3 == 0 { (None, Some(home())) } else { (Some(home()), None) };
            session.record(Event { organization: one, ..event("one") });
            session.record(Event { organization: two, ..event("two") });
            session.commit().await
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let report = t.reading().await.verify_audit().await.unwrap();
    assert_eq!((report.chains, report.events, report.faults), (2, 48, vec![]));
}
