//! Users and service accounts.

use model::name::fold;
use model::{Mode, OrganizationId, Principal, PrincipalId, PrincipalKind, Result, Scope, Visibility, Write};
use uuid::Uuid;

use crate::change::Change;
use crate::row::{record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};
use crate::value::Value;

record!(Principal in "principal" {
    id: ["id"], kind: ["kind"], organization: ["organization_id"], username: ["username"], email: ["email"],
    name: ["name"], description: ["description"], avatar_url: ["avatar_url"], company: ["company"],
    job_title: ["job_title"], metadata: ["metadata"], is_active: ["is_active"], is_superuser: ["is_superuser"],
    is_reserved: ["is_reserved"], has_password: ["has_password"], password_expired: ["password_expired"],
    is_onboarded: ["is_onboarded"], tokens_valid_after: ["tokens_valid_after"], created: ["created"],
    updated: ["updated"],
} derived {
    "username_key" = |principal| fold(&principal.username).into(),
    "email_key" = |principal| principal.email.as_deref().map(fold).into(),
});

statements! {
    BY_ID = select::<Principal>("WHERE id = $1");
    SERVICE_ACCOUNT = select::<Principal>("WHERE kind = 'service_account' AND organization_id = $1 AND (id = $2 OR username_key = $3)");
    BY_LOGIN = select::<Principal>("WHERE kind = 'user' AND (username_key = $1 OR email_key = $1) ORDER BY CASE WHEN username_key = $1 THEN 0 ELSE 1 END LIMIT 1");
    MEMBER = select::<Principal>("JOIN membership ON membership.principal_id = principal.id WHERE membership.organization_id = $1 AND principal.id = $2");
    RESERVE_USERNAME = text("INSERT INTO username (kind, name_key, principal_id) VALUES ($1, $2, $3)");
    USERNAME_HOLDER = text("SELECT principal_id FROM username WHERE kind = $1 AND name_key = $2");
    DELETE_PRINCIPAL = text("DELETE FROM principal WHERE id = $1");
    DELETE_SHARES_OF = text("DELETE FROM resource_grant WHERE grantee = $1");
    SHARED_WORKSPACES = text("SELECT DISTINCT workspace_id FROM resource_grant WHERE grantee = $1");
    ORGANIZATIONS_OF = text("SELECT organization_id FROM membership WHERE principal_id = $1");
    PASSWORD = text("SELECT hash FROM password WHERE principal_id = $1");
    SET_PASSWORD = text("INSERT INTO password (principal_id, hash, updated) VALUES ($1, $2, $3) ON CONFLICT (principal_id) DO UPDATE SET hash = excluded.hash, updated = excluded.updated");
    COUNT_PEOPLE = text("SELECT COUNT(*) FROM principal WHERE kind = 'user' AND is_reserved = $1");
    COUNT_SUPERUSERS = text("SELECT COUNT(*) FROM principal WHERE kind = 'user' AND is_superuser = $1 AND is_active = $1 AND id <> $2");
}

/// Which accounts a list shows.
#[derive(Debug, Clone, Default)]
pub struct PrincipalFilter {
    /// Exactly this account.
    pub id: Option<model::PrincipalId>,
    /// Exactly this username.
    pub username: Option<String>,
    /// Exactly this e-mail address.
    pub email: Option<String>,
    /// Active ones or inactive ones.
    pub is_active: Option<bool>,
    /// People or bots.
    pub kind: Option<PrincipalKind>,
    /// Members of this organization.
    pub organization: Option<OrganizationId>,
}

impl<M: Mode> Session<M> {
    /// An account within the permit's reach.
    pub async fn find_principal(&mut self, id: PrincipalId) -> Result<Option<Principal>> {
        match self.permit().scope().clone() {
            Scope::Account(own) if own != id => Ok(None),
            Scope::Organization(organization) | Scope::Workspace(organization, _) => {
                self.find(&MEMBER, vec![organization.into(), id.into()]).await
            }
            _ => self.find(&BY_ID, vec![id.into()]).await,
        }
    }

    /// A service account of the permit's organization, by id or username.
    pub async fn find_service_account(&mut self, id_or_name: &str) -> Result<Option<Principal>> {
        let organization = self.organization()?;
        let id = id_or_name.parse::<PrincipalId>().ok();
        self.find(&SERVICE_ACCOUNT, vec![organization.into(), id.into(), fold(id_or_name).into()]).await
    }

    /// The person who signs in under that username or e-mail address, with the hash of the password.
    pub async fn find_login(&mut self, login: &str) -> Result<Option<(Principal, Option<String>)>> {
        let Some(principal) = self.find::<Principal>(&BY_LOGIN, vec![fold(login).into()]).await? else {
            return Ok(None);
        };
        let hash = self.find_password(principal.id).await?;
        Ok(Some((principal, hash)))
    }

    /// The hash of an account's password.
    pub async fn find_password(&mut self, id: PrincipalId) -> Result<Option<String>> {
        self.row(&PASSWORD, vec![id.into()]).await?.map(|row| row.read()).transpose()
    }

    /// A page of the accounts that the permit shows.
    pub async fn list_principals(
        &mut self,
        filter: PrincipalFilter,
        page: Page,
    ) -> Result<Listed<Principal>> {
        let mut select = Select::<Principal>::new("principal.username_key, principal.id", page)
            .maybe("principal.id = ?", filter.id)
            .maybe("principal.username_key = ?", filter.username.as_deref().map(fold))
            .maybe("principal.email_key = ?", filter.email.as_deref().map(fold))
            .maybe("principal.is_active = ?", filter.is_active)
            .maybe("principal.kind = ?", filter.kind)
            .maybe(
                "principal.id IN (SELECT principal_id FROM membership WHERE organization_id = ?)",
                filter.organization,
            );
        let organizations = match (self.permit().scope(), self.permit().visibility()) {
            (Scope::Organization(id), _) => Some((vec![(*id).into()], None)),
            (_, Visibility::Listed { organizations, shared_with, .. }) => {
                let ids: Vec<Value> = organizations.iter().map(|id| (*id).into()).collect();
                Some((ids, *shared_with))
            }
            (_, Visibility::All) => None,
        };
        if let Some((ids, own)) = organizations {
            select = select.any(vec![
                ("principal.id IN (SELECT principal_id FROM membership WHERE organization_id IN (?))", ids),
                ("principal.id = ?", own.map(Value::from).into_iter().collect()),
            ]);
        }
        self.page(select).await
    }

    /// How many people there are besides the reserved administrator.
    pub async fn count_people(&mut self) -> Result<i64> {
        self.count(&COUNT_PEOPLE, vec![false.into()]).await
    }

    /// How many active super-users there are besides this one. Nobody else can count them before this session
    /// ends.
    pub async fn count_other_superusers(&mut self, id: PrincipalId) -> Result<i64> {
        self.lock_rule(Uuid::nil()).await?;
        self.count(&COUNT_SUPERUSERS, vec![true.into(), id.into()]).await
    }

    pub(crate) async fn count(
        &mut self,
        statement: &'static crate::row::Statement,
        args: Vec<Value>,
    ) -> Result<i64> {
        self.row(statement, args).await?.map_or(Ok(0), |row| row.read())
    }
}

impl Session<Write> {
    /// Adds an account and takes its username for ever.
    pub async fn insert_principal(&mut self, principal: &Principal) -> Result<()> {
        self.reserve_username(principal).await?;
        self.insert(principal).await?;
        self.changed(Change::Principal(principal.id));
        Ok(())
    }

    /// Changes an account. A new username is taken for ever as well; the old one stays taken.
    pub async fn update_principal(&mut self, principal: &Principal) -> Result<()> {
        let holder = self
            .row(&USERNAME_HOLDER, vec![principal.kind.into(), fold(&principal.username).into()])
            .await?
            .map(|row| row.read::<PrincipalId>())
            .transpose()?;
        if holder != Some(principal.id) {
            self.reserve_username(principal).await?;
        }
        self.update(principal).await?;
        self.changed(Change::Principal(principal.id));
        Ok(())
    }

    async fn reserve_username(&mut self, principal: &Principal) -> Result<()> {
        let args = vec![principal.kind.into(), fold(&principal.username).into(), principal.id.into()];
        self.execute(&RESERVE_USERNAME, args).await.map(|_| ())
    }

    /// Deletes an account with its credentials, roles, memberships and shares. What it owns stays.
    pub async fn delete_principal(&mut self, id: PrincipalId) -> Result<()> {
        for row in self.rows(&ORGANIZATIONS_OF, vec![id.into()]).await? {
            self.changed(Change::Organization(row.read()?));
        }
        self.delete_shares_of(id.0).await?;
        self.forget_credentials_of(id).await?;
        self.execute(&DELETE_PRINCIPAL, vec![id.into()]).await?;
        self.changed(Change::Principal(id));
        Ok(())
    }

    /// Forgets what was shared with an account or a team.
    pub(crate) async fn delete_shares_of(&mut self, grantee: Uuid) -> Result<()> {
        for row in self.rows(&SHARED_WORKSPACES, vec![grantee.into()]).await? {
            self.changed(Change::Workspace(row.read()?));
        }
        self.execute(&DELETE_SHARES_OF, vec![grantee.into()]).await.map(|_| ())
    }

    /// Stores the hash of a new password.
    pub async fn set_password(&mut self, id: PrincipalId, hash: &str) -> Result<()> {
        let now = self.env().now();
        self.execute(&SET_PASSWORD, vec![id.into(), hash.into(), now.into()]).await?;
        self.changed(Change::Principal(id));
        Ok(())
    }
}
