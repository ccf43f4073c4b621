//! Who is asking: from a bearer to a principal or a machine, with the state of everything behind it checked.

use std::sync::Arc;

use model::audit::Actor;
use model::credential::reject_unknown;
use model::error::code;
use model::{
    Caller, Claims, CredentialFacts, CredentialId, CredentialKind, CredentialScope, Error, ErrorKind, Key,
    PrincipalId, Rejection, Result, Timestamp, TokenId, TokenKind, WorkspaceId,
};
use store::{PrincipalFacts, WorkspaceEntry};

use crate::Platform;

/// Somebody whom we know.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who it is.
    pub principal: Principal,
    /// How it showed that.
    pub via: Via,
    /// What the credential behind it leaves of the principal's rights.
    pub scope: Option<Arc<CredentialScope>>,
}

/// A user or service account, or the machine of a workspace.
#[derive(Debug, Clone)]
pub enum Principal {
    /// A user or a service account.
    Account(Arc<PrincipalFacts>),
    /// The machine of a workspace.
    Machine(Arc<WorkspaceEntry>),
}

/// How somebody showed who it is.
#[derive(Debug, Clone)]
pub enum Via {
    /// With a key or token itself.
    Key {
        /// Which.
        id: CredentialId,
        /// Of which kind.
        kind: CredentialKind,
        /// Which rotation of it.
        generation: i64,
    },
    /// With a session token.
    Token {
        /// What it says.
        claims: Arc<Claims>,
        /// The kind of the credential it was derived from.
        derived_from: Option<CredentialKind>,
    },
}

impl Authenticated {
    /// The account, if it is one.
    pub fn account(&self) -> Result<&Arc<PrincipalFacts>> {
        match &self.principal {
            Principal::Account(facts) => Ok(facts),
            Principal::Machine(_) => Err(Error::new(
                ErrorKind::Forbidden,
                code::WRONG_CREDENTIAL,
                "This endpoint is for users, not for workspace servers.",
            )),
        }
    }

    /// The caller of a decision.
    #[must_use]
    pub fn caller(&self) -> Caller<'_> {
        match &self.principal {
            Principal::Account(facts) => Caller::Principal(&facts.principal, self.scope.as_deref()),
            Principal::Machine(entry) => Caller::Machine(&entry.facts.workspace),
        }
    }

    /// The key or token behind this, itself or through a session.
    #[must_use]
    pub fn credential(&self) -> Option<CredentialId> {
        match &self.via {
            Via::Key { id, .. } => Some(*id),
            Via::Token { claims, derived_from } => derived_from.and(claims.key).map(CredentialId),
        }
    }

    /// Whether a personal access token stands behind this.
    #[must_use]
    pub fn is_from_access_token(&self) -> bool {
        let kind = match &self.via {
            Via::Key { kind, .. } => Some(*kind),
            Via::Token { derived_from, .. } => *derived_from,
        };
        kind == Some(CredentialKind::PersonalAccessToken)
    }

    /// Whether a person signed in with a password, rather than a program with a key.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        matches!(&self.via, Via::Token { derived_from: None, .. })
            && matches!(self.principal, Principal::Account(_))
    }

    /// The session token, to be ended by signing out.
    #[must_use]
    pub fn session(&self) -> Option<(TokenId, Timestamp)> {
        match &self.via {
            Via::Token { claims, .. } => Some((TokenId(claims.jti), Timestamp(0).plus_seconds(claims.exp))),
            Via::Key { .. } => None,
        }
    }

    /// The one workspace this is good for, if it is limited to one.
    #[must_use]
    pub fn only_workspace(&self) -> Option<WorkspaceId> {
        match &self.via {
            Via::Token { claims, .. } if claims.kind == TokenKind::WorkspaceAuthorization => {
                claims.workspace.map(WorkspaceId)
            }
            _ => None,
        }
    }

    /// Who acts, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &self.principal {
            Principal::Account(facts) => Actor {
                kind: facts.principal.kind.as_str(),
                id: facts.principal.id.0,
                name: facts.principal.username.clone(),
                credential: self.credential(),
            },
            Principal::Machine(entry) => Actor {
                kind: "workspace",
                id: entry.facts.workspace.id.0,
                name: entry.facts.workspace.name.clone(),
                credential: None,
            },
        }
    }
}

/// The answer to a credential that is none of ours: always the same.
fn invalid() -> Error {
    Rejection::Unknown.into()
}

fn ended() -> Error {
    Error::unauthenticated("The session has ended. Sign in again.")
}

fn inactive_account() -> Error {
    Error::new(ErrorKind::Unauthenticated, code::CREDENTIALS_INACTIVE, "This account is deactivated.")
}

impl Platform {
    /// Finds out who presents this bearer: a key, a personal access token or a session token.
    pub async fn authenticate(&self, bearer: &str) -> Result<Authenticated> {
        let now = self.now();
        self.store.require_fresh(now)?;
        if Key::is_key(bearer) {
            self.authenticate_key(bearer, now).await
        } else {
            self.authenticate_token(bearer, now).await
        }
    }

    /// Finds out whose key or personal access token this is.
    pub async fn authenticate_key(&self, text: &str, now: Timestamp) -> Result<Authenticated> {
        let key = Key::parse(text).map_err(|_| invalid())?;
        let facts = self.store.facts();
        let keys = self.store.server_keys();
        let Some(credential) = facts.credential(key.id()).await? else {
            return Err(reject_unknown(&keys.peppers, &key).into());
        };
        let generation = credential.verify(&keys.peppers, &key, now)?;
        let account = self.active_account(credential.owner).await?;
        let via = Via::Key { id: credential.id, kind: credential.kind, generation };
        let scope = credential.scope.clone();
        Ok(Authenticated { principal: Principal::Account(account), via, scope })
    }

    async fn authenticate_token(&self, text: &str, now: Timestamp) -> Result<Authenticated> {
        let claims = self.tokens.read(text, now)?;
        if self.store.facts().is_revoked(TokenId(claims.jti)) {
            return Err(ended());
        }
        if claims.kind == TokenKind::Machine {
            return self.authenticate_machine(claims).await;
        }
        let account = self.active_account(PrincipalId(claims.sub)).await?;
        if claims.iat_us < account.principal.tokens_valid_after.0 {
            return Err(ended());
        }
        let source = self.check_source(&claims, &account.principal, now).await?;
        let scope = source.as_ref().and_then(|credential| credential.scope.clone());
        let derived_from = source.map(|credential| credential.kind);
        let via = Via::Token { claims, derived_from };
        Ok(Authenticated { principal: Principal::Account(account), via, scope })
    }

    /// Checks that the credential a token was derived from still stands.
    async fn check_source(
        &self,
        claims: &Claims,
        owner: &model::Principal,
        now: Timestamp,
    ) -> Result<Option<Arc<CredentialFacts>>> {
        let Some(id) = claims.key.map(CredentialId) else { return Ok(None) };
        let generation = claims.generation.unwrap_or_default();
        if id.0 == owner.id.0 {
            // The password is the credential, and the moment it was set tells which one it was.
            return if generation == owner.tokens_valid_after.0 { Ok(None) } else { Err(ended()) };
        }
        let credential = self.store.facts().credential(id).await?.ok_or_else(invalid)?;
        if credential.owner != owner.id {
            return Err(invalid());
        }
        credential.check(generation, now)?;
        Ok(Some(credential))
    }

    async fn authenticate_machine(&self, claims: Arc<Claims>) -> Result<Authenticated> {
        let id = claims.workspace.map(WorkspaceId).ok_or_else(invalid)?;
        let entry = self.store.facts().workspace(id).await?.ok_or_else(invalid)?;
        let workspace = &entry.facts.workspace;
        if claims.generation != Some(workspace.enrollment_generation) {
            return Err(Error::unauthenticated(
                "The enrollment key of this workspace was rotated. Log in again.",
            ));
        }
        // A deactivated workspace may still ask: it is answered that nobody may do anything.
        Ok(Authenticated {
            principal: Principal::Machine(entry),
            via: Via::Token { claims, derived_from: None },
            scope: None,
        })
    }

    /// Checks that a workspace, and the organization it belongs to, are in use.
    pub(crate) async fn check_open(&self, entry: &WorkspaceEntry) -> Result<()> {
        let workspace = &entry.facts.workspace;
        let organization = self.store.facts().organization(workspace.organization).await?;
        if !workspace.is_open() || !organization.is_some_and(|found| found.facts.organization.is_active) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                code::CREDENTIALS_INACTIVE,
                "This workspace is deactivated.",
            ));
        }
        Ok(())
    }

    pub(crate) async fn active_account(&self, id: PrincipalId) -> Result<Arc<PrincipalFacts>> {
        let account = self.store.facts().principal(id).await?.ok_or_else(invalid)?;
        if !account.principal.is_active {
            return Err(inactive_account());
        }
        if let Some(home) = account.principal.organization {
            // A bot lives and dies with its organization.
            let organization = self.store.facts().organization(home).await?;
            if !organization.is_some_and(|found| found.facts.organization.is_active) {
                return Err(inactive_account());
            }
        }
        Ok(account)
    }
}
