//! The value of an API key or personal access token: one opaque, self-checking string.
//!
//! `ZENPROKEY_` followed by 60 characters of unpadded base64url (RFC 4648 section 5) of
//! 16 bytes id, 25 bytes (200 bits) secret, and a 4 byte CRC-32 over all before it, the prefix included.
//! The prefix is what stock clients and servers test for and what secret scanners look for; the checksum
//! lets both a scanner and the server tell a typo from a key without a look-up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::env::Env;
use crate::ids::CredentialId;
use crate::secret::{Peppers, Secret, SecretHash};

/// What every key starts with.
pub const PREFIX: &str = "ZENPROKEY_";
/// The length of a key in characters.
pub const LENGTH: usize = PREFIX.len() + ENCODED;

const ID: usize = 16;
const SECRET: usize = 25;
const CHECKSUM: usize = 4;
const RAW: usize = ID + SECRET + CHECKSUM;
const ENCODED: usize = RAW / 3 * 4;

/// Why a string is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another sort of string.
    #[error("does not start with {PREFIX}")]
    Prefix,
    /// Cut off or grown.
    #[error("must be {LENGTH} characters long")]
    Length,
    /// Characters outside base64url.
    #[error("has characters that no key has")]
    Alphabet,
    /// Mistyped.
    #[error("is mistyped: its checksum does not match")]
    Checksum,
}

/// A key's parts: the id of its row and the secret.
pub struct Key {
    id: CredentialId,
    secret: Zeroizing<[u8; SECRET]>,
}

impl Key {
    /// A new secret for a credential.
    #[must_use]
    pub fn generate(id: CredentialId, env: &Env) -> Self {
        let mut secret = Zeroizing::new([0; SECRET]);
        env.entropy.fill(&mut *secret);
        Self { id, secret }
    }

    /// Whether the text claims to be a key. Decides which check a bearer gets, not whether it is valid.
    #[must_use]
    pub fn is_key(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Reads a key. Exactly one text stands for a key: anything else is an error.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(KeyError::Prefix)?;
        if encoded.len() != ENCODED {
            return Err(KeyError::Length);
        }
        let mut raw = Zeroizing::new([0_u8; RAW]);
        URL_SAFE_NO_PAD.decode_slice(encoded, &mut *raw).map_err(|_| KeyError::Alphabet)?;
        let (body, checksum) = raw.split_at(ID + SECRET);
        if checksum != checksum_of(body) {
            return Err(KeyError::Checksum);
        }
        let (id, rest) = body.split_at(ID);
        let mut secret = Zeroizing::new([0; SECRET]);
        secret.copy_from_slice(rest);
        let id = uuid::Uuid::from_slice(id).map_err(|_| KeyError::Length)?;
        Ok(Self { id: CredentialId(id), secret })
    }

    /// The text to show to the owner, once.
    #[must_use]
    pub fn reveal(&self) -> Secret {
        let mut raw = Zeroizing::new(Vec::with_capacity(RAW));
        raw.extend_from_slice(self.id.0.as_bytes());
        raw.extend_from_slice(&*self.secret);
        let checksum = checksum_of(&raw);
        raw.extend_from_slice(&checksum);
        let mut text = String::with_capacity(LENGTH);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&*raw, &mut text);
        Secret::new(text)
    }

    /// Which credential it claims to be.
    #[must_use]
    pub fn id(&self) -> CredentialId {
        self.id
    }

    /// What to store of it.
    #[must_use]
    pub fn hash(&self, peppers: &Peppers) -> SecretHash {
        peppers.hash(self.id.0, &*self.secret)
    }

    /// Whether it is the key that was stored as that hash.
    #[must_use]
    pub fn matches(&self, peppers: &Peppers, stored: &SecretHash) -> bool {
        peppers.verify(self.id.0, &*self.secret, stored)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({}, [secret])", self.id)
    }
}

fn checksum_of(body: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(PREFIX.as_bytes());
    hasher.update(body);
    hasher.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::secret::Pepper;

    fn key(id: u128, secret: [u8; SECRET]) -> Key {
        Key { id: CredentialId(Uuid::from_u128(id)), secret: Zeroizing::new(secret) }
    }

    fn peppers(versions: &[i64]) -> Peppers {
        let pepper = |v: &i64| Pepper::new(*v, &Zeroizing::new([u8::try_from(*v).unwrap(); 32]));
        Peppers::new(versions.iter().map(pepper).collect()).unwrap()
    }

    proptest! {
        #[test]
        fn reveal_then_parse_is_the_identity(id in any::<u128>(), secret in any::<[u8; SECRET]>()) {
            let shown = key(id, secret).reveal();
            prop_assert_eq!(shown.expose().len(), LENGTH);
            prop_assert!(shown.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
            let read = Key::parse(shown.expose()).unwrap();
            prop_assert_eq!(read.id.0.as_u128(), id);
            prop_assert_eq!(*read.secret, secret);
        }

        #[test]
        fn one_changed_character_is_no_key(
            id in any::<u128>(), secret in any::<[u8; SECRET]>(), at in PREFIX.len()..LENGTH, to in "[A-Za-z0-9_-]"
        ) {
            let mut text = key(id, secret).reveal().expose().to_owned();
            prop_assume!(text[at..=at] != to);
            text.replace_range(at..=at, &to);
            prop_assert_eq!(Key::parse(&text).err(), Some(KeyError::Checksum));
        }

        #[test]
        fn nothing_makes_it_panic(text in ".{0,100}") {
            let _ = Key::parse(&text);
            let _ = Key::parse(&format!("{PREFIX}{text}"));
        }

        #[test]
        fn only_its_own_hash_matches(id in any::<u128>(), secret in any::<[u8; SECRET]>(), other in any::<[u8; SECRET]>()) {
            prop_assume!(secret != other);
            let (old, new) = (peppers(&[1]), peppers(&[1, 2]));
            let stored = key(id, secret).hash(&old);
            prop_assert!(key(id, secret).matches(&new, &stored), "a newer pepper leaves old hashes readable");
            prop_assert!(!key(id, other).matches(&new, &stored));
            prop_assert!(!key(id ^ 1, secret).matches(&new, &stored), "a hash is bound to its row");
            prop_assert!(!key(id, secret).matches(&peppers(&[2]), &stored), "without the pepper nothing matches");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let key = key(7, [9; SECRET]);
        assert_eq!(format!("{:?}", key.reveal()), "[secret]");
        assert!(!format!("{key:?}").contains('9'));
    }
}
