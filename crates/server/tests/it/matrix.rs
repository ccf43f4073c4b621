//! Every operation with every sort of caller: who gets which status. A new operation is in it by itself.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::Value;
use server::{Access, Operation, Settings, operations};

use crate::harness::{Actor, Answer, URL};
use crate::openapi::differences;
use crate::requests::{Who, World};

/// An operation, and its answer to each caller.
struct Row {
    operation: &'static Operation,
    statuses: Vec<u16>,
    /// In what the answers differ from the document.
    differences: Vec<String>,
}

pub(crate) fn document() -> Value {
    server::openapi::document(operations(), &Settings::new(URL)).expect("cannot make the document")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gets_which_answer() {
    let rows = on_all(row).await;
    for Row { operation, statuses, .. } in &rows {
        for ((who, _), status) in Who::ALL.iter().zip(statuses) {
            let fits = allowed(operation.access, *who);
            assert!(fits(*status), "{operation:?} answers {status} to {who:?}");
        }
        // Otherwise the request is wrong, and every refusal above proves nothing.
        assert!(
            statuses.iter().any(|status| *status < 400),
            "nobody succeeds with {operation:?}: {statuses:?}"
        );
    }
    let differences: Vec<&str> = rows.iter().flat_map(|row| &row.differences).map(String::as_str).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    insta::assert_snapshot!("matrix", table(&rows).expect("a string takes everything"));
}

/// The statuses that follow from who may.
fn allowed(access: Access, who: Who) -> fn(u16) -> bool {
    match access {
        Access::Public(_) => |status| status != 401 && status != 403,
        _ if who.is_unknown() => |status| status == 401,
        Access::Machine if who.is_machine() => |status| status == 200,
        Access::Machine => |status| status == 403,
        Access::Permission(..) if who.is_machine() => |status| status == 403,
        Access::Permission(..) | Access::Authenticated(_) => |status| status != 401 && status < 500,
    }
}

fn table(rows: &[Row]) -> Result<String, std::fmt::Error> {
    let mut text = format!("{:38}", "");
    for (_, name) in Who::ALL {
        write!(text, " {name:>11}")?;
    }
    for Row { operation, statuses, .. } in rows {
        write!(text, "\n{:38}", operation.id)?;
        for status in statuses {
            write!(text, " {status:>11}")?;
        }
    }
    Ok(text)
}

/// Works on all operations, as many at once as the machine has hands for.
async fn on_all<T, W>(work: fn(&'static Operation, Arc<Value>, Option<World>) -> W) -> Vec<T>
where
    T: Send + 'static,
    W: Future<Output = (T, Option<World>)> + Send + 'static,
{
    let document = Arc::new(document());
    let waiting = Arc::new(Mutex::new(operations().iter().enumerate().rev().collect::<Vec<_>>()));
    let hands = [(); 2].map(|()| {
        let (document, waiting) = (document.clone(), waiting.clone());
        tokio::spawn(async move {
            let (mut done, mut world) = (Vec::new(), None);
            loop {
                let next = waiting.lock().expect("another hand failed").pop();
                let Some((place, operation)) = next else { return done };
                let (result, left) = work(operation, document.clone(), world.take()).await;
                done.push((place, result));
                world = left;
            }
        })
    });
    let mut all = Vec::new();
    for hand in hands {
        all.extend(hand.await.expect("a hand failed"));
    }
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, result)| result).collect()
}

async fn or_new(world: Option<World>) -> World {
    match world {
        Some(world) => world,
        None => World::new().await,
    }
}

/// Asks for an operation with everybody, from the one who may least to the one who may most.
async fn row(
    operation: &'static Operation,
    document: Arc<Value>,
    world: Option<World>,
) -> (Row, Option<World>) {
    let mut row = Row { operation, statuses: Vec::new(), differences: Vec::new() };
    let (mut world, mut is_used) = (or_new(world).await, false);
    for (who, _) in Who::ALL {
        let mut answer = ask(&world, operation, who, &document).await;
        // Refusals change nothing. But whoever succeeded before may have taken away what this one asks about.
        if is_used && ![200, 401, 403].contains(&answer.status.as_u16()) {
            world = World::new().await;
            answer = ask(&world, operation, who, &document).await;
        }
        is_used |= !answer.status.is_client_error() && !only_reads(operation);
        row.differences.extend(differences(&document, operation, &answer));
        row.statuses.push(answer.status.as_u16());
    }
    (row, (!is_used).then_some(world))
}

fn only_reads(operation: &Operation) -> bool {
    // Signing out works over GET too.
    operation.method == Method::GET
        && operation.id != "logout"
        && !matches!(operation.access, Access::Authenticated(_))
}

async fn ask(world: &World, operation: &Operation, who: Who, document: &Value) -> Answer {
    world.request(operation, (&operation.method, operation.path), who, document).await.await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_spelling_answers_alike() {
    on_all(compare).await;
}

/// Two worlds are alike to the last random byte, and so are the answers of all spellings.
async fn compare(
    operation: &'static Operation,
    document: Arc<Value>,
    world: Option<World>,
) -> ((), Option<World>) {
    if operation.aliases.is_empty() {
        return ((), world);
    }
    let is_for_machines = matches!(operation.access, Access::Machine);
    let who = Who::Actor(if is_for_machines { Actor::Machine } else { Actor::Admin });
    let mut world = or_new(world.filter(|_| only_reads(operation))).await;
    let first = ask(&world, operation, who, &document).await;
    assert!(first.status.is_success(), "{first}");
    for (method, path) in &operation.aliases {
        if !only_reads(operation) {
            world = World::new().await;
        }
        let alias = world.request(operation, (method, path), who, &document).await.await;
        assert_eq!((alias.status, &alias.text), (first.status, &first.text), "{alias}");
    }
    ((), only_reads(operation).then_some(world))
}
