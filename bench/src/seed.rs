//! Fills a database: accounts with personal access tokens, made by the use cases that serve requests too.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control::credentials::{self, CredentialCreate};
use control::scopes::GrantedScope;
use control::users::{self, UserCreate};
use model::audit::{Event, Origin};
use model::{Clock, Entropy, Env, OrganizationId, Permit, Principal, Secret, SystemReason, Timestamp, Write};
use store::{MasterKey, Options, Session, Store};
use zeroize::Zeroizing;

/// Accounts that share the tokens.
const OWNERS: usize = 1_000;
/// Tokens that a transaction makes.
const BATCH: usize = 5_000;
/// Tokens whose values are kept, spread evenly over all.
const SAMPLE: usize = 1_000;
/// Further tokens whose values are kept, to be used once each.
const FRESH: usize = 20_000;

struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the real time comes in here")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

struct RealEntropy;

impl Entropy for RealEntropy {
    #[expect(clippy::disallowed_methods, clippy::panic, reason = "real randomness comes in here")]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the system gives no randomness: {error}");
        }
    }
}

/// Values of tokens that were made.
pub(crate) struct Seeded {
    /// Some, to be used again and again.
    pub(crate) sample: Vec<Secret>,
    /// Others, to be used once.
    pub(crate) fresh: Vec<Secret>,
}

/// Makes that many tokens in the database of a data folder that was started before.
pub(crate) async fn fill(data: &Path, count: usize) -> Result<Seeded> {
    let store = open(data).await?;
    let owners = make_owners(&store, count.min(OWNERS)).await?;
    let mut kept = Seeded { sample: Vec::new(), fresh: Vec::new() };
    let every = (count / SAMPLE).max(1);
    for first in (0..count).step_by(BATCH) {
        let mut session = begin(&store).await?;
        for number in first..count.min(first + BATCH) {
            let owner = owners.get(number % owners.len()).context("no owners")?;
            let input = CredentialCreate { name: format!("token-{number}"), ..CredentialCreate::default() };
            let shown = credentials::create(&mut session, owner, input, &GrantedScope::unlimited()).await?;
            if number % every == 0 && kept.sample.len() < SAMPLE {
                kept.sample.push(shown.key);
            } else if kept.fresh.len() < FRESH {
                kept.fresh.push(shown.key);
            }
        }
        session.commit().await?;
        eprint!("\r  {} of {count} credentials", count.min(first + BATCH));
    }
    eprintln!();
    store.close().await?;
    Ok(kept)
}

pub(crate) async fn open(data: &Path) -> Result<Store> {
    let text = fs::read_to_string(data.join("master.key"))?;
    let bytes: [u8; 32] = STANDARD.decode(text.trim())?.as_slice().try_into()?;
    let env = Env { clock: Arc::new(RealClock), entropy: Arc::new(RealEntropy) };
    let options = Options::new(format!("sqlite:{}", data.join("claviger.db").display()));
    Ok(Store::open(&options, env, MasterKey::new(Zeroizing::new(bytes))).await?)
}

/// A session of the program itself.
pub(crate) async fn begin(store: &Store) -> Result<Session<Write>> {
    Ok(store.begin::<Write>(Permit::system(SystemReason::Operator), origin()).await?)
}

pub(crate) fn origin() -> Origin {
    Origin { request_id: "bench".to_owned(), ..Origin::default() }
}

/// Writes the audit event that a session that changes something must have.
pub(crate) fn note(session: &mut Session<Write>, organization: OrganizationId) {
    session.record(Event {
        organization: Some(organization),
        action: "bench.filled",
        target_kind: "organization",
        target_id: organization.0,
        target_name: "bench".to_owned(),
        before: None,
        after: None,
    });
}

/// Accounts that nobody signs in to with a password.
pub(crate) async fn make_owners(store: &Store, count: usize) -> Result<Vec<Principal>> {
    let mut session = begin(store).await?;
    let mut owners = Vec::with_capacity(count);
    for number in 0..count {
        let input = UserCreate {
            username: format!("owner-{number}"),
            password: Secret::new(String::new()),
            email: None,
            name: None,
            is_superuser: None,
        };
        // No password matches this: the owners use their tokens.
        owners.push(users::create(&mut session, input, "!").await?);
    }
    session.commit().await?;
    Ok(owners)
}
