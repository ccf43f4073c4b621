//! Workspaces and their life.

use std::fmt;

use crate::env::Timestamp;
use crate::error::{Error, Result};
use crate::ids::{OrganizationId, PrincipalId, WorkspaceId};
use crate::secret::SecretHash;

/// The state a workspace is in, or is wanted to be in. One list serves both, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkspaceState {
    /// Nothing was done yet.
    NotInitialized,
    /// Enrolled, and its server has not reported yet.
    Pending,
    /// In use.
    Available,
    /// Something is broken; `state_reason` says what.
    Failed,
    /// Switched off: nobody gets in, its machine included.
    Deactivated,
    /// Gone.
    Deleted,
}

impl WorkspaceState {
    const ALL: [Self; 6] = [
        Self::NotInitialized,
        Self::Pending,
        Self::Available,
        Self::Failed,
        Self::Deactivated,
        Self::Deleted,
    ];

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotInitialized => "not_initialized",
            Self::Pending => "pending",
            Self::Available => "available",
            Self::Failed => "failed",
            Self::Deactivated => "deactivated",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Reads a desired state: `pending` and `failed` happen, they cannot be wanted.
    pub fn parse_desired(field: &str, text: &str) -> Result<Self> {
        match Self::parse(text) {
            Some(state @ (Self::NotInitialized | Self::Available | Self::Deactivated)) => Ok(state),
            _ => Err(Error::invalid(
                field,
                format!("'{text}' is not one of not_initialized, available, deactivated"),
            )),
        }
    }
}

impl fmt::Display for WorkspaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A workspace: an externally run server that is enrolled here.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its id; the OAuth 2 client id of its machine. Never changes.
    pub id: WorkspaceId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name, unique in the installation without regard to case.
    pub name: String,
    /// The name for display.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// A picture.
    pub logo_url: Option<String>,
    /// Who made it or took it over.
    pub owner: Option<PrincipalId>,
    /// Whether we run it ourselves; enrolled workspaces are run by others.
    pub is_managed: bool,
    /// What is wanted.
    pub desired_state: WorkspaceState,
    /// What is.
    pub status: WorkspaceState,
    /// Why it is so; empty if there is nothing to say.
    pub state_reason: String,
    /// When `status` last changed.
    pub status_updated: Timestamp,
    /// Where clients reach it: what its server reported, else what was set.
    pub server_url: Option<String>,
    /// The version its server reported.
    pub server_version: Option<String>,
    /// When its server was last heard of.
    pub last_seen: Option<Timestamp>,
    /// The hash of the enrollment key, i.e. of the client secret of its machine.
    pub enrollment_hash: Option<SecretHash>,
    /// Counts the rotations of the enrollment key: a machine token names the one it was issued for.
    pub enrollment_generation: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl Workspace {
    /// Whether people and its machine may use it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.status, WorkspaceState::Deactivated | WorkspaceState::Deleted)
            && self.desired_state != WorkspaceState::Deactivated
    }
}
