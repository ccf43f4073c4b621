//! The operations of the control plane, a file a noun.

mod audit;
mod auth;
mod examples;
mod explanations;
mod info;
mod members;
mod organizations;
mod rbac;
mod roles;
mod service_accounts;
mod teams;
mod tokens;
mod usage;
mod users;
mod workspaces;

use http::Method;
use model::{Action, Permission, ResourceType};

use crate::registry::Operation;

/// All operations of the control plane, in the order in which the documentation shows them.
pub(crate) fn operations() -> Vec<Operation> {
    [
        info::operations(),
        auth::operations(),
        users::operations(),
        tokens::operations(),
        organizations::operations(),
        members::operations(),
        teams::operations(),
        service_accounts::operations(),
        workspaces::operations(),
        roles::operations(),
        rbac::operations(),
        explanations::operations(),
        usage::operations(),
        audit::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn get(path: &'static str) -> (Method, &'static str) {
    (Method::GET, path)
}

fn post(path: &'static str) -> (Method, &'static str) {
    (Method::POST, path)
}

fn put(path: &'static str) -> (Method, &'static str) {
    (Method::PUT, path)
}

fn patch(path: &'static str) -> (Method, &'static str) {
    (Method::PATCH, path)
}

fn delete(path: &'static str) -> (Method, &'static str) {
    (Method::DELETE, path)
}

/// The permission to do `action` on `resource`.
const fn may(resource: ResourceType, action: Action) -> Permission {
    Permission::new(resource, action)
}
