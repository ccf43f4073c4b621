//! What changed in who-may-do-what: the words of the change log, by which caches are kept true.

use model::{CredentialId, OrganizationId, PrincipalId, Timestamp, TokenId, WorkspaceId};
use uuid::Uuid;

/// A change that caches must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Change {
    /// A key or token.
    Credential(CredentialId),
    /// An account, or which organizations it belongs to.
    Principal(PrincipalId),
    /// An organization, its roles, members, assignments and teams.
    Organization(OrganizationId),
    /// A workspace, or the shares in it.
    Workspace(WorkspaceId),
    /// A session token was revoked; it would have lived until then.
    Token(TokenId, Timestamp),
    /// Peppers or signing keys.
    ServerKeys,
}

impl Change {
    /// The kind, the subject and the time limit, as stored.
    pub(crate) fn parts(self) -> (&'static str, Uuid, Timestamp) {
        match self {
            Self::Credential(id) => ("credential", id.0, Timestamp(0)),
            Self::Principal(id) => ("principal", id.0, Timestamp(0)),
            Self::Organization(id) => ("organization", id.0, Timestamp(0)),
            Self::Workspace(id) => ("workspace", id.0, Timestamp(0)),
            Self::Token(id, until) => ("token", id.0, until),
            Self::ServerKeys => ("server_keys", Uuid::nil(), Timestamp(0)),
        }
    }

    /// Reads the stored form. `None` for a kind that a newer node wrote.
    pub(crate) fn from_parts(kind: &str, subject: Uuid, until: Timestamp) -> Option<Self> {
        Some(match kind {
            "credential" => Self::Credential(CredentialId(subject)),
            "principal" => Self::Principal(PrincipalId(subject)),
            "organization" => Self::Organization(OrganizationId(subject)),
            "workspace" => Self::Workspace(WorkspaceId(subject)),
            "token" => Self::Token(TokenId(subject), until),
            "server_keys" => Self::ServerKeys,
            _ => return None,
        })
    }
}
