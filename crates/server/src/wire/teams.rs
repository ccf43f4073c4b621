//! Teams.

use model::{OrganizationId, Team, TeamId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use store::CountedTeam;

/// A team.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TeamView {
    /// Its id.
    pub id: TeamId,
    /// Its name, unique in the organization without regard to case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whose team it is.
    pub organization_id: OrganizationId,
    /// How many users and service accounts are in it.
    pub member_count: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl From<&CountedTeam> for TeamView {
    fn from(counted: &CountedTeam) -> Self {
        let CountedTeam { team, members } = counted;
        Self {
            id: team.id,
            name: team.name.clone(),
            description: team.description.clone(),
            organization_id: team.organization,
            member_count: *members,
            created: team.created,
            updated: team.updated,
        }
    }
}

/// A team, where something else is about it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TeamRef {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
}

impl From<&Team> for TeamRef {
    fn from(team: &Team) -> Self {
        Self { id: team.id, name: team.name.clone() }
    }
}
