//! What a caller knows of a key from the answers it got, and what must therefore hold.

use std::io;

use serde_json::Value;

use crate::http::{Answer, Client};
use crate::seeded::Seeded;

/// A retention period longer than any test, in minutes.
const RETENTION: i64 = 60;

/// Something that is done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    /// With the retention period, in minutes.
    Rotate(i64),
    Delete,
}

impl Operation {
    /// Chooses what to do with a key that is there.
    pub(crate) fn choose(random: &mut Seeded) -> Self {
        match random.below(10) {
            0..4 => Self::Rotate(0),
            4..7 => Self::Rotate(RETENTION),
            _ => Self::Delete,
        }
    }
}

/// What became of an operation that the server was killed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It was answered before.
    Answered,
    /// It happened; only the answer was lost.
    Done,
    /// It did not happen.
    Undone,
    /// It did not happen, and so there is no key.
    NeverMade,
}

/// A key of the service account that the test made.
#[derive(Debug)]
pub(crate) struct Key {
    name: String,
    /// Its value; unknown when the answer that held it was lost.
    value: Option<String>,
    /// The value before the last rotation, if it must work still.
    retained: Option<String>,
    /// A value that must never work again.
    dead: Option<String>,
    is_deleted: bool,
    /// What a caller sees of the last rotation.
    rotated: Value,
    /// What was begun and not answered.
    begun: Option<Operation>,
    /// How often it was rotated.
    pub(crate) rotations: usize,
}

impl Key {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            value: None,
            retained: None,
            dead: None,
            is_deleted: false,
            rotated: Value::Null,
            begun: Some(Operation::Create),
            rotations: 0,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    /// Does it, and notes what the answer says. Without an answer it stays noted as begun.
    pub(crate) fn carry_out(&mut self, keys: &Client, operation: Operation) -> io::Result<()> {
        self.begun = Some(operation);
        let name = &self.name;
        let answer = match operation {
            Operation::Create => keys.send("POST", &format!("?name={name}"))?,
            Operation::Rotate(minutes) => {
                keys.send("PUT", &format!("/{name}/rotate?retain_period_minutes={minutes}"))?
            }
            Operation::Delete => keys.send("DELETE", &format!("/{name}"))?,
        };
        let shown = answer.ok();
        let value = shown["key"].as_str().map(ToOwned::to_owned);
        self.happened(operation, value, shown["last_rotated"].clone());
        Ok(())
    }

    fn happened(&mut self, operation: Operation, value: Option<String>, rotated: Value) {
        self.begun = None;
        self.rotated = rotated;
        match operation {
            Operation::Create => self.value = value,
            Operation::Rotate(minutes) => {
                self.rotations += 1;
                let (old, older) = (std::mem::replace(&mut self.value, value), self.retained.take());
                if minutes > 0 {
                    self.retained = old;
                    self.dead = older.or(self.dead.take());
                } else {
                    self.dead = old.or(older).or(self.dead.take());
                }
            }
            Operation::Delete => {
                self.is_deleted = true;
                self.dead = self.value.take().or(self.retained.take()).or(self.dead.take());
                self.retained = None;
            }
        }
    }

    /// Finds out, after a kill, what became of what was begun: it must have happened wholly or not at all.
    pub(crate) fn settle(&mut self, keys: &Client) -> Outcome {
        let Some(operation) = self.begun else { return Outcome::Answered };
        let found = self.find(keys);
        match (operation, found.status) {
            (Operation::Create, 404) => return Outcome::NeverMade,
            (Operation::Create, _) => {
                let found = found.ok();
                assert!(found["active"] == true && found["last_rotated"].is_null(), "{found}");
                self.happened(operation, None, Value::Null);
            }
            (Operation::Rotate(minutes), _) => {
                let found = found.ok();
                if found["last_rotated"] == self.rotated {
                    return self.undone();
                }
                assert_eq!(found["retain_period_minutes"], minutes, "{found}");
                self.happened(operation, None, found["last_rotated"].clone());
            }
            (Operation::Delete, 404) => self.happened(operation, None, Value::Null),
            (Operation::Delete, _) => {
                found.ok();
                return self.undone();
            }
        }
        Outcome::Done
    }

    fn undone(&mut self) -> Outcome {
        self.begun = None;
        Outcome::Undone
    }

    fn find(&self, keys: &Client) -> Answer {
        keys.call("GET", &format!("/{}", self.name))
    }

    /// Checks that the server knows what was answered.
    pub(crate) fn check(&self, keys: &Client) {
        let found = self.find(keys);
        if self.is_deleted {
            assert_eq!(found.status, 404, "{self:?} is back: {found:?}");
        } else {
            let found = found.ok();
            assert_eq!(found["last_rotated"], self.rotated, "{self:?}");
        }
        let users = keys.at_base();
        for alive in [&self.value, &self.retained].into_iter().flatten() {
            assert!(users.accepts(alive), "a value of {self:?} is lost");
        }
        if let Some(dead) = &self.dead {
            assert!(!users.accepts(dead), "a value of {self:?} works again");
        }
    }
}
