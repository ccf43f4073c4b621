//! Where everything is kept: one code path over SQLite and PostgreSQL.
//!
//! Tenant data is reached through a [`Session`], a session is had for a [`model::Permit`], and a permit is made
//! by [`model::decide`]. The facts that decisions rest on are served by [`Facts`] from memory; what changes
//! them is told to it by the commit path in this crate and by nothing else. This crate knows no HTTP.

mod audit;
mod cache;
mod change;
mod credentials;
mod db;
mod dialect;
mod facts;
mod follower;
mod keys;
mod ledger;
mod members;
mod migrate;
mod organizations;
mod population;
mod principals;
mod roles;
mod row;
mod select;
mod session;
mod shares;
mod store;
mod teams;
mod tokens;
mod usage;
mod value;
mod vault;
mod workspaces;

pub use audit::AuditReport;
pub use db::Options;
pub use dialect::Dialect;
pub use facts::{Facts, OrganizationEntry, PrincipalFacts, WorkspaceEntry};
pub use keys::{ServerKeys, SigningKey};
pub use ledger::Use;
pub use members::{Holder, Member, MemberFilter};
pub use organizations::OrganizationFilter;
pub use population::Inhabitant;
pub use principals::PrincipalFilter;
pub use roles::{AssignedRole, AssignmentFilter, RoleFilter};
pub use select::Page;
pub use session::{Listed, Session};
pub use shares::{Share, Shared};
pub use store::Store;
pub use teams::CountedTeam;
pub use usage::UsageReport;
pub use vault::MasterKey;
pub use workspaces::WorkspaceFilter;

/// Every statement of this crate, for the tests that prepare them on both databases.
#[must_use]
pub fn statement_texts() -> Vec<(&'static str, &'static str)> {
    let modules = [
        audit::statements(),
        credentials::statements(),
        facts::statements(),
        follower::statements(),
        keys::statements(),
        members::statements(),
        organizations::statements(),
        population::statements(),
        principals::statements(),
        roles::statements(),
        session::statements(),
        shares::statements(),
        teams::statements(),
        tokens::statements(),
        usage::statements(),
        workspaces::statements(),
    ];
    let records = store::record_statements();
    modules.concat().into_iter().chain(records).map(|statement| (statement.name, statement.sql())).collect()
}

/// Every rule of uniqueness with the message for callers, for the tests that break each on both databases.
#[must_use]
pub fn unique_rules() -> Vec<(&'static str, &'static str)> {
    dialect::UNIQUES.iter().map(|rule| (rule.name, rule.message)).collect()
}
