//! Organizations and who belongs to them.

use model::name::fold;
use model::{
    Mode, Organization, OrganizationId, Principal, PrincipalId, Result, Timestamp, Visibility, Write,
};

use crate::change::Change;
use crate::row::{record, statements};
use crate::select::{Page, Select};
use crate::session::{Listed, Session};
use crate::value::Value;

record!(Organization in "organization" {
    id: ["id"], name: ["name"], description: ["description"], logo_url: ["logo_url"], owner: ["owner_id"],
    is_active: ["is_active"], settings: ["settings"], created: ["created"], updated: ["updated"],
} derived {
    "name_key" = |organization| fold(&organization.name).into(),
});

statements! {
    ORGANIZATION_BY_ID = select::<Organization>("WHERE id = $1");
    NAME_TAKEN = text("SELECT id FROM organization WHERE name_key = $1");
    DELETE_ORGANIZATION = text("DELETE FROM organization WHERE id = $1");
    WORKSPACES_OF = text("SELECT id FROM workspace WHERE organization_id = $1");
    MEMBERS_OF = text("SELECT principal_id FROM membership WHERE organization_id = $1");
    ACCOUNTS_OF = select::<Principal>("WHERE organization_id = $1");
    INSERT_MEMBERSHIP = text("INSERT INTO membership (organization_id, principal_id, created) VALUES ($1, $2, $3)");
    DELETE_MEMBERSHIP = text("DELETE FROM membership WHERE organization_id = $1 AND principal_id = $2");
    DELETE_ASSIGNMENTS_OF = text("DELETE FROM role_assignment WHERE organization_id = $1 AND principal_id = $2");
    DELETE_TEAM_MEMBERSHIPS = text("DELETE FROM team_member WHERE principal_id = $2 AND team_id IN (SELECT id FROM team WHERE organization_id = $1)");
    DELETE_SHARES_IN = text("DELETE FROM resource_grant WHERE grantee = $2 AND workspace_id IN (SELECT id FROM workspace WHERE organization_id = $1)");
    // The directly assigned, predefined role of administrators.
    ADMINISTERED_BY = select::<Organization>("JOIN role ON role.organization_id = organization.id AND role.level = 'organization' AND role.name_key = $2 JOIN role_assignment ON role_assignment.role_id = role.id AND role_assignment.workspace_id IS NULL WHERE role_assignment.principal_id = $1 ORDER BY organization.id");
    COUNT_ADMINS = text("SELECT COUNT(*) FROM role_assignment JOIN role ON role.id = role_assignment.role_id JOIN principal ON principal.id = role_assignment.principal_id WHERE role.organization_id = $1 AND role.level = 'organization' AND role.name_key = $2 AND role_assignment.workspace_id IS NULL AND principal.kind = 'user' AND principal.is_active = $3 AND principal.id <> $4");
    COUNT_MEMBERS = text("SELECT COUNT(*) FROM membership WHERE organization_id = $1");
}

/// Which organizations a list shows.
#[derive(Debug, Clone, Default)]
pub struct OrganizationFilter {
    /// Exactly this name, without regard to case.
    pub name: Option<String>,
    /// Owned by this account.
    pub owner: Option<PrincipalId>,
    /// Owned by the person of this username.
    pub owner_username: Option<String>,
}

impl<M: Mode> Session<M> {
    /// The permit's organization.
    pub async fn get_organization(&mut self) -> Result<Organization> {
        let id = self.organization()?;
        self.find_organization(id).await?.ok_or_else(|| model::Error::not_found("organization", id))
    }

    pub(crate) async fn find_organization(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        self.find(&ORGANIZATION_BY_ID, vec![id.into()]).await
    }

    /// Whether an organization of that name exists.
    pub async fn is_organization_name_taken(&mut self, name: &str) -> Result<bool> {
        Ok(self.row(&NAME_TAKEN, vec![fold(name).into()]).await?.is_some())
    }

    /// A page of the organizations that the permit shows.
    pub async fn list_organizations(
        &mut self,
        filter: OrganizationFilter,
        page: Page,
    ) -> Result<Listed<Organization>> {
        let mut select = Select::<Organization>::new("organization.name_key, organization.id", page)
            .maybe("organization.name_key = ?", filter.name.as_deref().map(fold))
            .maybe("organization.owner_id = ?", filter.owner)
            .maybe(
                "organization.owner_id IN (SELECT id FROM principal WHERE kind = 'user' AND username_key = ?)",
                filter.owner_username.as_deref().map(fold),
            );
        if let Visibility::Listed { organizations, .. } = self.permit().visibility() {
            let ids: Vec<Value> = organizations.iter().map(|id| (*id).into()).collect();
            select = select.any(vec![("organization.id IN (?)", ids)]);
        }
        self.page(select).await
    }

    /// How many members the permit's organization has.
    pub async fn count_members(&mut self) -> Result<i64> {
        let organization = self.organization()?;
        self.count(&COUNT_MEMBERS, vec![organization.into()]).await
    }
}

impl Session<Write> {
    /// An organization that would be without an active administrator if this account were none, if there is
    /// one. Nobody else can count them before this session ends.
    pub async fn find_organization_left_alone_by(
        &mut self,
        leaving: PrincipalId,
    ) -> Result<Option<Organization>> {
        let role = fold(model::predefined::ORGANIZATION_ADMIN);
        let administered: Vec<Organization> =
            self.list(&ADMINISTERED_BY, vec![leaving.into(), role.as_str().into()]).await?;
        for organization in administered {
            self.lock_rule(organization.id.0).await?;
            let args = vec![organization.id.into(), role.as_str().into(), true.into(), leaving.into()];
            if self.count(&COUNT_ADMINS, args).await? == 0 {
                return Ok(Some(organization));
            }
        }
        Ok(None)
    }

    /// Adds an organization.
    pub async fn insert_organization(&mut self, organization: &Organization) -> Result<()> {
        self.insert(organization).await?;
        self.changed(Change::Organization(organization.id));
        Ok(())
    }

    /// Changes an organization.
    pub async fn update_organization(&mut self, organization: &Organization) -> Result<()> {
        self.update(organization).await?;
        self.changed(Change::Organization(organization.id));
        Ok(())
    }

    /// Deletes the permit's organization with everything in it: workspaces, service accounts and their keys,
    /// roles, teams. Its audit events stay.
    pub async fn delete_organization(&mut self) -> Result<()> {
        let id = self.organization()?;
        for account in self.list::<Principal>(&ACCOUNTS_OF, vec![id.into()]).await? {
            self.delete_principal(account.id).await?;
        }
        for row in self.rows(&WORKSPACES_OF, vec![id.into()]).await? {
            self.changed(Change::Workspace(row.read()?));
        }
        for row in self.rows(&MEMBERS_OF, vec![id.into()]).await? {
            self.changed(Change::Principal(row.read()?));
        }
        self.execute(&DELETE_ORGANIZATION, vec![id.into()]).await?;
        self.changed(Change::Organization(id));
        Ok(())
    }

    /// Makes an account a member.
    pub async fn insert_membership(
        &mut self,
        organization: OrganizationId,
        principal: PrincipalId,
        now: Timestamp,
    ) -> Result<()> {
        self.execute(&INSERT_MEMBERSHIP, vec![organization.into(), principal.into(), now.into()]).await?;
        self.changed(Change::Organization(organization));
        self.changed(Change::Principal(principal));
        Ok(())
    }

    /// Ends a membership of the permit's organization with all that came with it: roles, teams and shares.
    /// Answers whether there was one.
    pub async fn delete_membership(&mut self, principal: PrincipalId) -> Result<bool> {
        let organization = self.organization()?;
        let args = || -> Vec<Value> { vec![organization.into(), principal.into()] };
        let existed = self.execute(&DELETE_MEMBERSHIP, args()).await? > 0;
        self.execute(&DELETE_ASSIGNMENTS_OF, args()).await?;
        self.execute(&DELETE_TEAM_MEMBERSHIPS, args()).await?;
        if self.execute(&DELETE_SHARES_IN, args()).await? > 0 {
            for row in self.rows(&WORKSPACES_OF, vec![organization.into()]).await? {
                self.changed(Change::Workspace(row.read()?));
            }
        }
        self.changed(Change::Organization(organization));
        self.changed(Change::Principal(principal));
        Ok(existed)
    }
}
