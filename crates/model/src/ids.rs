//! Typed identifiers: a UUID that knows what it identifies.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every typed id can do; lets generic code make and unwrap ids.
pub trait Id: Copy + Eq + fmt::Display + Send + Sync + 'static {
    /// The noun the id belongs to, as error messages name it.
    const NOUN: &'static str;
    /// Wraps a raw UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The raw UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl Id for $name {
            const NOUN: &'static str = $noun;
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }
    )*};
}

ids! {
    /// A user or a service account.
    PrincipalId = "account";
    /// An organization.
    OrganizationId = "organization";
    /// A workspace.
    WorkspaceId = "workspace";
    /// A project inside a workspace.
    ProjectId = "project";
    /// An API key or a personal access token.
    CredentialId = "key";
    /// A role.
    RoleId = "role";
    /// A team.
    TeamId = "team";
    /// An invitation.
    InvitationId = "invitation";
    /// An issued session token (its `jti`).
    TokenId = "token";
}
