//! Session tokens: of all texts that are near one of ours, only that one is read.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, LazyLock};

use control::TokenIssuer;
use control::tokens::Grant;
use model::{Clock, Entropy, Env, Timestamp, TokenKind};
use store::{MasterKey, Options, Store};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Time stands still; what is random differs from one use to the next and is the same in every run.
#[derive(Default)]
struct Still(AtomicU8);

/// 2030-01-01.
const NOW: Timestamp = Timestamp(1_893_456_000_000_000);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

impl Entropy for Still {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

/// An issuer, and a token of its own.
static ISSUER: LazyLock<(TokenIssuer, String)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::new(format!("sqlite:{}", folder.path().join("fuzz.db").display()));
    let env = Env { clock: Arc::new(Still::default()), entropy: Arc::new(Still::default()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Store::open(&options, env, MasterKey::new(Zeroizing::new([42; 32])));
    let issuer =
        TokenIssuer::new(runtime.block_on(store).unwrap(), "https://claviger.test/api/v1".to_owned());
    let grant = Grant {
        kind: TokenKind::User,
        subject: Uuid::from_u128(1),
        derived_from: None,
        workspace: None,
        auth_time: None,
        seconds: 3600,
    };
    let token = issuer.issue(grant).unwrap().token.expose().to_owned();
    assert!(issuer.read(&token, NOW).is_ok());
    (issuer, token)
});

/// Reads the input as a token, and as a change of a true token: `at`, `how`, and what to put there.
pub fn session_token(data: &[u8]) {
    let (issuer, token) = &*ISSUER;
    let read = |text: &str| issuer.read(text, NOW).is_ok();
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(read(text), text == token);
    }
    let [high, low, how, rest @ ..] = data else { return };
    let at = usize::from(u16::from_be_bytes([*high, *low])) % (token.len() + 1);
    let cut = (at + usize::from(*how)).min(token.len());
    let Ok(middle) = std::str::from_utf8(rest) else { return };
    let text = format!("{}{middle}{}", &token[..at], &token[cut..]);
    assert_eq!(read(&text), text == *token, "{text}");
}
