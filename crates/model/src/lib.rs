//! The rules of Claviger, free of I/O.
//!
//! Ids, names, roles, credentials, the permission decision and its proof, the token format, and the errors.
//! This crate knows no runtime, no SQL, no HTTP and no environment: time and randomness come in as
//! parameters ([`Clock`], [`Entropy`]), facts about principals come in as values.

pub mod access;
pub mod audit;
pub mod catalogue;
pub mod credential;
pub mod credential_scope;
pub mod effective;
pub mod env;
pub mod error;
pub mod explain;
pub mod grants;
pub mod ids;
pub mod key;
pub mod name;
pub mod organization;
pub mod permission;
pub mod permit;
pub mod predefined;
pub mod principal;
pub mod resource;
pub mod role;
pub mod secret;
pub mod session_token;
pub mod team;
pub mod workspace;

pub use access::{Access, Admission, Membership, OrganizationFacts, Shares, WorkspaceFacts};
pub use credential::{Credential, CredentialFacts, CredentialKind, Rejection};
pub use credential_scope::CredentialScope;
pub use effective::{Difference, EffectivePermissions};
pub use env::{Clock, Entropy, Env, Timestamp};
pub use error::{Error, ErrorKind, FieldError, Result};
pub use explain::{Explanation, Ground, Obstacle, Question, explain};
pub use grants::Grants;
pub use ids::{
    CredentialId, InvitationId, OrganizationId, PrincipalId, ProjectId, RoleId, TeamId, TokenId, WorkspaceId,
};
pub use key::Key;
pub use organization::Organization;
pub use permission::{Action, ActionSet, Permission, ResourceType};
pub use permit::{
    Caller, Denied, Mode, Permit, Read, Scope, SystemReason, Target, Visibility, Write, decide,
};
pub use principal::{Principal, PrincipalKind};
pub use resource::Resource;
pub use role::{Assignee, Assignment, Level, Place, Role};
pub use secret::{Pepper, Peppers, Secret, SecretHash};
pub use session_token::{Claims, TokenKind};
pub use team::Team;
pub use workspace::{Workspace, WorkspaceState};
