//! What is counted, and the limits on it.

use std::collections::BTreeMap;

use control::usage::{self, UsageEvent};
use model::{Action, Error, ErrorKind, Read, ResourceType, Result, WorkspaceId, Write};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{get, may, post, put};
use crate::call::{Call, Memory};
use crate::input::{Json, NoFields, Nothing, Query};
use crate::registry::{Access, Operation, tagged};
use crate::reply::Json as Reply;
use crate::target::Target;

/// Reports of several counts at once: by workspace and feature, or as single events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum UsageBatch {
    /// By workspace and feature.
    Counts(BTreeMap<String, BTreeMap<String, i64>>),
    /// As single events.
    Events(Vec<UsageEvent>),
}

pub(super) fn operations() -> Vec<Operation> {
    let billing = |action| Access::Permission(may(ResourceType::Billing, action), Target::Organization);
    tagged(
        "Usage",
        vec![
            Operation::new("record_usage_event", post("/usage-event"), Access::Machine, record)
                .summary("Counts what a workspace server reports; the same report twice counts once")
                .example(json!({"counted": true}))
                .unlimited(),
            Operation::new("record_usage_batch", post("/usage-batch"), Access::Machine, record_batch)
                .summary("Counts several reports of a workspace server")
                .example(json!({"counted": true}))
                .unlimited(),
            Operation::new(
                "check_entitlement",
                get("/organizations/{organization}/entitlement/{feature}"),
                Access::Authenticated("answers machines only, about their own organization"),
                check_entitlement,
            )
            .summary(
                "Tells a workspace server whether one more is allowed: 200, or 402 when the limit is reached",
            )
            .example(json!({"feature": "pipeline", "allowed": true}))
            .unlimited(),
            Operation::new(
                "list_entitlements",
                get("/organizations/{organization}/entitlements"),
                billing(Action::Read),
                list_entitlements,
            )
            .summary("Lists the limits of an organization; what has none is not listed")
            .example(json!({"pipeline": 100})),
            Operation::new(
                "set_entitlements",
                put("/organizations/{organization}/entitlements"),
                Access::Permission(may(ResourceType::Instance, Action::Update), Target::Organization),
                set_entitlements,
            )
            .summary("Sets limits of an organization; null lifts one")
            .example(json!({"pipeline": 100})),
            Operation::new(
                "get_usage",
                get("/organizations/{organization}/usage"),
                Access::Permission(may(ResourceType::Usage, Action::Read), Target::Organization),
                get_usage,
            )
            .summary("Shows what is counted in an organization, by workspace")
            .example(json!({"0190a000-0000-7000-8000-000000000004": {"pipeline_run": 12}})),
        ],
    )
}

async fn record(call: &mut Call<Write>, Json(event): Json<UsageEvent>) -> Result<Reply<Value>> {
    record_one(call, &event).await?;
    Ok(Reply(json!({"counted": true})))
}

async fn record_one(call: &mut Call<Write>, event: &UsageEvent) -> Result<()> {
    let workspace = call.workspace()?.clone();
    let entry = call.platform().store.facts().organization(workspace.organization).await?;
    let entry = entry.ok_or_else(|| Error::not_found("organization", workspace.organization))?;
    let candidates = call.app.project_candidates.of(workspace.id, call.platform().now());
    usage::record(call.session(), &workspace, &entry.facts, event, &candidates).await
}

async fn record_batch(call: &mut Call<Write>, Json(batch): Json<UsageBatch>) -> Result<Reply<Value>> {
    let own = call.workspace()?.id;
    let events = match batch {
        UsageBatch::Events(events) => events,
        UsageBatch::Counts(workspaces) => {
            let own_counts = workspaces.into_iter().filter(|(id, _)| id.parse::<WorkspaceId>() == Ok(own));
            own_counts
                .flat_map(|(_, counts)| counts)
                .map(|(feature, total)| UsageEvent { organization_id: None, feature, total, metadata: None })
                .collect()
        }
    };
    for event in events.iter().take(10_000) {
        record_one(call, event).await?;
    }
    Ok(Reply(json!({"counted": true})))
}

async fn check_entitlement(call: &mut Call<Memory>, _: Nothing) -> Result<Reply<Value>> {
    let entry = call.machine()?.clone();
    let feature = call.raw.param("feature")?.to_owned();
    let organization = call.raw.param("organization")?;
    if organization.parse() != Ok(entry.facts.workspace.organization) {
        return Err(Error::not_found("organization", organization));
    }
    let who = call.who()?.clone();
    let limit = call.platform().find_entitlement(&who, &feature, call.raw.origin()).await?;
    if let Some((ceiling, used)) = limit.filter(|(ceiling, used)| used >= ceiling) {
        let message = format!("The limit of {ceiling} for '{feature}' is reached ({used} in use).");
        return Err(Error::new(ErrorKind::Exhausted, model::error::code::LIMIT_REACHED, message));
    }
    Ok(Reply(json!({"feature": feature, "allowed": true})))
}

async fn list_entitlements(call: &mut Call<Read>, _: Nothing) -> Result<Reply<BTreeMap<String, i64>>> {
    call.session().list_entitlements().await.map(Reply)
}

async fn set_entitlements(
    call: &mut Call<Write>,
    (Query(NoFields {}), Json(limits)): (Query<NoFields>, Json<BTreeMap<String, Option<i64>>>),
) -> Result<Reply<BTreeMap<String, i64>>> {
    let superuser = call.account()?.is_superuser;
    let organization = call.organization()?.organization.clone();
    usage::set_entitlements(call.session(), &organization, superuser, limits).await.map(Reply)
}

async fn get_usage(
    call: &mut Call<Read>,
    _: Nothing,
) -> Result<Reply<BTreeMap<WorkspaceId, BTreeMap<String, i64>>>> {
    call.session().list_usage().await.map(Reply)
}
