//! Secrets that cannot be printed, and how they are stored.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A text that is shown to its owner once and never printed otherwise: no `Display`, no `Serialize`,
/// a redacted `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself. Every caller of this is a place where a secret can leave the process.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl schemars::JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "password"})
    }
}

/// What is stored of a secret: HMAC-SHA-256 (RFC 2104) under a pepper that is not in the database in clear.
/// The secrets are random and long, so a slow hash would only cost time.
#[derive(Clone, Copy)]
pub struct SecretHash {
    /// Which pepper made it.
    pub pepper: i64,
    /// The HMAC.
    pub hash: [u8; 32],
}

impl SecretHash {
    /// A hash that no secret has: compared against when there is nothing to compare with, so that an unknown
    /// id costs what a known one costs.
    #[must_use]
    pub fn unmatchable(pepper: i64) -> Self {
        Self { pepper, hash: [0; 32] }
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[hash under pepper {}]", self.pepper)
    }
}

/// A server-side key for hashing secrets. Rotatable: old ones stay readable, new hashes use the newest.
#[derive(Clone)]
pub struct Pepper {
    version: i64,
    /// The keyed state, prepared once: hashing a secret then costs two compressions fewer.
    keyed: Hmac<Sha256>,
}

impl Pepper {
    /// A pepper from its version and key.
    #[must_use]
    pub fn new(version: i64, key: &Zeroizing<[u8; 32]>) -> Self {
        // RFC 2104: a key shorter than the block is padded with zeros.
        let mut block = Zeroizing::new([0; 64]);
        for (slot, byte) in block.iter_mut().zip(key.iter()) {
            *slot = *byte;
        }
        let keyed = <Hmac<Sha256> as KeyInit>::new(&(*block).into());
        Self { version, keyed }
    }

    fn hash(&self, id: Uuid, secret: &[u8]) -> [u8; 32] {
        let mut mac = self.keyed.clone();
        // The id binds the hash to its row: a hash copied to another row matches nothing.
        mac.update(id.as_bytes());
        mac.update(secret);
        mac.finalize().into_bytes().into()
    }
}

/// All peppers of this installation, newest last.
#[derive(Clone)]
pub struct Peppers(Arc<[Pepper]>);

impl Peppers {
    /// The peppers in ascending order of version. `None` if there is none.
    #[must_use]
    pub fn new(mut peppers: Vec<Pepper>) -> Option<Self> {
        peppers.sort_by_key(|pepper| pepper.version);
        (!peppers.is_empty()).then(|| Self(peppers.into()))
    }

    /// The version that new hashes are made with.
    #[must_use]
    pub fn current(&self) -> i64 {
        self.0.last().map_or(0, |pepper| pepper.version)
    }

    /// Hashes a secret of the row `id` under the newest pepper.
    #[must_use]
    pub fn hash(&self, id: Uuid, secret: &[u8]) -> SecretHash {
        let hash = self.0.last().map_or([0; 32], |pepper| pepper.hash(id, secret));
        SecretHash { pepper: self.current(), hash }
    }

    /// Whether the secret has that hash, compared in constant time. False if the pepper is gone.
    #[must_use]
    pub fn verify(&self, id: Uuid, secret: &[u8], stored: &SecretHash) -> bool {
        let known = self.0.iter().find(|pepper| pepper.version == stored.pepper);
        let Some(pepper) = known.or(self.0.last()) else { return false };
        let equal = pepper.hash(id, secret).ct_eq(&stored.hash);
        bool::from(equal) && known.is_some()
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peppers(newest {})", self.current())
    }
}
