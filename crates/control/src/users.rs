//! People.

use model::{Error, Principal, PrincipalId, PrincipalKind, Result, Secret, Timestamp, Write, name};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Session;

use crate::Passwords;
use crate::audit::{self, Target};
use crate::patch::Patch;

/// A local account to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserCreate {
    /// Unique without regard to case, never given out twice.
    pub username: String,
    /// The first password; the person must change it at the first sign-in.
    pub password: Secret,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The name for display.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the person bypasses permissions in the whole installation.
    #[serde(default)]
    pub is_superuser: Option<bool>,
}

/// A change of one's own profile. What is absent stays, null removes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileUpdate {
    /// The name for display.
    #[serde(default)]
    pub name: Patch<String>,
    /// A picture.
    #[serde(default)]
    pub avatar_url: Patch<String>,
    /// Where the person works.
    #[serde(default)]
    pub company: Patch<String>,
    /// What the person does.
    #[serde(default)]
    pub job_title: Patch<String>,
    /// Free data of the console.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
}

/// A change of an account by a super-user.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserUpdate {
    /// A new username; the old one stays taken.
    #[serde(default)]
    pub username: Option<String>,
    /// The e-mail address; null removes it.
    #[serde(default)]
    pub email: Patch<String>,
    /// The name for display.
    #[serde(default)]
    pub name: Patch<String>,
    /// A picture.
    #[serde(default)]
    pub avatar_url: Patch<String>,
    /// Where the person works.
    #[serde(default)]
    pub company: Patch<String>,
    /// What the person does.
    #[serde(default)]
    pub job_title: Patch<String>,
    /// A new password; the person must change it at the next sign-in, and all sessions end.
    #[serde(default)]
    pub password: Option<Secret>,
    /// Whether the person bypasses permissions in the whole installation.
    #[serde(default)]
    pub is_superuser: Option<bool>,
    /// Whether the account may act at all. Switching off takes effect at once.
    #[serde(default)]
    pub is_active: Option<bool>,
}

/// A change of one's own password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password as it is.
    pub current_password: Secret,
    /// The password as it is to be.
    pub new_password: Secret,
}

/// What a new account starts as.
#[must_use]
pub fn blank(id: PrincipalId, kind: PrincipalKind, username: String, now: Timestamp) -> Principal {
    Principal {
        id,
        kind,
        organization: None,
        username,
        email: None,
        name: None,
        description: None,
        avatar_url: None,
        company: None,
        job_title: None,
        metadata: Map::new(),
        is_active: true,
        is_superuser: false,
        is_reserved: false,
        has_password: false,
        password_expired: false,
        is_onboarded: false,
        tokens_valid_after: Timestamp(0),
        created: now,
        updated: now,
    }
}

/// Makes a local account. `hash` is of the password in the input, made before the session began. The first
/// account of an installation becomes a super-user.
pub async fn create(session: &mut Session<Write>, input: UserCreate, hash: &str) -> Result<Principal> {
    let env = session.env().clone();
    let username = name::username("username", &input.username)?;
    let mut user = blank(env.id(), PrincipalKind::User, username.text.clone(), env.now());
    user.email = match input.email {
        Some(email) => Some(name::email("email", &email)?.text),
        None => name::email("username", &username.text).ok().map(|email| email.text),
    };
    user.name = input.name.map(|text| name::text("name", &text, 255)).transpose()?;
    let is_first = session.count_people().await? == 0;
    user.is_superuser = is_first || input.is_superuser.unwrap_or(false);
    user.has_password = true;
    user.password_expired = true;
    session.insert_principal(&user).await?;
    session.set_password(user.id, hash).await?;
    session.record(audit::created("user.created", &user));
    Ok(user)
}

/// Changes one's own profile.
pub async fn update_profile(
    session: &mut Session<Write>,
    id: PrincipalId,
    input: ProfileUpdate,
) -> Result<Principal> {
    let mut user = get(session, id).await?;
    let before = user.describe();
    input.name.apply(&mut user.name, |text| name::text("name", &text, 50))?;
    input.avatar_url.apply(&mut user.avatar_url, |text| name::url("avatar_url", &text))?;
    input.company.apply(&mut user.company, |text| name::text("company", &text, 50))?;
    input.job_title.apply(&mut user.job_title, |text| name::text("job_title", &text, 50))?;
    if let Some(metadata) = input.metadata {
        if serde_json::to_string(&metadata).map_or(0, |text| text.len()) > 64 * 1024 {
            return Err(Error::invalid("metadata", "is larger than 64 KiB"));
        }
        user.metadata = metadata;
    }
    user.updated = session.env().now();
    session.update_principal(&user).await?;
    session.record(audit::updated("user.updated", &before, &user));
    Ok(user)
}

/// Changes an account. `hash` is of the password in the input, if there is one.
pub async fn update(
    session: &mut Session<Write>,
    id: PrincipalId,
    input: UserUpdate,
    hash: Option<&str>,
) -> Result<Principal> {
    let mut user = get(session, id).await?;
    let before = user.describe();
    if let Some(username) = &input.username {
        if user.is_reserved {
            return Err(Error::illegal("The reserved administrator cannot be renamed."));
        }
        user.username = name::username("username", username)?.text;
    }
    input.email.apply(&mut user.email, |text| name::email("email", &text).map(|email| email.text))?;
    input.name.apply(&mut user.name, |text| name::text("name", &text, 50))?;
    input.avatar_url.apply(&mut user.avatar_url, |text| name::url("avatar_url", &text))?;
    input.company.apply(&mut user.company, |text| name::text("company", &text, 50))?;
    input.job_title.apply(&mut user.job_title, |text| name::text("job_title", &text, 50))?;
    set_power(session, &mut user, input.is_superuser, input.is_active).await?;
    let now = session.env().now();
    user.updated = now;
    if let Some(hash) = hash {
        user.has_password = true;
        user.password_expired = true;
        user.tokens_valid_after = now;
        session.set_password(user.id, hash).await?;
    }
    session.update_principal(&user).await?;
    session.record(audit::updated("user.updated", &before, &user));
    Ok(user)
}

/// Whoever is the last who could let others in again cannot be shut out.
async fn set_power(
    session: &mut Session<Write>,
    user: &mut Principal,
    is_superuser: Option<bool>,
    is_active: Option<bool>,
) -> Result<()> {
    if user.is_service_account() && is_superuser == Some(true) {
        return Err(Error::illegal("A service account cannot be a super-user."));
    }
    let loses =
        user.is_superuser && user.is_active && (is_superuser == Some(false) || is_active == Some(false));
    if loses && session.count_other_superusers(user.id).await? == 0 {
        return Err(Error::illegal("This is the last active super-user. Make somebody else one first."));
    }
    if user.is_active && is_active == Some(false) && !user.is_service_account() {
        keep_last_admins(session, user.id).await?;
    }
    user.is_superuser = is_superuser.unwrap_or(user.is_superuser);
    user.is_active = is_active.unwrap_or(user.is_active);
    Ok(())
}

/// Refuses to take the last administrator away from any organization.
async fn keep_last_admins(session: &mut Session<Write>, leaving: PrincipalId) -> Result<()> {
    match session.find_organization_left_alone_by(leaving).await? {
        None => Ok(()),
        Some(organization) => Err(Error::illegal(format!(
            "This is the last administrator of the organization '{}'. Make somebody else one first.",
            organization.name
        ))),
    }
}

/// Deletes an account with its credentials, roles and memberships. What it owns stays.
pub async fn delete(session: &mut Session<Write>, id: PrincipalId) -> Result<()> {
    let user = get(session, id).await?;
    if user.is_reserved {
        return Err(Error::illegal("The reserved administrator cannot be deleted; deactivate it instead."));
    }
    if user.is_service_account() {
        return Err(Error::illegal("Delete a service account in its organization."));
    }
    if user.is_superuser && user.is_active && session.count_other_superusers(user.id).await? == 0 {
        return Err(Error::illegal("This is the last active super-user. Make somebody else one first."));
    }
    keep_last_admins(session, id).await?;
    session.delete_principal(id).await?;
    session.record(audit::deleted("user.deleted", &user));
    Ok(())
}

/// Changes one's own password, after the present one was checked: ends all sessions but leaves personal access tokens alone.
pub async fn change_password(
    session: &mut Session<Write>,
    id: PrincipalId,
    input: &PasswordChange,
    hash: &str,
) -> Result<Principal> {
    if input.current_password.expose() == input.new_password.expose() {
        return Err(Error::invalid("new_password", "is the same as before; choose another"));
    }
    let mut user = get(session, id).await?;
    let before = user.describe();
    let now = session.env().now();
    user.password_expired = false;
    user.has_password = true;
    user.tokens_valid_after = now;
    user.updated = now;
    session.set_password(id, hash).await?;
    session.update_principal(&user).await?;
    session.record(audit::updated("user.password_changed", &before, &user));
    Ok(user)
}

/// Hashes a password before a session begins: it takes long, and a session must not wait.
pub async fn hash_password(
    passwords: &Passwords,
    env: &model::Env,
    field: &str,
    password: &Secret,
) -> Result<String> {
    name::password(field, password.expose())?;
    passwords.hash(env, password).await
}

async fn get(session: &mut Session<Write>, id: PrincipalId) -> Result<Principal> {
    session.find_principal(id).await?.ok_or_else(|| Error::not_found("user", id))
}
