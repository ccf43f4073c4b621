//! What is acknowledged is kept: the server is killed at random points of its work and must know everything it
//! answered.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::http::Client;
use crate::key_model::{Key, Operation, Outcome};
use crate::program::{Home, Running};
use crate::seeded::Seeded;

/// Callers at once, each with keys of its own: what one of them knows of a key no other changes.
const CALLERS: usize = 3;
/// Keys that a caller works with at a time.
const KEYS: usize = 6;
/// Keys of earlier rounds that are looked at again after each restart; all are at the end.
const SAMPLE: u64 = 4;

/// A caller, and all it ever knew.
struct Caller {
    number: usize,
    random: Seeded,
    keys: Vec<Key>,
    made: usize,
    outcomes: BTreeMap<Outcome, usize>,
}

impl Caller {
    fn new(number: usize) -> Self {
        Self {
            number,
            random: Seeded(0xc1a0 + number as u64),
            keys: Vec::new(),
            made: 0,
            outcomes: BTreeMap::new(),
        }
    }

    /// Works until the server stops answering.
    fn work(&mut self, client: &Client, acknowledged: &Sender<()>) {
        loop {
            let (at, operation) = self.next();
            let key = &mut self.keys[at];
            if key.carry_out(client, operation).is_err() {
                return;
            }
            // The one who kills may have stopped counting.
            let _ = acknowledged.send(());
        }
    }

    /// What to do next, and to which key.
    fn next(&mut self) -> (usize, Operation) {
        let present: Vec<usize> = (0..self.keys.len()).filter(|at| !self.keys[*at].is_deleted()).collect();
        if present.len() < KEYS && self.random.below(3) > 0 || present.is_empty() {
            self.keys.push(Key::new(format!("key-{}-{}", self.number, self.made)));
            self.made += 1;
            return (self.keys.len() - 1, Operation::Create);
        }
        let chosen = self.random.below(present.len() as u64);
        let at = present[usize::try_from(chosen).unwrap()];
        (at, Operation::choose(&mut self.random))
    }

    /// After a restart: finds out what became of the unanswered operation, and checks what was answered.
    fn check(&mut self, keys: &Client) {
        for at in (0..self.keys.len()).rev() {
            let outcome = self.keys[at].settle(keys);
            if outcome != Outcome::Answered {
                *self.outcomes.entry(outcome).or_default() += 1;
            }
            if outcome == Outcome::NeverMade {
                self.keys.remove(at);
            }
        }
        let recent = self.keys.len().saturating_sub(2 * KEYS);
        self.keys.iter().skip(recent).for_each(|key| key.check(keys));
        for _ in 0..SAMPLE.min(recent as u64) {
            let at = self.random.below(recent as u64);
            self.keys[usize::try_from(at).unwrap()].check(keys);
        }
    }
}

/// Lets the callers work, and kills the server some time after some acknowledgements.
fn round(server: &mut Running, keys: &Client, callers: &mut [Caller], random: &mut Seeded) {
    let (sender, acknowledged) = channel();
    thread::scope(|scope| {
        for caller in callers.iter_mut() {
            let sender = sender.clone();
            scope.spawn(move || caller.work(keys, &sender));
        }
        drop(sender);
        await_the_moment(&acknowledged, random);
        server.kill();
    });
}

/// Some acknowledgements, then a part of the time that an operation takes: the kill hits any phase of one.
fn await_the_moment(acknowledged: &Receiver<()>, random: &mut Seeded) {
    for _ in 0..random.below(12) {
        acknowledged.recv().unwrap();
    }
    let _ = acknowledged.recv_timeout(Duration::from_micros(random.below(3000)));
}

/// Every operation left its event in the transaction that did it, and nothing else did.
fn check_events(events: &Client, callers: &[Caller]) {
    let mut expected: BTreeMap<(String, String), usize> = BTreeMap::new();
    for key in callers.iter().flat_map(|caller| &caller.keys) {
        let mut add = |action: &str, count: usize| {
            if count > 0 {
                expected.insert((format!("api_key.{action}"), key.name().to_owned()), count);
            }
        };
        add("created", 1);
        add("rotated", key.rotations);
        add("deleted", usize::from(key.is_deleted()));
    }
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for action in ["api_key.created", "api_key.rotated", "api_key.deleted"] {
        for event in pages(events, action) {
            let name = event["target"]["name"].as_str().unwrap();
            *found.entry((action.to_owned(), name.to_owned())).or_default() += 1;
        }
    }
    assert_eq!(found, expected);
}

fn pages(events: &Client, action: &str) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    loop {
        let path = format!("?action={action}&limit=1000&offset={}", all.len());
        let page = events.call("GET", &path).ok();
        let page = page.as_array().unwrap().clone();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn rounds() -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long to look for trouble is chosen by whoever runs the test"
    )]
    let chosen = std::env::var("CLAVIGER_KILL_ROUNDS");
    chosen.map_or(200, |rounds| rounds.parse().unwrap())
}

#[test]
fn nothing_that_was_acknowledged_is_lost_in_a_kill() {
    let home = Home::new();
    let mut server = home.quickstart();
    let token = server.said("token").to_owned();
    let organization = format!("/organizations/{}", server.said("organization_id"));
    let accounts = format!("{organization}/service_accounts");
    server.client(&token).call("POST", &format!("{accounts}?name=robot")).ok();
    let keys_of = |server: &Running| server.client(&token).under(&format!("{accounts}/robot/api_keys"));
    let mut random = Seeded(20_300_101);
    let mut callers: Vec<Caller> = (0..CALLERS).map(Caller::new).collect();
    for _ in 0..rounds() {
        let keys = keys_of(&server);
        round(&mut server, &keys, &mut callers, &mut random);
        server = home.quickstart();
        let keys = keys_of(&server);
        for caller in &mut callers {
            caller.check(&keys);
        }
    }
    for caller in &callers {
        println!("caller {}: {} keys, {:?}", caller.number, caller.made, caller.outcomes);
    }
    let keys = keys_of(&server);
    callers.iter().flat_map(|caller| &caller.keys).for_each(|key| key.check(&keys));
    check_events(&server.client(&token).under(&format!("{organization}/audit_events")), &callers);
    assert!(server.stop().0.success());
    let (_, talk) = home.on_data(&["admin", "verify-audit"]).ended(0);
    assert!(talk.starts_with("The audit log is whole"), "{talk}");
}
