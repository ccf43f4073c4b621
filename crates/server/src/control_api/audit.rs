//! The audit log of an organization.

use model::{Action, Read, ResourceType, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{examples, get, may};
use crate::call::Call;
use crate::input::{Query, page};
use crate::registry::{Access, Operation, tagged};
use crate::reply::List;
use crate::target::Target;
use crate::wire::AuditEvent;

/// Which events to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    /// Only what happened so, e.g. `api_key.created`.
    action: Option<String>,
    /// Rows to skip.
    offset: Option<i64>,
    /// Rows to return.
    limit: Option<i64>,
}

pub(super) fn operations() -> Vec<Operation> {
    let read = |target| Access::Permission(may(ResourceType::AuditEvent, Action::Read), target);
    let of_organization = "/organizations/{organization}/audit_events";
    tagged(
        "Audit",
        vec![
            Operation::new("list_audit_events", get(of_organization), read(Target::Organization), list)
                .summary("Lists who changed what in an organization, newest first")
                .details("Each event carries the hash of the one before it.")
                .example(json!([examples::audit_event()])),
            Operation::new("list_all_audit_events", get("/audit_events"), read(Target::Instance), list)
                .summary("Lists who changed what in the whole installation, newest first")
                .example(json!([examples::audit_event()])),
        ],
    )
}

async fn list(call: &mut Call<Read>, Query(query): Query<EventQuery>) -> Result<List<AuditEvent>> {
    let page = page(query.offset, query.limit)?;
    Ok(List(call.session().list_audit_events(query.action, page).await?.map(AuditEvent::from)))
}
