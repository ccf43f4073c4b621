//! Teams: who is put into one gets all that it holds, so only who holds all of that puts somebody in.

use model::{Error, OrganizationId, PrincipalId, Result, Team, TeamId, Write, name};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::Session;

use crate::audit::{self, Target};
use crate::patch::Patch;
use crate::standing::Standing;
use crate::{roles, sharing};

/// A team to be made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamCreate {
    /// Unique in the organization without regard to case.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Whose team it is to be.
    #[serde(alias = "organization")]
    pub organization_id: OrganizationId,
}

/// A change of a team. What is absent stays, null removes.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamUpdate {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Patch<String>,
}

/// Makes a team without members and roles in the permit's organization.
pub async fn create(session: &mut Session<Write>, input: TeamCreate) -> Result<Team> {
    let env = session.env().clone();
    let now = env.now();
    let team = Team {
        id: env.id(),
        organization: session.organization()?,
        name: name::label("name", &input.name)?.text,
        description: input.description.map(|text| name::text("description", &text, 256)).transpose()?,
        created: now,
        updated: now,
    };
    session.insert_team(&team).await?;
    session.record(audit::created("team.created", &team));
    Ok(team)
}

/// Names or describes a team. Who picks teams by name gives roles by it: the caller must hold what the team holds.
pub async fn update(
    session: &mut Session<Write>,
    standing: &Standing,
    id: TeamId,
    input: TeamUpdate,
) -> Result<Team> {
    let mut team = get(session, id).await?;
    require_governs(session, standing, &team).await?;
    let before = team.describe();
    if let Some(name) = &input.name {
        team.name = name::label("name", name)?.text;
    }
    input.description.apply(&mut team.description, |text| name::text("description", &text, 256))?;
    team.updated = session.env().now();
    session.update_team(&team).await?;
    session.record(audit::updated("team.updated", &before, &team));
    Ok(team)
}

/// Deletes a team; its members lose what they had through it.
pub async fn delete(session: &mut Session<Write>, standing: &Standing, id: TeamId) -> Result<()> {
    let team = get(session, id).await?;
    for held in session.list_team_assignments(id).await? {
        if let Ok(role) = roles::get(&standing.organization.facts, held.role) {
            session.record(audit::assignment("role_assignment.deleted", role, held.assignee, held.place));
        }
    }
    session.delete_team(&team).await?;
    session.record(audit::deleted("team.deleted", &team));
    Ok(())
}

/// Puts a member of the organization into a team.
pub async fn add_member(
    session: &mut Session<Write>,
    standing: &Standing,
    id: TeamId,
    user: PrincipalId,
) -> Result<()> {
    let team = get(session, id).await?;
    let stranger = || {
        Error::illegal(format!(
            "No member '{user}' exists in the organization of this team. Only its members can be in it."
        ))
    };
    let member = session.find_principal(user).await?.ok_or_else(stranger)?;
    require_governs(session, standing, &team).await?;
    if !session.insert_team_member(&team, user).await? {
        return Err(stranger());
    }
    let detail = json!({"user_id": user, "username": member.username});
    session.record(audit::happened("team.member_added", &team, detail));
    Ok(())
}

/// Takes somebody out of a team, whatever the team holds: that gives nobody anything.
pub async fn remove_member(session: &mut Session<Write>, id: TeamId, user: PrincipalId) -> Result<()> {
    let team = get(session, id).await?;
    if !session.delete_team_member(&team, user).await? {
        return Err(Error::not_found("member of the team", user));
    }
    let username = session.find_principal(user).await?.map(|member| member.username);
    let detail = json!({"user_id": user, "username": username});
    session.record(audit::happened("team.member_removed", &team, detail));
    Ok(())
}

/// Checks that the caller holds all that a team holds, by roles and by shares: otherwise putting somebody into
/// the team would be a way to what the caller does not hold.
pub async fn require_governs(session: &mut Session<Write>, standing: &Standing, team: &Team) -> Result<()> {
    let access = standing.access();
    if access.in_organization().is_everything() {
        return Ok(());
    }
    for held in session.list_team_assignments(team.id).await? {
        let role = roles::get(&standing.organization.facts, held.role)?;
        if !access.may_grant(role, held.place) {
            let message = format!(
                "The team '{}' holds the role '{}', which grants more than you hold there yourself.",
                team.name, role.name
            );
            return Err(Error::forbidden(message).lacking(access.lacks(role, held.place).patterns()));
        }
    }
    match sharing::find_beyond(session, standing, team.id.0, None).await? {
        None => Ok(()),
        Some(beyond) => Err(Error::forbidden(format!(
            "Something is shared with the team '{}' that you cannot do yourself: {beyond}.",
            team.name
        ))),
    }
}

/// A team of the permit's organization.
pub async fn get<M: model::Mode>(session: &mut Session<M>, id: TeamId) -> Result<Team> {
    session.find_team(id).await?.ok_or_else(|| Error::not_found("team", id))
}
