//! What the tests of several crates share: a clock that stands still, seeded randomness, databases of one's
//! own, and callers. For tests only; the program never depends on it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test whose ground gives way must fail loudly, everywhere"
)]

mod accounts;
mod clock;
mod database;
mod entropy;
pub mod permits;
mod platform;
mod postgres;
mod records;
mod steps;
mod store;

pub use accounts::{Caller, PASSWORD, in_organization};
pub use clock::TestClock;
pub use database::{Raw, TestDatabase};
pub use entropy::SeededEntropy;
pub use platform::{Scene, TestPlatform};
pub use records::{credential, organization, principal, role, team, workspace};
pub use steps::interrupted;
pub use store::{TestStore, open, origin};
