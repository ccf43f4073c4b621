//! Passwords: Argon2id (RFC 9106), off the request threads.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use model::{Env, Error, Result, Secret};
use tokio::sync::Semaphore;

/// Hashes and checks passwords, a bounded number at a time: each takes tens of megabytes and of milliseconds.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    slots: Arc<Semaphore>,
    /// A hash of nothing that anybody knows, for names that nobody has: an unknown name costs what a known
    /// one costs.
    decoy: Arc<str>,
}

impl Passwords {
    /// With the parameters of OWASP's first recommendation: 19 MiB, two passes.
    pub fn new(env: &Env) -> Result<Self> {
        Self::with_cost(env, 19 * 1024, 2)
    }

    /// With other costs; tests use the least.
    pub fn with_cost(env: &Env, memory_kib: u32, passes: u32) -> Result<Self> {
        let params =
            Params::new(memory_kib, passes, 1, None).map_err(|error| Error::internal(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, &env.bytes::<16>(), &env.bytes::<16>())?;
        Ok(Self { argon2, slots: Arc::new(Semaphore::new(4)), decoy: decoy.into() })
    }

    /// Hashes a password under a fresh salt.
    pub async fn hash(&self, env: &Env, password: &Secret) -> Result<String> {
        let (argon2, password, salt) = (self.argon2.clone(), password.clone(), env.bytes::<16>());
        self.blocking(move || hash(&argon2, password.expose().as_bytes(), &salt)).await?
    }

    /// Whether the password has the hash. Takes the same time when there is no hash, and answers no.
    pub async fn verify(&self, password: &Secret, hash: Option<&str>) -> Result<bool> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let is_real = hash.is_some();
        let hash = hash.map_or_else(|| self.decoy.to_string(), ToOwned::to_owned);
        let matches = self
            .blocking(move || {
                let parsed = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
                Ok::<_, Error>(argon2.verify_password(password.expose().as_bytes(), &parsed).is_ok())
            })
            .await??;
        Ok(matches && is_real)
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _slot = self.slots.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn hash(argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<String> {
    let hash: PasswordHash =
        argon2.hash_password_with_salt(password, salt).map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}
