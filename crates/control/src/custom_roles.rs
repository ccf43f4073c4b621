//! Custom roles. Whoever edits one edits the rights of all who hold it: nobody gives or takes that way what it
//! does not hold itself.

use model::error::code;
use model::{
    Action, Error, ErrorKind, Grants, Level, OrganizationId, Permission, Place, ResourceType, Result, Role,
    RoleId, Write, name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{AssignedRole, AssignmentFilter, Holder, Session};

use crate::audit::{self, Target};
use crate::patch::Patch;
use crate::roles;
use crate::standing::Standing;

/// A custom role to be made, from nothing or as a copy.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleCreate {
    /// Unique in the organization and level, without regard to case.
    pub name: String,
    /// What it is for; with a base role, that role's if absent.
    #[serde(default)]
    pub description: Option<String>,
    /// Whose role it is to be.
    #[serde(alias = "organization")]
    pub organization_id: OrganizationId,
    /// The level it is for; with a base role, that role's.
    #[serde(default)]
    pub level: Option<Level>,
    /// What it grants: `type:action`, either may be `*`; with a base role, what that one grants if absent.
    #[serde(default)]
    pub permissions: Option<Vec<String>>,
    /// The role that it is a copy of.
    #[serde(default)]
    pub base_role_id: Option<RoleId>,
}

/// A change of a custom role. What is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleUpdate {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for; null removes.
    #[serde(default)]
    pub description: Patch<String>,
    /// All that it grants from now on, to everybody who holds it.
    #[serde(default)]
    pub permissions: Option<Vec<String>>,
}

/// Everywhere.
const ANYWHERE: AssignmentFilter = AssignmentFilter { workspace: None, project: None };

/// How many who hold a role are named when it cannot be deleted.
const NAMED: usize = 20;

fn parse(permissions: &[String]) -> Result<Grants> {
    Grants::parse("permissions", permissions.iter().map(String::as_str))
}

/// Makes a custom role.
pub async fn create(session: &mut Session<Write>, standing: &Standing, input: RoleCreate) -> Result<Role> {
    let env = session.env().clone();
    let now = env.now();
    let base = match input.base_role_id {
        Some(id) => Some(roles::get(&standing.organization.facts, id)?),
        None => None,
    };
    let missing = |field| Error::invalid(field, "is missing; give it, or base_role_id to copy a role");
    let level = match (input.level, base) {
        (Some(level), Some(base)) if level != base.level => {
            let problem = format!("is not the level of the base role, which is {}", base.level);
            return Err(Error::invalid("level", problem));
        }
        (level, base) => level.or(base.map(|base| base.level)).ok_or_else(|| missing("level"))?,
    };
    let grants = match (input.permissions, base) {
        (Some(permissions), _) => parse(&permissions)?,
        (None, Some(base)) => base.grants.clone(),
        (None, None) => return Err(missing("permissions")),
    };
    let description = input.description.or(base.map(|base| base.description.clone())).unwrap_or_default();
    let role = Role {
        id: env.id(),
        organization: session.organization()?,
        level,
        name: name::label("name", &input.name)?.text,
        description: name::text("description", &description, 256)?,
        system_managed: false,
        grants,
        created: now,
        updated: now,
    };
    require_holds(standing, &role, &[])?;
    session.insert_role(&role).await?;
    session.record(audit::created("role.created", &role));
    Ok(role)
}

/// Changes a custom role, for everybody who holds it.
pub async fn update(
    session: &mut Session<Write>,
    standing: &Standing,
    id: RoleId,
    input: RoleUpdate,
) -> Result<Role> {
    let mut role = get_custom(session, id).await?;
    let assigned = session.list_role_assignments(id, ANYWHERE).await?;
    require_holds(standing, &role, &assigned)?;
    let before = role.describe();
    if let Some(name) = &input.name {
        role.name = name::label("name", name)?.text;
    }
    let mut description = Some(std::mem::take(&mut role.description));
    input.description.apply(&mut description, |text| name::text("description", &text, 256))?;
    role.description = description.unwrap_or_default();
    if let Some(permissions) = &input.permissions {
        role.grants = parse(permissions)?;
        require_holds(standing, &role, &assigned)?;
    }
    role.updated = session.env().now();
    session.update_role(&role).await?;
    session.record(audit::updated("role.updated", &before, &role));
    Ok(role)
}

/// Deletes a custom role. One that somebody holds is only deleted by force, and taken from everybody then.
pub async fn delete(
    session: &mut Session<Write>,
    standing: &Standing,
    id: RoleId,
    is_forced: bool,
) -> Result<()> {
    let role = get_custom(session, id).await?;
    let holders = session.list_holders(id, ANYWHERE).await?;
    let assigned: Vec<AssignedRole> = holders.iter().map(|(held, _)| *held).collect();
    require_holds(standing, &role, &assigned)?;
    if !is_forced && !holders.is_empty() {
        return Err(in_use(standing, &role, holders));
    }
    for held in assigned {
        session.record(audit::assignment("role_assignment.deleted", &role, held.assignee, held.place));
    }
    session.delete_role(&role).await?;
    session.record(audit::deleted("role.deleted", &role));
    Ok(())
}

/// A role that can be changed. It stays as it is until the session ends.
async fn get_custom(session: &mut Session<Write>, id: RoleId) -> Result<Role> {
    let role = session.find_role(id).await?.ok_or_else(|| Error::not_found("role", id))?;
    if role.system_managed {
        return Err(Error::illegal(format!(
            "'{}' is a predefined role and stays as it is. Make a copy with base_role_id and change that.",
            role.name
        )));
    }
    Ok(role)
}

/// Checks that the caller holds what the role grants wherever it is assigned. One of the organization's level it
/// must hold in any case: whoever may make roles could otherwise make one that holds everything, and ask for it.
fn require_holds(standing: &Standing, role: &Role, assigned: &[AssignedRole]) -> Result<()> {
    let own = (role.level == Level::Organization).then_some(Place::Organization);
    for place in own.into_iter().chain(assigned.iter().map(|held| held.place)) {
        if !standing.access().may_grant(role, place) {
            let message = format!(
                "You cannot make, change or delete the role '{}': it grants more than you hold where it applies.",
                role.name
            );
            return Err(Error::forbidden(message).lacking(standing.access().lacks(role, place).patterns()));
        }
    }
    Ok(())
}

/// Says who holds the role, to callers who may know.
fn in_use(standing: &Standing, role: &Role, holders: Vec<(AssignedRole, Option<Holder>)>) -> Error {
    let may_know = Permission::new(ResourceType::RoleAssignment, Action::Read);
    let is_told = standing.access().in_organization().allows(may_know);
    let total = holders.len();
    let mut names: Vec<String> = holders
        .into_iter()
        .map(|(_, holder)| holder.map_or_else(|| "a pending invitation".to_owned(), |holder| holder.label()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let who = if is_told { format!(" to {}", names.join(", ")) } else { String::new() };
    let message = format!(
        "The role '{}' is assigned {total} times{who}. Take it away first, or delete it with force=true, which \
         takes it from everybody.",
        role.name
    );
    Error::new(ErrorKind::Conflict, code::IN_USE, message)
}
