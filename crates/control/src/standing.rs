//! A caller's standing in an organization: the facts that its rights follow from.

use std::sync::Arc;

use model::{Access, CredentialScope, Membership, OrganizationId, Result};
use store::{Facts, OrganizationEntry, PrincipalFacts};

/// An account in an organization.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The account.
    pub account: Arc<PrincipalFacts>,
    /// The organization and its roles.
    pub organization: Arc<OrganizationEntry>,
    /// The account's place in it; none for strangers.
    pub membership: Option<Arc<Membership>>,
    /// What the credential leaves of the account's rights.
    pub scope: Option<Arc<CredentialScope>>,
}

impl Standing {
    /// Looks the facts up. `None` if there is no such organization.
    pub async fn find(
        facts: &Facts,
        account: &Arc<PrincipalFacts>,
        scope: Option<&Arc<CredentialScope>>,
        id: OrganizationId,
    ) -> Result<Option<Self>> {
        let Some(organization) = facts.organization(id).await? else { return Ok(None) };
        let membership = facts.membership(&organization, account.principal.id).await?;
        Ok(Some(Self { account: account.clone(), organization, membership, scope: scope.cloned() }))
    }

    /// The rights that follow.
    #[must_use]
    pub fn access(&self) -> Access<'_> {
        Access {
            principal: &self.account.principal,
            organization: &self.organization.facts,
            membership: self.membership.as_deref(),
            scope: self.scope.as_deref(),
        }
    }
}
