//! Organizations.

use std::collections::HashMap;

use model::predefined::{self, ORGANIZATION_ADMIN};
use model::{
    Assignee, Assignment, Error, Level, Organization, Place, Principal, PrincipalId, Result, Role, Write,
    name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Session;

use crate::audit::{self, Target};
use crate::patch::Patch;
use crate::standing::Standing;
use crate::{members, roles};

/// An organization to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationCreate {
    /// Unique without regard to case.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// A picture.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// Who is to own it; only super-users may name somebody else.
    #[serde(default)]
    pub owner_id: Option<model::PrincipalId>,
}

/// A change of an organization. What is absent stays, null removes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationUpdate {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Patch<String>,
    /// A picture.
    #[serde(default)]
    pub logo_url: Patch<String>,
    /// A new owner: an active person who is a member. It becomes an administrator.
    #[serde(default)]
    pub owner_id: Option<model::PrincipalId>,
    /// Free settings of the console.
    #[serde(default)]
    pub settings: Option<Map<String, Value>>,
}

/// Makes an organization with the predefined roles; its creator becomes owner and administrator.
pub async fn create(
    session: &mut Session<Write>,
    creator: &Principal,
    input: OrganizationCreate,
) -> Result<Organization> {
    if creator.is_service_account() {
        return Err(Error::forbidden("Service accounts cannot create organizations."));
    }
    let owner = input.owner_id.unwrap_or(creator.id);
    if owner != creator.id && !creator.is_superuser {
        return Err(Error::forbidden("Only super-users can create organizations for others."));
    }
    if session.find_principal(owner).await?.is_none_or(|owner| owner.is_service_account()) {
        return Err(Error::invalid("owner_id", "is not the id of a user"));
    }
    let env = session.env().clone();
    let now = env.now();
    let organization = Organization {
        id: env.id(),
        name: name::organization("name", &input.name)?.text,
        description: input.description.map(|text| name::text("description", &text, 256)).transpose()?,
        logo_url: input.logo_url.map(|text| name::url("logo_url", &text)).transpose()?,
        owner: Some(owner),
        is_active: true,
        settings: Map::new(),
        created: now,
        updated: now,
    };
    session.insert_organization(&organization).await?;
    session.record(audit::created("organization.created", &organization));
    let roles = insert_predefined_roles(session, &organization).await?;
    session.insert_membership(organization.id, owner, now).await?;
    if let Some(admin) = roles.get(&(Level::Organization, ORGANIZATION_ADMIN)) {
        session.insert_assignment(admin, Assignee::Principal(owner), Place::Organization).await?;
        let place = Place::Organization;
        session.record(audit::assignment(
            "role_assignment.created",
            admin,
            Assignee::Principal(owner),
            place,
        ));
    }
    Ok(organization)
}

async fn insert_predefined_roles(
    session: &mut Session<Write>,
    organization: &Organization,
) -> Result<HashMap<(Level, &'static str), Role>> {
    let env = session.env().clone();
    let mut roles = HashMap::new();
    for predefined in predefined::ROLES {
        let role = Role {
            id: env.id(),
            organization: organization.id,
            level: predefined.level,
            name: predefined.name.to_owned(),
            description: predefined.description.to_owned(),
            system_managed: true,
            grants: predefined.grants()?,
            created: organization.created,
            updated: organization.created,
        };
        session.insert_role(&role).await?;
        roles.insert((predefined.level, predefined.name), role);
    }
    Ok(roles)
}

/// Changes the permit's organization.
pub async fn update(
    session: &mut Session<Write>,
    standing: &Standing,
    input: OrganizationUpdate,
) -> Result<Organization> {
    let mut organization = session.get_organization().await?;
    let before = organization.describe();
    if let Some(name) = input.name {
        organization.name = name::organization("name", &name)?.text;
    }
    input.description.apply(&mut organization.description, |text| name::text("description", &text, 256))?;
    input.logo_url.apply(&mut organization.logo_url, |text| name::url("logo_url", &text))?;
    if let Some(owner) = input.owner_id.filter(|owner| organization.owner != Some(*owner)) {
        hand_over(session, standing, &organization, owner).await?;
        organization.owner = Some(owner);
    }
    if let Some(settings) = input.settings {
        organization.settings = settings;
    }
    organization.updated = session.env().now();
    session.update_organization(&organization).await?;
    session.record(audit::updated("organization.updated", &before, &organization));
    Ok(organization)
}

/// Checks that the caller may hand the organization over to that person, and makes the person an administrator.
async fn hand_over(
    session: &mut Session<Write>,
    standing: &Standing,
    organization: &Organization,
    to: PrincipalId,
) -> Result<()> {
    let changer = &standing.account.principal;
    let is_owner = organization.owner == Some(changer.id);
    // Otherwise an organization whose owner is gone could never be handed over.
    let is_administrator = standing.access().in_organization().is_everything();
    let may = is_owner || changer.is_superuser || (is_administrator && organization.owner.is_none());
    if !may {
        return Err(Error::forbidden("Only the owner of the organization can hand it over."));
    }
    let member = session.find_principal(to).await?;
    if !member.is_some_and(|member| !member.is_service_account() && member.is_active) {
        return Err(Error::invalid("owner_id", "is not the id of an active person who is a member"));
    }
    let admin = members::named(&standing.organization.facts, Level::Organization, ORGANIZATION_ADMIN)?;
    let held =
        session.find_membership(to).await?.map(|membership| membership.assignments).unwrap_or_default();
    let is_direct = |held: &Assignment| held.role == admin.id && held.via_team.is_none();
    if !held.iter().any(is_direct) {
        roles::assign(session, standing, admin, Assignee::Principal(to), Place::Organization).await?;
    }
    Ok(())
}

/// Leaves the permit's organization without an owner, if it is this account's: who comes back later comes back
/// as what it is made then.
pub async fn forget_owner(session: &mut Session<Write>, leaving: PrincipalId) -> Result<()> {
    let mut organization = session.get_organization().await?;
    if organization.owner == Some(leaving) {
        let before = organization.describe();
        organization.owner = None;
        organization.updated = session.env().now();
        session.update_organization(&organization).await?;
        session.record(audit::updated("organization.updated", &before, &organization));
    }
    Ok(())
}

/// Deletes the permit's organization with everything in it.
pub async fn delete(session: &mut Session<Write>) -> Result<()> {
    let organization = session.get_organization().await?;
    session.delete_organization().await?;
    session.record(audit::deleted("organization.deleted", &organization));
    Ok(())
}
