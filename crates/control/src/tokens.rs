//! Session tokens: compact JWS (RFC 7515) with Ed25519 (RFC 8037), made and read here only.
//!
//! There is one algorithm and one header per key, compared byte for byte: a token that names another
//! algorithm, or none, is not parsed at all. Signing and verifying are written on `ed25519-dalek` directly,
//! because a general JWT library prepares the key anew for each token.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use model::{Claims, Error, Result, Secret, Timestamp, TokenKind};
use parking_lot::RwLock;
use sha2::{Digest, Sha256};
use store::{ServerKeys, Store};
use uuid::Uuid;

/// The life of a session token, in seconds. The stock server logs in anew before every request when it gets
/// 300 or less.
pub const SESSION_SECONDS: i64 = 3600;
/// The life of a token for one workspace, in seconds: it is handed over at once.
pub const WORKSPACE_AUTHORIZATION_SECONDS: i64 = 60;
/// For how long a sign-in with a password gives further tokens, in seconds. After that, people sign in again.
pub const SIGN_IN_SECONDS: i64 = 12 * 3600;
/// Longer texts are no tokens of ours.
const LONGEST: usize = 2048;

/// A token that was just issued.
#[derive(Debug)]
pub struct Issued {
    /// Its text.
    pub token: Secret,
    /// Its claims.
    pub claims: Claims,
    /// Its life in seconds.
    pub expires_in: i64,
}

/// What a token is to say.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// What for.
    pub kind: TokenKind,
    /// The principal, or the workspace of a machine.
    pub subject: Uuid,
    /// What it is derived from: the credential and which rotation of it; for a password its owner and since
    /// when it is valid.
    pub derived_from: Option<(Uuid, i64)>,
    /// The one workspace it is good for.
    pub workspace: Option<Uuid>,
    /// When the caller showed a password or key, in seconds; now, if it just did.
    pub auth_time: Option<i64>,
    /// Its life, in seconds.
    pub seconds: i64,
}

/// Issues and reads tokens.
pub struct TokenIssuer {
    store: Store,
    issuer: String,
    ring: RwLock<Arc<Ring>>,
    /// Claims of tokens whose signature was checked, by the token's hash. State is checked on each use.
    verified: quick_cache::sync::Cache<[u8; 32], Arc<Claims>>,
}

/// The signing keys of one moment, prepared for use.
struct Ring {
    source: Arc<ServerKeys>,
    header: String,
    signing: SigningKey,
    verifying: HashMap<String, VerifyingKey>,
}

impl Ring {
    fn new(source: Arc<ServerKeys>) -> Result<Self> {
        let keys = source.signing.iter().map(|key| (header(key.id), SigningKey::from_bytes(&key.seed)));
        let keys: Vec<(String, SigningKey)> = keys.collect();
        let verifying = keys.iter().map(|(header, key)| (header.clone(), key.verifying_key())).collect();
        let (header, signing) =
            keys.into_iter().next_back().ok_or_else(|| Error::internal("no signing key"))?;
        Ok(Self { source, header, signing, verifying })
    }
}

/// The protected header, encoded: all there is to say about the algorithm and the key.
fn header(key: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","kid":"{key}","typ":"JWT"}}"#))
}

impl TokenIssuer {
    /// An issuer that signs with the store's keys.
    #[must_use]
    pub fn new(store: Store, issuer: String) -> Self {
        let source = store.server_keys();
        // The store has at least one signing key; a ring without one is made again at first use, with an error.
        let ring = Ring::new(source).unwrap_or_else(|_| Ring {
            source: store.server_keys(),
            header: String::new(),
            signing: SigningKey::from_bytes(&[0; 32]),
            verifying: HashMap::new(),
        });
        Self {
            store,
            issuer,
            ring: RwLock::new(Arc::new(ring)),
            verified: quick_cache::sync::Cache::new(50_000),
        }
    }

    /// Who signs: the public URL of the API.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Names this installation to clients: the same on every node that has the same public URL.
    #[must_use]
    pub fn installation_id(&self) -> Uuid {
        let hash: [u8; 32] = Sha256::digest(&self.issuer).into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(hash.split_at(16).0);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Issues a token. Writes nothing: what the token may do is looked up at each use.
    pub fn issue(&self, grant: Grant) -> Result<Issued> {
        let env = self.store.env();
        let now = env.now();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: grant.subject,
            jti: env.random_uuid(),
            iat: now.seconds(),
            iat_us: now.0,
            exp: now.plus_seconds(grant.seconds).seconds(),
            auth_time: grant.auth_time.unwrap_or(now.seconds()),
            kind: grant.kind,
            key: grant.derived_from.map(|(key, _)| key),
            generation: grant.derived_from.map(|(_, generation)| generation),
            workspace: grant.workspace,
        };
        let ring = self.ring()?;
        let mut text = String::with_capacity(512);
        text.push_str(&ring.header);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims).map_err(Error::internal)?, &mut text);
        let signature = ring.signing.sign(text.as_bytes());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut text);
        Ok(Issued { token: Secret::new(text), claims, expires_in: grant.seconds })
    }

    /// The claims of a token of ours that is within its time. Says nothing about who it speaks for: whether
    /// the account, the credential and the workspace still stand is for the caller to check.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>> {
        let invalid = || Error::unauthenticated("The credentials are not valid.");
        if token.len() > LONGEST {
            return Err(invalid());
        }
        let ring = self.ring()?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        let claims = if let Some(claims) = self.verified.get(&hash) {
            claims
        } else {
            let claims = Arc::new(verify(&ring, token).ok_or_else(invalid)?);
            self.verified.insert(hash, claims.clone());
            claims
        };
        if claims.iss != self.issuer || claims.aud != self.issuer {
            return Err(invalid());
        }
        if !claims.is_alive(now) {
            return Err(Error::unauthenticated("The session has expired. Sign in again.")
                .with_code(model::error::code::CREDENTIALS_EXPIRED));
        }
        Ok(claims)
    }

    /// The keys as they are now; they change when they are rotated, here or on another node.
    fn ring(&self) -> Result<Arc<Ring>> {
        let source = self.store.server_keys();
        let ring = self.ring.read().clone();
        if Arc::ptr_eq(&ring.source, &source) && !ring.header.is_empty() {
            return Ok(ring);
        }
        let ring = Arc::new(Ring::new(source)?);
        *self.ring.write() = ring.clone();
        // A key that was removed verifies nothing any more, not even what it verified before.
        self.verified.clear();
        Ok(ring)
    }
}

fn verify(ring: &Ring, token: &str) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let key = ring.verifying.get(header)?;
    let mut bytes = [0; 64];
    let length = URL_SAFE_NO_PAD.decode_slice(signature, &mut bytes).ok()?;
    if length != bytes.len() {
        return None;
    }
    key.verify_strict(signed.as_bytes(), &Signature::from_bytes(&bytes)).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

impl std::fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenIssuer")
    }
}
