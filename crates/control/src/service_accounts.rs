//! Service accounts: the bots of an organization.

use model::predefined::ORGANIZATION_MEMBER;
use model::{
    Assignee, CredentialScope, Error, Level, Place, Principal, PrincipalKind, Result, RoleId, Write, name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Session;

use crate::audit::{self, Target};
use crate::credentials::{self, CredentialCreate, Shown};
use crate::patch::Patch;
use crate::scopes::{GrantedScope, ScopeInput};
use crate::standing::Standing;
use crate::{members, roles, sharing, users};

/// A service account to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountCreate {
    /// Unique among service accounts without regard to case, never given out twice.
    #[serde(alias = "name")]
    pub username: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The name for display.
    #[serde(default)]
    pub full_name: Option<String>,
    /// A picture.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// Its role in the organization; Organization Member if none is named.
    #[serde(default)]
    pub role_id: Option<RoleId>,
    /// Makes a first key along with it: true, or the key's name and life.
    #[serde(default)]
    pub initial_api_key: Option<InitialKey>,
}

/// Whether and how to make a first key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum InitialKey {
    /// Whether.
    Wanted(bool),
    /// How.
    Described(CredentialCreate),
}

impl InitialKey {
    fn wanted(self) -> Option<CredentialCreate> {
        match self {
            Self::Wanted(false) => None,
            Self::Wanted(true) => {
                Some(CredentialCreate { name: "default".to_owned(), ..CredentialCreate::default() })
            }
            Self::Described(key) => Some(key),
        }
    }

    /// What the key is to be narrowed to.
    #[must_use]
    pub fn scope(&self) -> Option<ScopeInput> {
        match self {
            Self::Wanted(_) => None,
            Self::Described(key) => key.scope.clone(),
        }
    }
}

/// A change of a service account. What is absent stays, null removes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountUpdate {
    /// What it is for.
    #[serde(default)]
    pub description: Patch<String>,
    /// The name for display.
    #[serde(default, alias = "full_name")]
    pub name: Patch<String>,
    /// A picture.
    #[serde(default)]
    pub avatar_url: Patch<String>,
    /// Whether it may act at all. Switching off ends all its keys and sessions at once.
    #[serde(default, alias = "active")]
    pub is_active: Option<bool>,
}

/// Makes a service account in the permit's organization.
pub async fn create(
    session: &mut Session<Write>,
    standing: &Standing,
    input: ServiceAccountCreate,
    key_scope: &GrantedScope,
) -> Result<(Principal, Option<Shown>)> {
    let facts = &standing.organization.facts;
    let env = session.env().clone();
    let now = env.now();
    let username = name::username("username", &input.username)?.text;
    let mut account = users::blank(env.id(), PrincipalKind::ServiceAccount, username, now);
    account.organization = Some(facts.organization.id);
    account.name = input.full_name.map(|text| name::text("full_name", &text, 255)).transpose()?;
    account.description = input.description.map(|text| name::text("description", &text, 1000)).transpose()?;
    account.avatar_url = input.avatar_url.map(|text| name::url("avatar_url", &text)).transpose()?;
    session.insert_principal(&account).await?;
    session.insert_membership(facts.organization.id, account.id, now).await?;
    session.record(audit::created("service_account.created", &account));
    let role = match input.role_id {
        Some(id) => roles::get(facts, id)?,
        None => members::named(facts, Level::Organization, ORGANIZATION_MEMBER)?,
    };
    roles::assign(session, standing, role, Assignee::Principal(account.id), Place::Organization).await?;
    let key = match input.initial_api_key.and_then(InitialKey::wanted) {
        Some(key) => Some(credentials::create(session, &account, key, key_scope).await?),
        None => None,
    };
    Ok((account, key))
}

/// Changes a service account. Who wakes it up again must hold all it holds.
pub async fn update(
    session: &mut Session<Write>,
    standing: &Standing,
    id_or_name: &str,
    input: ServiceAccountUpdate,
) -> Result<Principal> {
    let mut account = match input.is_active {
        Some(true) => get_governed(session, standing, id_or_name, None).await?,
        _ => get(session, id_or_name).await?,
    };
    let before = account.describe();
    input.description.apply(&mut account.description, |text| name::text("description", &text, 1000))?;
    input.name.apply(&mut account.name, |text| name::text("name", &text, 255))?;
    input.avatar_url.apply(&mut account.avatar_url, |text| name::url("avatar_url", &text))?;
    if let Some(active) = input.is_active {
        account.is_active = active;
    }
    account.updated = session.env().now();
    session.update_principal(&account).await?;
    session.record(audit::updated("service_account.updated", &before, &account));
    Ok(account)
}

/// Deletes a service account with its keys and roles.
pub async fn delete(session: &mut Session<Write>, id_or_name: &str) -> Result<()> {
    let account = get(session, id_or_name).await?;
    session.delete_principal(account.id).await?;
    session.record(audit::deleted("service_account.deleted", &account));
    Ok(())
}

/// A service account of the permit's organization.
pub async fn get<M: model::Mode>(session: &mut Session<M>, id_or_name: &str) -> Result<Principal> {
    let found = session.find_service_account(id_or_name).await?;
    found.ok_or_else(|| Error::not_found("service account", id_or_name))
}

/// A service account for which the caller may make a key of that scope: it must hold everything that the key
/// will hold, or the key would be a way to what it does not hold.
pub async fn get_governed(
    session: &mut Session<Write>,
    standing: &Standing,
    id_or_name: &str,
    scope: Option<&CredentialScope>,
) -> Result<Principal> {
    let account = get(session, id_or_name).await?;
    require_governs(session, standing, &account, scope).await.map(|()| account)
}

/// Checks that the caller holds everything that a key of that scope for the account holds.
pub async fn require_governs(
    session: &mut Session<Write>,
    standing: &Standing,
    account: &Principal,
    scope: Option<&CredentialScope>,
) -> Result<()> {
    let Some(membership) = session.find_membership(account.id).await? else { return Ok(()) };
    let access = standing.access();
    if !access.covers(&membership, scope) {
        return Err(Error::forbidden(
            "This service account holds more than you do. Only somebody who holds all of it can manage its keys.",
        ));
    }
    if access.in_organization().is_everything() {
        return Ok(());
    }
    for grantee in std::iter::once(account.id.0).chain(membership.teams.iter().map(|team| team.0)) {
        if let Some(beyond) = sharing::find_beyond(session, standing, grantee, scope).await? {
            return Err(Error::forbidden(format!(
                "Something is shared with this service account that you cannot do yourself: {beyond}."
            )));
        }
    }
    Ok(())
}
