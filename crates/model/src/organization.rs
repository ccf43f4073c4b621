//! Organizations.

use serde_json::{Map, Value};

use crate::env::Timestamp;
use crate::ids::{OrganizationId, PrincipalId};

/// The owner of workspaces, service accounts, teams and roles.
#[derive(Debug, Clone, PartialEq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, unique in the installation without regard to case.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// A picture.
    pub logo_url: Option<String>,
    /// Who made it or took it over.
    pub owner: Option<PrincipalId>,
    /// Whether anything in it works.
    pub is_active: bool,
    /// Free settings of the console.
    pub settings: Map<String, Value>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}
