//! Who can act: users and service accounts.

use serde_json::{Map, Value};

use crate::env::Timestamp;
use crate::ids::{CredentialId, OrganizationId, PrincipalId};

/// The two kinds of principals. They are separate name spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A bot that belongs to one organization.
    ServiceAccount,
}

impl PrincipalKind {
    /// The word in the database and in audit events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ServiceAccount => "service_account",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::ServiceAccount].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A user or a service account. Holds no password: that is read only where one is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// Its id; what workspace servers know as the external user id.
    pub id: PrincipalId,
    /// Person or bot.
    pub kind: PrincipalKind,
    /// The organization a service account belongs to; none for people.
    pub organization: Option<OrganizationId>,
    /// Unique per kind without regard to case, never used again by another.
    pub username: String,
    /// The e-mail address, if known.
    pub email: Option<String>,
    /// The name for display.
    pub name: Option<String>,
    /// What a service account is for.
    pub description: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// Where the person works.
    pub company: Option<String>,
    /// What the person does.
    pub job_title: Option<String>,
    /// Free data of the console.
    pub metadata: Map<String, Value>,
    /// Whether it may act at all.
    pub is_active: bool,
    /// Whether it bypasses permissions in the whole installation.
    pub is_superuser: bool,
    /// The reserved administrator: cannot be deleted or renamed.
    pub is_reserved: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// The password must be changed before anything else.
    pub password_expired: bool,
    /// Whether the console's first steps are done.
    pub is_onboarded: bool,
    /// Tokens that were issued to it before this moment are void.
    pub tokens_valid_after: Timestamp,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl Principal {
    /// Whether it is a bot.
    #[must_use]
    pub fn is_service_account(&self) -> bool {
        self.kind == PrincipalKind::ServiceAccount
    }

    /// The account that a credential of it is in workspaces, when it is narrowed there: never an administrator,
    /// and under a name that no account can have.
    #[must_use]
    pub fn narrowed_to(&self, credential: CredentialId) -> Self {
        Self {
            id: PrincipalId(credential.0),
            username: format!("{}:{}", self.username, credential.0.simple()),
            name: Some(format!("{} (narrowed)", self.name.as_ref().unwrap_or(&self.username))),
            email: None,
            is_superuser: false,
            ..self.clone()
        }
    }

    /// The address that workspace servers get: never empty, since they refuse people without one.
    #[must_use]
    pub fn wire_email(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.username)
    }
}
