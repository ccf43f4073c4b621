//! API keys and personal access tokens: one life, two kinds of owners.

use model::credential::LONGEST_RETENTION_MINUTES;
use model::error::code;
use model::{
    Credential, CredentialKind, Error, ErrorKind, Key, Principal, PrincipalKind, Result, Secret, Timestamp,
    Write, name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Session;

use crate::audit::{self, Target};
use crate::patch::Patch;
use crate::scopes::{GrantedScope, ScopeInput};

/// The longest life that can be asked for: ten years, in minutes.
const LONGEST_LIFE_MINUTES: i64 = 10 * 365 * 24 * 60;

/// A key or token to be made. The end of its life can be given in one of three ways, or not at all.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialCreate {
    /// A name that tells what it is used for, unique for its owner without regard to case.
    pub name: String,
    /// What it is used for, in more words.
    #[serde(default)]
    pub description: Option<String>,
    /// The end of its life, in minutes from now.
    #[serde(default)]
    pub expires_in_minutes: Option<i64>,
    /// The end of its life, in days from now.
    #[serde(default)]
    pub expires_in_days: Option<i64>,
    /// The end of its life, as a moment.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// What it is narrowed to. Without it, it can all that its owner can.
    #[serde(default)]
    pub scope: Option<ScopeInput>,
}

/// A change of a key or token. What is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialUpdate {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// A new description; null removes it.
    #[serde(default)]
    pub description: Patch<String>,
    /// Whether it may be used. Switching off takes effect at once, for sessions that came from it as well.
    #[serde(default, alias = "is_active")]
    pub active: Option<bool>,
    /// What it is narrowed to from now on; null widens it to all that its owner can.
    #[serde(default)]
    pub scope: Patch<ScopeInput>,
}

/// A rotation.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialRotate {
    /// For how many minutes the present value keeps working beside the new one; 0 ends it at once.
    #[serde(default)]
    pub retain_period_minutes: i64,
}

/// A key or token whose value is shown now and never again.
#[derive(Debug)]
pub struct Shown {
    /// The credential.
    pub credential: Credential,
    /// Its value.
    pub key: Secret,
}

/// Makes a key or token for the owner. `scope` is what `input.scope` was checked to be.
pub async fn create(
    session: &mut Session<Write>,
    owner: &Principal,
    input: CredentialCreate,
    scope: &GrantedScope,
) -> Result<Shown> {
    if !owner.is_active {
        return Err(Error::invalid(
            "service_account",
            "is deactivated; activate it before making keys for it",
        ));
    }
    let env = session.env().clone();
    let now = env.now();
    let id = env.id();
    let key = Key::generate(id, &env);
    let kind = kind_for(owner);
    let credential = Credential {
        id,
        kind,
        owner: owner.id,
        organization: owner.organization,
        name: name::label("name", &input.name)?.text,
        description: checked_description(input.description.clone())?,
        is_active: true,
        expires_at: end_of_life(&input, now)?,
        secret: key.hash(&session.peppers()),
        previous: None,
        generation: 1,
        scope: scope.get().cloned(),
        last_rotated: None,
        retain_period_minutes: 0,
        last_used: None,
        last_used_ip: None,
        last_used_user_agent: None,
        created: now,
        updated: now,
    };
    session.insert_credential(&credential).await?;
    session.record(audit::created(action(kind, "created"), &credential));
    Ok(Shown { credential, key: key.reveal() })
}

impl CredentialUpdate {
    /// Whether it takes rights away and does nothing else.
    #[must_use]
    pub fn only_switches_off(&self) -> bool {
        self.active == Some(false)
            && self.name.is_none()
            && self.description == Patch::Keep
            && self.scope == Patch::Keep
    }
}

/// Changes a key or token. `may_widen` is false for callers that may switch off but not on, nor rename: those
/// that came with a personal access token. `scope` is what `input.scope` was checked to be.
pub async fn update(
    session: &mut Session<Write>,
    owner: &Principal,
    id_or_name: &str,
    input: CredentialUpdate,
    scope: &GrantedScope,
    may_widen: bool,
) -> Result<Credential> {
    if !may_widen && !input.only_switches_off() {
        return Err(Error::new(
            ErrorKind::Forbidden,
            code::WRONG_CREDENTIAL,
            "With a personal access token, tokens can only be deactivated or deleted. Sign in with your password.",
        ));
    }
    let mut credential = session.get_credential(owner, id_or_name).await?;
    let before = credential.describe();
    if let Some(name) = input.name {
        credential.name = name::label("name", &name)?.text;
    }
    input.description.apply(&mut credential.description, |text| name::text("description", &text, 1000))?;
    if let Some(active) = input.active {
        credential.is_active = active;
    }
    if input.scope != Patch::Keep {
        credential.scope = scope.get().cloned();
    }
    credential.updated = session.env().now();
    session.update_credential(&credential).await?;
    session.record(audit::updated(action(credential.kind, "updated"), &before, &credential));
    Ok(credential)
}

/// Gives a key or token a new value, and the old one a last respite.
pub async fn rotate(
    session: &mut Session<Write>,
    owner: &Principal,
    id_or_name: &str,
    input: &CredentialRotate,
) -> Result<Shown> {
    let retain = input.retain_period_minutes;
    if !(0..=LONGEST_RETENTION_MINUTES).contains(&retain) {
        let problem = format!("is {retain}; use 0 to {LONGEST_RETENTION_MINUTES} (30 days)");
        return Err(Error::invalid("retain_period_minutes", problem));
    }
    let env = session.env().clone();
    let mut credential = session.get_credential(owner, id_or_name).await?;
    let before = credential.describe();
    let key = Key::generate(credential.id, &env);
    credential.rotate(key.hash(&session.peppers()), retain, env.now());
    session.update_credential(&credential).await?;
    session.record(audit::updated(action(credential.kind, "rotated"), &before, &credential));
    Ok(Shown { credential, key: key.reveal() })
}

/// Deletes a key or token.
pub async fn delete(session: &mut Session<Write>, owner: &Principal, id_or_name: &str) -> Result<()> {
    let credential = session.get_credential(owner, id_or_name).await?;
    session.delete_credential(&credential).await?;
    session.record(audit::deleted(action(credential.kind, "deleted"), &credential));
    Ok(())
}

fn kind_for(owner: &Principal) -> CredentialKind {
    match owner.kind {
        PrincipalKind::User => CredentialKind::PersonalAccessToken,
        PrincipalKind::ServiceAccount => CredentialKind::ApiKey,
    }
}

fn action(kind: CredentialKind, what: &str) -> &'static str {
    match (kind, what) {
        (CredentialKind::ApiKey, "created") => "api_key.created",
        (CredentialKind::ApiKey, "rotated") => "api_key.rotated",
        (CredentialKind::ApiKey, "deleted") => "api_key.deleted",
        (CredentialKind::ApiKey, _) => "api_key.updated",
        (CredentialKind::PersonalAccessToken, "created") => "personal_access_token.created",
        (CredentialKind::PersonalAccessToken, "rotated") => "personal_access_token.rotated",
        (CredentialKind::PersonalAccessToken, "deleted") => "personal_access_token.deleted",
        (CredentialKind::PersonalAccessToken, _) => "personal_access_token.updated",
    }
}

fn checked_description(description: Option<String>) -> Result<Option<String>> {
    description.map(|text| name::text("description", &text, 1000)).transpose()
}

fn end_of_life(input: &CredentialCreate, now: Timestamp) -> Result<Option<Timestamp>> {
    let minutes = match (input.expires_in_minutes, input.expires_in_days, input.expires_at) {
        (None, None, None) => return Ok(None),
        (Some(minutes), None, None) => ("expires_in_minutes", minutes),
        (None, Some(days), None) => ("expires_in_days", days.saturating_mul(24 * 60)),
        (None, None, Some(end)) => {
            if end <= now || end > now.plus_minutes(LONGEST_LIFE_MINUTES) {
                return Err(Error::invalid("expires_at", "must lie in the future, ten years at most"));
            }
            return Ok(Some(end));
        }
        _ => {
            return Err(Error::invalid(
                "expires_at",
                "is given in several ways; use one of expires_in_minutes, expires_in_days, expires_at",
            ));
        }
    };
    let (field, minutes) = minutes;
    if !(1..=LONGEST_LIFE_MINUTES).contains(&minutes) {
        return Err(Error::invalid(field, "must be positive, ten years at most; leave it out for no end"));
    }
    Ok(Some(now.plus_minutes(minutes)))
}
