//! Roles, and where they are assigned to whom.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::env::Timestamp;
use crate::grants::Grants;
use crate::ids::{InvitationId, OrganizationId, PrincipalId, ProjectId, RoleId, TeamId, WorkspaceId};

/// The level a role is made for. A role never gives more than its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The organization and everything that belongs to it.
    Organization,
    /// One workspace.
    Workspace,
    /// One project of a workspace.
    Project,
}

impl Level {
    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Workspace => "workspace",
            Self::Project => "project",
        }
    }

    /// Whether a role of this level counts at places of the other: there, and below.
    #[must_use]
    pub const fn reaches(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Organization, _)
                | (Self::Workspace, Self::Workspace | Self::Project)
                | (Self::Project, Self::Project)
        )
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Organization, Self::Workspace, Self::Project].into_iter().find(|level| level.as_str() == text)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role of an organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// The role's id; implies its organization.
    pub id: RoleId,
    /// Whose role it is.
    pub organization: OrganizationId,
    /// Its level.
    pub level: Level,
    /// Its name, unique per organization and level.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Predefined: cannot be changed or deleted.
    pub system_managed: bool,
    /// What it grants.
    pub grants: Grants,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

/// Where a role applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In the whole organization.
    Organization,
    /// In one workspace.
    Workspace(WorkspaceId),
    /// In one project of a workspace.
    Project(WorkspaceId, ProjectId),
}

impl Place {
    /// The level a role must have to be assigned here.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::Organization => Level::Organization,
            Self::Workspace(_) => Level::Workspace,
            Self::Project(..) => Level::Project,
        }
    }

    /// The place that it lies in; none for the organization.
    #[must_use]
    pub const fn parent(self) -> Option<Self> {
        match self {
            Self::Organization => None,
            Self::Workspace(_) => Some(Self::Organization),
            Self::Project(workspace, _) => Some(Self::Workspace(workspace)),
        }
    }

    /// The workspace it lies in.
    #[must_use]
    pub const fn workspace(self) -> Option<WorkspaceId> {
        match self {
            Self::Organization => None,
            Self::Workspace(workspace) | Self::Project(workspace, _) => Some(workspace),
        }
    }

    /// The project it is.
    #[must_use]
    pub const fn project(self) -> Option<ProjectId> {
        match self {
            Self::Project(_, project) => Some(project),
            _ => None,
        }
    }
}

/// Who holds a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assignee {
    /// A user or a service account.
    Principal(PrincipalId),
    /// A team, and so everybody in it.
    Team(TeamId),
    /// A pending invitation, and so whoever accepts it.
    Invitation(InvitationId),
}

/// A role at a place, as it counts for one principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub place: Place,
    /// Through which team, if not directly.
    pub via_team: Option<TeamId>,
}
