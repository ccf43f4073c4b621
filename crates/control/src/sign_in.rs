//! Signing in: the grants of `/auth/login`, from what was presented to a token.

use std::sync::Arc;

use model::audit::Origin;
use model::error::code;
use model::{
    Action, Claims, Error, ErrorKind, Key, Permission, Permit, Read, ResourceType, Result, Secret,
    SystemReason, Target, TokenKind, WorkspaceId, Write, decide,
};

use serde_json::json;
use store::WorkspaceEntry;

use crate::audit;
use crate::authentication::{Authenticated, Principal, Via};
use crate::authorization::require_lasting_password;
use crate::rbac::RawKeys;
use crate::tokens::{Grant, Issued, SESSION_SECONDS, SIGN_IN_SECONDS, WORKSPACE_AUTHORIZATION_SECONDS};
use crate::{Platform, workspaces};

/// What can be presented.
#[derive(Debug)]
pub enum Presented {
    /// A username or e-mail address, and a password.
    Password {
        /// Who.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A key or personal access token.
    Key(Secret),
    /// The id of a workspace and its enrollment key (RFC 6749 section 4.4).
    Client {
        /// The workspace.
        id: String,
        /// Its enrollment key.
        secret: Secret,
    },
}

/// A new session, and whose it is.
#[derive(Debug)]
pub struct SignedIn {
    /// The session token.
    pub issued: Issued,
    /// Who signed in; none for machines.
    pub who: Option<Authenticated>,
}

fn wrong() -> Error {
    Error::unauthenticated("The credentials are not valid.")
}

impl Platform {
    /// Checks what was presented and issues a session for it.
    pub async fn sign_in(&self, presented: Presented) -> Result<SignedIn> {
        self.store.require_fresh(self.now())?;
        match presented {
            Presented::Password { username, password } => {
                self.sign_in_with_password(&username, &password).await
            }
            Presented::Key(key) => self.sign_in_with_key(&key).await,
            Presented::Client { id, secret } => self.sign_in_machine(&id, &secret).await,
        }
    }

    async fn sign_in_with_password(&self, username: &str, password: &Secret) -> Result<SignedIn> {
        let permit = Permit::system(SystemReason::SignIn);
        let mut session = self.store.begin::<Read>(permit, Origin::default()).await?;
        let found = session.find_login(username).await?;
        drop(session);
        let hash = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        let is_right = self.passwords.verify(password, hash).await?;
        let (user, _) = found.filter(|_| is_right).ok_or_else(wrong)?;
        // Only who knows the password learns that the account is switched off.
        let account = self.active_account(user.id).await?;
        let issued = self.tokens.issue(Grant {
            kind: TokenKind::User,
            subject: user.id.0,
            // Which password it was: one that is changed while it is being checked gives no session.
            derived_from: Some((user.id.0, user.tokens_valid_after.0)),
            workspace: None,
            auth_time: None,
            seconds: SESSION_SECONDS,
        })?;
        let via = Via::Token { claims: issued.claims.clone().into(), derived_from: None };
        let who = Authenticated { principal: Principal::Account(account), via, scope: None };
        Ok(SignedIn { issued, who: Some(who) })
    }

    async fn sign_in_with_key(&self, key: &Secret) -> Result<SignedIn> {
        if !Key::is_key(key.expose()) {
            return Err(wrong());
        }
        let who = self.authenticate_key(key.expose(), self.now()).await?;
        let issued = self.issue_for(&who, TokenKind::User, None, SESSION_SECONDS)?;
        Ok(SignedIn { issued, who: Some(who) })
    }

    async fn sign_in_machine(&self, id: &str, secret: &Secret) -> Result<SignedIn> {
        let id: WorkspaceId = id.trim().parse().map_err(|_| wrong())?;
        let entry = self.store.facts().workspace(id).await?;
        let keys = self.store.server_keys();
        let workspace = entry.as_deref().map(|entry| &entry.facts.workspace);
        let is_right = workspaces::is_enrollment_key(&keys.peppers, id, workspace, secret.expose());
        let entry = entry.filter(|_| is_right).ok_or_else(wrong)?;
        self.check_open(&entry).await?;
        let issued = self.tokens.issue(Grant {
            kind: TokenKind::Machine,
            subject: id.0,
            derived_from: Some((id.0, entry.facts.workspace.enrollment_generation)),
            workspace: Some(id.0),
            auth_time: None,
            seconds: SESSION_SECONDS,
        })?;
        Ok(SignedIn { issued, who: None })
    }

    /// A token for a caller that carries the limits of what the caller came with, and ends with it.
    pub fn issue_for(
        &self,
        who: &Authenticated,
        kind: TokenKind,
        workspace: Option<WorkspaceId>,
        seconds: i64,
    ) -> Result<Issued> {
        let (derived_from, auth_time) = match &who.via {
            Via::Key { id, generation, .. } => (Some((id.0, *generation)), None),
            Via::Token { claims, .. } => (claims.key.zip(claims.generation), Some(claims.auth_time)),
        };
        self.tokens.issue(Grant {
            kind,
            subject: who.account()?.principal.id.0,
            derived_from,
            workspace: workspace.map(|id| id.0),
            auth_time,
            seconds,
        })
    }

    /// A bearer for scripts, for the calling account.
    pub fn issue_api_token(&self, who: &Authenticated, seconds: Option<i64>) -> Result<Issued> {
        let seconds = seconds.unwrap_or(SESSION_SECONDS);
        if !(60..=SESSION_SECONDS).contains(&seconds) {
            return Err(Error::invalid(
                "expires_in",
                format!("is {seconds}; use 60 to {SESSION_SECONDS} seconds"),
            ));
        }
        self.check_may_issue(who)?;
        self.issue_for(who, TokenKind::User, None, seconds)
    }

    /// A short token that is good for signing in to one workspace and nothing else, for whoever gets in there.
    pub async fn authorize_workspace(
        &self,
        who: &Authenticated,
        id: WorkspaceId,
    ) -> Result<(Issued, Arc<WorkspaceEntry>)> {
        self.check_may_issue(who)?;
        // What is refused with the key itself is allowed with the token: that one is checked.
        self.admit(who, id, RawKeys::All).await?;
        let entry = self.store.facts().workspace(id).await?;
        let entry = entry.ok_or_else(|| Error::not_found("workspace", id))?;
        let kind = TokenKind::WorkspaceAuthorization;
        Ok((self.issue_for(who, kind, Some(id), WORKSPACE_AUTHORIZATION_SECONDS)?, entry))
    }

    /// Ends the caller's session. A key is not ended by signing out: nothing happens then.
    pub async fn sign_out(&self, who: &Authenticated, origin: Origin) -> Result<()> {
        let Some((token, until)) = who.session() else { return Ok(()) };
        let account = &who.account()?.principal;
        // Any token may end itself: what it is limited to does not matter here. The log tells whose it was.
        let needed = Permission::new(ResourceType::User, Action::Update);
        let permit = decide::<Write>(who.caller(), needed, &Target::OwnAccount, &who.actor())?;
        let mut session = self.store.begin(permit, origin).await?;
        session.revoke_token(token, until).await?;
        session.record(audit::happened("session.ended", account, json!({"session_id": token})));
        session.commit().await
    }

    /// A token may not be turned into one that may more, nor forever into the next one.
    fn check_may_issue(&self, who: &Authenticated) -> Result<()> {
        if who.only_workspace().is_some() {
            let message = "This token is only good for signing in to its workspace.";
            return Err(Error::new(ErrorKind::Forbidden, code::WRONG_CREDENTIAL, message));
        }
        require_lasting_password(who)?;
        let is_old = |claims: &Claims| self.now().seconds() >= claims.auth_time + SIGN_IN_SECONDS;
        // A key can be shown again at any time, so only a password's sign-in has to end.
        if who.is_interactive() && matches!(&who.via, Via::Token { claims, .. } if is_old(claims)) {
            return Err(Error::unauthenticated("You signed in long ago. Sign in again.")
                .with_code(code::CREDENTIALS_EXPIRED));
        }
        Ok(())
    }
}
