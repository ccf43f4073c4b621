//! What our own tokens say (RFC 7519): who, for what, until when, and what they were derived from.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::env::Timestamp;

/// What a token is for. Each kind is accepted only where it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A signed-in principal.
    User,
    /// The machine of a workspace.
    Machine,
    /// A principal, towards one workspace only.
    WorkspaceAuthorization,
}

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it (section 4.1.1).
    pub iss: String,
    /// For whom (section 4.1.3).
    pub aud: String,
    /// The principal, or the workspace for machines (section 4.1.2).
    pub sub: Uuid,
    /// Its own id, by which it can be revoked (section 4.1.7).
    pub jti: Uuid,
    /// When it was issued, in seconds (section 4.1.6).
    pub iat: i64,
    /// The same moment in microseconds: a sign-out must end a token of the same second, and spare the next.
    pub iat_us: i64,
    /// Its end, in seconds (section 4.1.4).
    pub exp: i64,
    /// When the caller showed a password or key, in seconds (`OpenID` Connect Core, section 2). Tokens that are
    /// made from tokens keep it, so that a chain of them has an end.
    pub auth_time: i64,
    /// What it is for.
    pub kind: TokenKind,
    /// The credential it was derived from: it ends with that. The principal itself stands for its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Uuid>,
    /// Which rotation of the credential or of the enrollment key, or which password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// The one workspace it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Uuid>,
}

impl Claims {
    /// Whether its time has come and not passed. A second of leeway covers clocks of several nodes.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.seconds() < self.exp && self.iat <= now.seconds().saturating_add(1)
    }
}
