//! A clock that stands still until it is told to move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{Clock, Timestamp};

/// 2030-01-01T00:00:00Z.
const START: Timestamp = Timestamp(1_893_456_000_000_000);

/// Starts at 2030-01-01T00:00:00Z. Clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(START.0)))
    }
}

impl TestClock {
    /// Where every test clock starts.
    pub const START: Timestamp = START;

    /// Moves on by minutes.
    pub fn advance(&self, minutes: i64) {
        self.advance_seconds(minutes * 60);
    }

    /// Moves on by seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_microseconds(seconds * 1_000_000);
    }

    /// Moves on by microseconds, the smallest step there is.
    pub fn advance_microseconds(&self, microseconds: i64) {
        self.0.fetch_add(microseconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
