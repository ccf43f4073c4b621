//! The one error type and its closed list of kinds.

use std::fmt;

/// The result of everything that can fail in Claviger.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is. The list is closed: every wire dialect renders every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The input is malformed, or a value breaks a rule.
    Invalid,
    /// A well-formed request that makes no sense in the present state.
    Illegal,
    /// Nobody, or nobody we know, is asking.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// A limit of the organization's plan is reached.
    Exhausted,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// It exists already, or somebody changed it meanwhile.
    Conflict,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is of a type the endpoint does not read.
    UnsupportedMedia,
    /// Too many requests; try again later.
    RateLimited,
    /// Cannot answer truthfully right now; try again later.
    Unavailable,
    /// Our fault.
    Internal,
}

/// A problem of one input field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as the caller spells it.
    pub field: String,
    /// What is wrong with the value and what would be right.
    pub problem: String,
}

/// A failure: what kind, a stable code, a message for the caller, and the cause for the log.
pub struct Error {
    /// The kind; decides the status on the wire.
    pub kind: ErrorKind,
    /// A stable kebab-case code from [`code`].
    pub code: &'static str,
    /// For the caller. Never holds secrets, nor internals.
    pub message: String,
    /// Problems by field.
    pub fields: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
    /// What would have been needed, if that is why.
    pub missing: Option<Box<MissingPermissions>>,
    /// The cause, for the log only: [`fmt::Display`] does not show it.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What somebody would have needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPermissions {
    /// The permissions, as patterns.
    pub permissions: Vec<String>,
    /// The names of the roles that grant them, if the caller may know.
    pub granted_by: Vec<String>,
}

/// The stable error codes.
pub mod code {
    /// A field's value breaks its rule.
    pub const INVALID_FIELD: &str = "invalid-field";
    /// The request could not be read.
    pub const MALFORMED: &str = "malformed-request";
    /// The operation does not apply in the present state.
    pub const ILLEGAL_OPERATION: &str = "illegal-operation";
    /// No, or no valid, credential.
    pub const CREDENTIALS_INVALID: &str = "credentials-invalid";
    /// The credential was right and is switched off.
    pub const CREDENTIALS_INACTIVE: &str = "credentials-inactive";
    /// The credential was right and is past its life.
    pub const CREDENTIALS_EXPIRED: &str = "credentials-expired";
    /// The password must be changed first.
    pub const PASSWORD_EXPIRED: &str = "password-expired";
    /// The grant type of a login is not known.
    pub const UNSUPPORTED_GRANT: &str = "unsupported-grant";
    /// A permission is missing.
    pub const PERMISSION_DENIED: &str = "permission-denied";
    /// The credential is narrowed to something else.
    pub const CREDENTIAL_SCOPE: &str = "credential-scope";
    /// This sort of credential may not do that.
    pub const WRONG_CREDENTIAL: &str = "wrong-credential";
    /// A limit of the plan is reached.
    pub const LIMIT_REACHED: &str = "limit-reached";
    /// There is no such thing.
    pub const NOT_FOUND: &str = "not-found";
    /// The path exists, the method does not.
    pub const METHOD_NOT_ALLOWED: &str = "method-not-allowed";
    /// Something of that name exists.
    pub const EXISTS: &str = "already-exists";
    /// It cannot be deleted while others refer to it.
    pub const IN_USE: &str = "in-use";
    /// Somebody else changed the same thing; the transaction may be tried again.
    pub const TRANSACTION_CONFLICT: &str = "transaction-conflict";
    /// The body is too large.
    pub const TOO_LARGE: &str = "body-too-large";
    /// The media type is not read here.
    pub const UNSUPPORTED_MEDIA: &str = "unsupported-media-type";
    /// Too many requests.
    pub const RATE_LIMITED: &str = "rate-limited";
    /// The node's view of the database is too old, or the database is away.
    pub const UNAVAILABLE: &str = "unavailable";
    /// A request took too long.
    pub const TIMEOUT: &str = "timeout";
    /// A cross-site request was refused.
    pub const CROSS_SITE: &str = "cross-site-request";
    /// A bug.
    pub const INTERNAL: &str = "internal-error";
}

impl Error {
    /// An error of a kind with a code and a message for the caller.
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            missing: None,
            source: None,
        }
    }

    /// A field's value breaks a rule. `problem` says what is wrong and what would be right.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let (field, problem) = (field.into(), problem.into());
        let message = format!("{field}: {problem}");
        let mut error = Self::new(ErrorKind::Invalid, code::INVALID_FIELD, message);
        error.fields.push(FieldError { field, problem });
        error
    }

    /// The operation does not apply in the present state, or is not meant for this caller.
    pub fn illegal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Illegal, code::ILLEGAL_OPERATION, message)
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, code::PERMISSION_DENIED, message)
    }

    /// No, or no valid, credential.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, code::CREDENTIALS_INVALID, message)
    }

    /// There is no `noun` called `name`, or the caller may not know of it.
    pub fn not_found(noun: &str, name: impl fmt::Display) -> Self {
        Self::new(
            ErrorKind::NotFound,
            code::NOT_FOUND,
            format!("No {noun} '{name}' exists that you can see."),
        )
    }

    /// Something of that name exists.
    pub fn exists(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, code::EXISTS, message)
    }

    /// Cannot answer right now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::Unavailable, code::UNAVAILABLE, message);
        error.retry_after = Some(2);
        error
    }

    /// Our fault; the cause goes to the log, the caller learns nothing of it.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut error = Self::new(ErrorKind::Internal, code::INTERNAL, "Something went wrong on our side.");
        error.source = Some(source.into());
        error
    }

    /// Names the permissions that would have been needed.
    #[must_use]
    pub fn lacking(mut self, permissions: Vec<String>) -> Self {
        self.missing = Some(Box::new(MissingPermissions { permissions, granted_by: Vec::new() }));
        self
    }

    /// Attaches the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets the code.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// Whether running the same transaction again may succeed.
    #[must_use]
    pub fn is_transaction_conflict(&self) -> bool {
        self.code == code::TRANSACTION_CONFLICT
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} [{}] {}", self.kind, self.code, self.message)?;
        let mut cause = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
