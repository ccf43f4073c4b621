//! The decision, and the proof of it.
//!
//! A [`Permit`] is made by [`decide`] and nowhere else; the store gives no session without one. Whether a
//! session can write is a type parameter, so a read that writes does not compile.

use std::fmt;
use std::marker::PhantomData;

use crate::access::{Access, Admission};
use crate::audit::Actor;
use crate::credential_scope::CredentialScope;
use crate::error::{Error, ErrorKind, code};
use crate::ids::{OrganizationId, PrincipalId, WorkspaceId};
use crate::permission::{Action, Permission, ResourceType};
use crate::principal::Principal;
use crate::role::Place;
use crate::workspace::Workspace;

mod sealed {
    pub trait Sealed {}
}

/// Whether a permit allows to write.
pub trait Mode: sealed::Sealed + Send + Sync + 'static {
    /// Whether sessions of this mode write.
    const WRITES: bool;
}

/// The mode of permits that only read.
#[derive(Debug)]
pub enum Read {}

/// The mode of permits that read and write.
#[derive(Debug)]
pub enum Write {}

impl sealed::Sealed for Read {}
impl sealed::Sealed for Write {}
impl Mode for Read {
    const WRITES: bool = false;
}
impl Mode for Write {
    const WRITES: bool = true;
}

/// Why the program itself reaches for data, without a caller who was checked. The list is a golden file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemReason {
    /// Somebody signs in: who it is, is the question.
    SignIn,
    /// The first start of an installation.
    Bootstrap,
    /// Flushing last-used times, clearing out what is expired, rotating signing keys.
    Maintenance,
    /// An operator at the command line of the machine that holds the database.
    Operator,
}

impl SystemReason {
    /// All reasons.
    pub const ALL: &'static [Self] = &[Self::SignIn, Self::Bootstrap, Self::Maintenance, Self::Operator];

    /// The word in audit events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Bootstrap => "bootstrap",
            Self::Maintenance => "maintenance",
            Self::Operator => "operator",
        }
    }
}

/// How far a permit reaches. Statements select with this in their WHERE clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The caller's own account.
    Account(PrincipalId),
    /// One organization.
    Organization(OrganizationId),
    /// One workspace of an organization.
    Workspace(OrganizationId, WorkspaceId),
    /// The whole installation.
    Instance,
    /// What the visibility says.
    Visible,
}

/// Which rows a list may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// All rows of the scope.
    All,
    /// Only what lies in these organizations and workspaces, and what belongs to or was shared with somebody.
    Listed {
        /// Organizations of which everything may be seen.
        organizations: Vec<OrganizationId>,
        /// Single workspaces.
        workspaces: Vec<WorkspaceId>,
        /// Whose own things and shares count besides, if anybody's.
        shared_with: Option<PrincipalId>,
    },
}

/// Proof that a decision was made. Cannot be made outside this file.
#[derive(Debug, Clone)]
pub struct Permit<M: Mode> {
    permission: Option<Permission>,
    scope: Scope,
    visibility: Visibility,
    actor: Actor,
    mode: PhantomData<M>,
}

impl<M: Mode> Permit<M> {
    fn new(permission: Option<Permission>, scope: Scope, actor: Actor) -> Self {
        Self { permission, scope, visibility: Visibility::All, actor, mode: PhantomData }
    }

    /// A permit for the program itself.
    #[must_use]
    pub fn system(reason: SystemReason) -> Self {
        let actor = Actor {
            kind: "system",
            id: uuid::Uuid::nil(),
            name: reason.as_str().to_owned(),
            credential: None,
        };
        Self::new(None, Scope::Instance, actor)
    }

    /// The right that was checked; none for the program itself and for one's own account.
    #[must_use]
    pub fn permission(&self) -> Option<Permission> {
        self.permission
    }

    /// How far it reaches.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Which rows lists may show.
    #[must_use]
    pub fn visibility(&self) -> &Visibility {
        &self.visibility
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// What somebody wants to reach.
#[derive(Debug)]
pub enum Target<'a> {
    /// The caller's own account; every principal may.
    OwnAccount,
    /// The installation as a whole; super-users may.
    Instance,
    /// An organization.
    Organization(Access<'a>),
    /// A workspace, or a project of it.
    Workspace {
        /// The caller in the owning organization.
        access: Access<'a>,
        /// The workspace.
        workspace: &'a Workspace,
        /// Where in it the right is needed.
        place: Place,
        /// How the caller gets in.
        admission: Admission,
    },
    /// A list across organizations, limited to what the caller may see.
    Everything(Visibility),
    /// The workspace whose machine is calling.
    OwnWorkspace(&'a Workspace),
}

/// Who wants it.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// A user or service account, and what its credential leaves of its rights.
    Principal(&'a Principal, Option<&'a CredentialScope>),
    /// The machine of a workspace.
    Machine(&'a Workspace),
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// The caller may not know that it exists.
    Hidden {
        /// What sort of thing.
        noun: &'static str,
        /// How the caller called it.
        name: String,
    },
    /// The right is missing.
    Missing(Permission),
    /// The principal has the right, and its credential is narrowed to less.
    OutOfScope(Permission),
    /// Only super-users may.
    SuperuserOnly(Permission),
    /// Not meant for this sort of caller.
    WrongCaller(&'static str),
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Hidden { noun, name } => Self::not_found(noun, name),
            Denied::Missing(permission) => Self::forbidden(format!(
                "You need the permission {permission} for this. Ask an administrator for a role that has it."
            ))
            .lacking(vec![permission.to_string()]),
            Denied::OutOfScope(permission) => Self::new(
                ErrorKind::Forbidden,
                code::CREDENTIAL_SCOPE,
                format!(
                    "Your credential is narrowed and leaves no {permission} here. Use one with a wider scope."
                ),
            )
            .lacking(vec![permission.to_string()]),
            Denied::SuperuserOnly(permission) => {
                Self::forbidden("Only super-users may do this.").lacking(vec![permission.to_string()])
            }
            Denied::WrongCaller(message) => Self::new(ErrorKind::Forbidden, code::WRONG_CREDENTIAL, message),
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Error::from(self.clone()).message)
    }
}

/// Decides whether the caller may use the permission on the target, and proves a yes.
///
/// What the caller may not read does not exist for it; what it may read but not do is refused by name.
pub fn decide<M: Mode>(
    caller: Caller<'_>,
    permission: Permission,
    target: &Target<'_>,
    actor: &Actor,
) -> Result<Permit<M>, Denied> {
    let grant = |scope| Ok(Permit::new(Some(permission), scope, actor.clone()));
    match (caller, target) {
        (Caller::Machine(machine), Target::OwnWorkspace(workspace)) if machine.id == workspace.id => {
            if !workspace.is_open() {
                return Err(Denied::WrongCaller("This workspace is deactivated."));
            }
            grant(Scope::Workspace(workspace.organization, workspace.id))
        }
        (Caller::Machine(_), _) => {
            Err(Denied::WrongCaller("This endpoint is for users, not for workspace servers."))
        }
        (Caller::Principal(..), Target::OwnWorkspace(_)) => {
            Err(Denied::WrongCaller("This endpoint is for workspace servers only."))
        }
        (Caller::Principal(principal, _), _) if !principal.is_active => {
            Err(Denied::WrongCaller("This account is deactivated."))
        }
        (Caller::Principal(principal, scope), Target::OwnAccount) => {
            require_left(scope, permission)?;
            grant(Scope::Account(principal.id))
        }
        (Caller::Principal(principal, scope), Target::Instance) => {
            if !principal.is_superuser {
                return Err(Denied::SuperuserOnly(permission));
            }
            if scope.is_some_and(CredentialScope::is_bound) {
                return Err(Denied::OutOfScope(permission));
            }
            require_left(scope, permission)?;
            grant(Scope::Instance)
        }
        (Caller::Principal(..), Target::Organization(access)) => {
            let organization = &access.organization.organization;
            if !access.is_present() {
                return Err(hidden("organization", &organization.name));
            }
            require(access, Place::Organization, permission)?;
            grant(Scope::Organization(organization.id))
        }
        (Caller::Principal(..), Target::Workspace { access, workspace, place, admission }) => {
            if *admission == Admission::None {
                return Err(hidden("workspace", &workspace.name));
            }
            // Whoever gets in may see what it got into; everything else needs a role.
            if permission != Permission::new(ResourceType::Workspace, Action::Read) {
                require(access, *place, permission)?;
            }
            grant(Scope::Workspace(workspace.organization, workspace.id))
        }
        (Caller::Principal(_, scope), Target::Everything(visibility)) => {
            require_left(scope, permission)?;
            let mut permit = Permit::new(Some(permission), Scope::Visible, actor.clone());
            permit.visibility = visibility.clone();
            Ok(permit)
        }
    }
}

fn require_left(scope: Option<&CredentialScope>, permission: Permission) -> Result<(), Denied> {
    let is_left = scope.is_none_or(|scope| scope.permissions().allows(permission));
    if is_left { Ok(()) } else { Err(Denied::OutOfScope(permission)) }
}

fn hidden(noun: &'static str, name: &str) -> Denied {
    Denied::Hidden { noun, name: name.to_owned() }
}

fn require(access: &Access<'_>, place: Place, permission: Permission) -> Result<(), Denied> {
    if access.at(place).allows(permission) {
        return Ok(());
    }
    let unlimited = Access { scope: None, ..*access };
    let is_held = unlimited.at(place).allows(permission);
    Err(if is_held { Denied::OutOfScope(permission) } else { Denied::Missing(permission) })
}
