//! The use cases of the control plane.
//!
//! A use case gets a [`store::Session`] and never begins or commits one: that is the gate's work. This crate
//! knows no HTTP and no SQL.

pub mod api_keys;
pub mod audit;
pub mod authentication;
pub mod authorization;
pub mod bootstrap;
pub mod credentials;
pub mod custom_roles;
pub mod explanations;
pub mod members;
pub mod organizations;
pub mod passwords;
pub mod patch;
pub mod projects;
pub mod rbac;
pub mod roles;
pub mod scopes;
pub mod service_accounts;
pub mod sharing;
pub mod sign_in;
pub mod standing;
pub mod teams;
pub mod tokens;
pub mod usage;
pub mod users;
pub mod workspaces;

use std::sync::Arc;

use model::{Env, Timestamp};
use store::Store;

pub use authentication::{Authenticated, Principal, Via};
pub use authorization::{Authorized, TargetRef, authorize};
pub use passwords::Passwords;
pub use patch::Patch;
pub use standing::Standing;
pub use tokens::{Issued, TokenIssuer};

/// What use cases need beside their session. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    /// The store.
    pub store: Store,
    /// Issues and reads session tokens.
    pub tokens: Arc<TokenIssuer>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
}

impl Platform {
    /// A platform over a store. `issuer` is the public URL of the API; tokens name it.
    #[must_use]
    pub fn new(store: Store, issuer: String, passwords: Passwords) -> Self {
        let tokens = Arc::new(TokenIssuer::new(store.clone(), issuer));
        Self { store, tokens, passwords }
    }

    /// Time and randomness.
    #[must_use]
    pub fn env(&self) -> &Env {
        self.store.env()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.env().now()
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Platform")
    }
}
