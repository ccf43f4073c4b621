//! API keys of service accounts: who hands one out must hold all that it can.

use model::{Credential, Principal, Result, Write};
use store::Session;

use crate::credentials::{self, CredentialCreate, CredentialRotate, CredentialUpdate, Shown};
use crate::patch::Patch;
use crate::scopes::GrantedScope;
use crate::service_accounts::{get, get_governed, require_governs};
use crate::standing::Standing;

/// Makes a key for a service account of the permit's organization.
pub async fn create(
    session: &mut Session<Write>,
    standing: &Standing,
    account: &str,
    input: CredentialCreate,
    scope: &GrantedScope,
) -> Result<Shown> {
    let owner = get_governed(session, standing, account, scope.get().map(AsRef::as_ref)).await?;
    credentials::create(session, &owner, input, scope).await
}

/// Changes a key. Who widens it must hold what it can afterwards.
pub async fn update(
    session: &mut Session<Write>,
    standing: &Standing,
    (account, key): (&str, &str),
    input: CredentialUpdate,
    scope: &GrantedScope,
) -> Result<Credential> {
    let owner = governed(session, standing, account, key).await?;
    if input.scope != Patch::Keep {
        require_governs(session, standing, &owner, scope.get().map(AsRef::as_ref)).await?;
    }
    credentials::update(session, &owner, key, input, scope, true).await
}

/// Gives a key a new value.
pub async fn rotate(
    session: &mut Session<Write>,
    standing: &Standing,
    (account, key): (&str, &str),
    input: &CredentialRotate,
) -> Result<Shown> {
    let owner = governed(session, standing, account, key).await?;
    credentials::rotate(session, &owner, key, input).await
}

/// Deletes a key.
pub async fn delete(
    session: &mut Session<Write>,
    standing: &Standing,
    (account, key): (&str, &str),
) -> Result<()> {
    let owner = governed(session, standing, account, key).await?;
    credentials::delete(session, &owner, key).await
}

/// The owner of a key of which the caller holds all that it can now.
async fn governed(
    session: &mut Session<Write>,
    standing: &Standing,
    account: &str,
    key: &str,
) -> Result<Principal> {
    let owner = get(session, account).await?;
    let scope = session.get_credential(&owner, key).await?.scope;
    require_governs(session, standing, &owner, scope.as_deref()).await.map(|()| owner)
}
