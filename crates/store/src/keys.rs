//! The server's own keys: peppers for hashing secrets, signing keys for tokens. Sealed at rest.

use model::audit::Event;
use model::{Env, Error, Pepper, Peppers, Result, Timestamp, Write};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::change::Change;
use crate::db::{Db, Tx};
use crate::row::statements;
use crate::session::Session;
use crate::vault::MasterKey;

statements! {
    LIST_KEYS = text("SELECT id, purpose, version, sealed, created FROM server_key ORDER BY version");
    INSERT_KEY = text("INSERT INTO server_key (id, purpose, version, sealed, created) VALUES ($1, $2, $3, $4, $5)");
    // A key has signed until the next one was made, so the age of that one counts.
    DELETE_OLD_SIGNING = text("DELETE FROM server_key WHERE purpose = 'signing' AND EXISTS (SELECT 1 FROM server_key AS newer WHERE newer.purpose = 'signing' AND newer.version > server_key.version AND newer.created < $1)");
}

const SIGNING: &str = "signing";
const PEPPER: &str = "pepper";

/// The seed of an Ed25519 key (RFC 8032) that signs tokens.
#[derive(Clone)]
pub struct SigningKey {
    /// Names the key in the header of a token (`kid`, RFC 7515 section 4.1.4).
    pub id: Uuid,
    /// The private seed.
    pub seed: Zeroizing<[u8; 32]>,
    /// When it was made.
    pub created: Timestamp,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

/// All keys of the server. Never empty.
#[derive(Debug, Clone)]
pub struct ServerKeys {
    /// For hashing secrets, oldest first.
    pub peppers: Peppers,
    /// For signing tokens, oldest first; the newest signs, all verify.
    pub signing: Vec<SigningKey>,
}

/// Opens the keys; makes the first ones in a new database.
pub(crate) async fn load_or_create(db: &Db, env: &Env, master: &MasterKey) -> Result<ServerKeys> {
    let mut tx = db.write().await?;
    // Two nodes may both find nothing; only one may make the first keys.
    tx.lock_migrations().await?;
    let mut found = read(&mut tx).await?;
    for purpose in [SIGNING, PEPPER] {
        if !found.iter().any(|key| key.purpose == purpose) {
            found.push(create(&mut tx, env, master, purpose, 1).await?);
        }
    }
    tx.commit().await?;
    open(found, master)
}

/// Opens the keys as they are now.
pub(crate) async fn load(db: &Db, master: &MasterKey) -> Result<ServerKeys> {
    let mut tx = db.read().await?;
    let found = read(&mut tx).await?;
    open(found, master)
}

struct SealedKey {
    id: Uuid,
    purpose: String,
    version: i64,
    sealed: Vec<u8>,
    created: Timestamp,
}

async fn read(tx: &mut Tx) -> Result<Vec<SealedKey>> {
    let rows = tx.all(LIST_KEYS.sql(), Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let (id, purpose, version, sealed, created) = row.read()?;
            Ok(SealedKey { id, purpose, version, sealed, created })
        })
        .collect()
}

async fn create(
    tx: &mut Tx,
    env: &Env,
    master: &MasterKey,
    purpose: &str,
    version: i64,
) -> Result<SealedKey> {
    let secret = Zeroizing::new(env.bytes::<32>());
    let key = SealedKey {
        id: env.random_uuid(),
        purpose: purpose.to_owned(),
        version,
        sealed: master.seal(env, purpose, &*secret)?,
        created: env.now(),
    };
    let args = vec![
        key.id.into(),
        key.purpose.clone().into(),
        version.into(),
        key.sealed.clone().into(),
        key.created.into(),
    ];
    tx.execute(INSERT_KEY.sql(), args).await?;
    Ok(key)
}

fn open(found: Vec<SealedKey>, master: &MasterKey) -> Result<ServerKeys> {
    let (mut peppers, mut signing) = (Vec::new(), Vec::new());
    for key in found {
        let plain = master.open(&key.purpose, &key.sealed)?;
        let bytes: [u8; 32] = plain.as_slice().try_into().map_err(Error::internal)?;
        let bytes = Zeroizing::new(bytes);
        match key.purpose.as_str() {
            PEPPER => peppers.push(Pepper::new(key.version, &bytes)),
            _ => signing.push(SigningKey { id: key.id, seed: bytes, created: key.created }),
        }
    }
    let peppers = Peppers::new(peppers).ok_or_else(|| Error::internal("the database holds no pepper"))?;
    if signing.is_empty() {
        return Err(Error::internal("the database holds no signing key"));
    }
    Ok(ServerKeys { peppers, signing })
}

impl Session<Write> {
    /// Adds a signing key, which signs from now on.
    pub async fn rotate_signing_key(&mut self) -> Result<()> {
        self.add_key(SIGNING, "signing_key.rotated").await
    }

    /// Removes the signing keys that have not signed since then: no token needs them any more. Answers how many.
    pub async fn retire_signing_keys(&mut self, unused_since: Timestamp) -> Result<u64> {
        let retired = self.execute(&DELETE_OLD_SIGNING, vec![unused_since.into()]).await?;
        if retired > 0 {
            self.changed(Change::ServerKeys);
            self.record(Event {
                organization: None,
                action: "signing_key.retired",
                target_kind: "server_key",
                target_id: Uuid::nil(),
                target_name: SIGNING.to_owned(),
                before: None,
                after: None,
            });
        }
        Ok(retired)
    }

    /// Adds a pepper, which hashes new secrets from now on. The old ones stay: old hashes need them.
    pub async fn rotate_pepper(&mut self) -> Result<()> {
        self.add_key(PEPPER, "pepper.rotated").await
    }

    async fn add_key(&mut self, purpose: &str, action: &'static str) -> Result<()> {
        let rows = self.rows(&LIST_KEYS, Vec::new()).await?;
        let mut newest = 0;
        for row in rows {
            let (_, found, version, _, _): (Uuid, String, i64, Vec<u8>, Timestamp) = row.read()?;
            if found == purpose {
                newest = newest.max(version);
            }
        }
        let inner = self.inner.clone();
        let secret = Zeroizing::new(inner.env.bytes::<32>());
        let (id, now) = (inner.env.random_uuid(), inner.env.now());
        let sealed = inner.master.seal(&inner.env, purpose, &*secret)?;
        let args = vec![id.into(), purpose.into(), (newest + 1).into(), sealed.into(), now.into()];
        self.execute(&INSERT_KEY, args).await?;
        self.changed(Change::ServerKeys);
        self.record(Event {
            organization: None,
            action,
            target_kind: "server_key",
            target_id: id,
            target_name: format!("{purpose} {}", newest + 1),
            before: None,
            after: None,
        });
        Ok(())
    }
}

impl<M: model::Mode> Session<M> {
    /// The peppers, for hashing a secret that this session stores.
    #[must_use]
    pub fn peppers(&self) -> Peppers {
        self.inner.facts.server_keys().peppers.clone()
    }
}
