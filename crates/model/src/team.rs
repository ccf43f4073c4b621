//! Teams.

use crate::env::Timestamp;
use crate::ids::{OrganizationId, TeamId};

/// Members of an organization who get roles and shares together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Whose team it is.
    pub organization: OrganizationId,
    /// Its name, unique in the organization without regard to case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}
