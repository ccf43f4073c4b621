//! Events of the audit log as clients see them.

use model::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// An event of the audit log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditEvent {
    /// Its id.
    pub id: Uuid,
    /// Its number in the log of the organization.
    pub sequence: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: AuditActor,
    /// What happened.
    pub action: String,
    /// To what it happened.
    pub target: AuditTarget,
    /// What changed, as it was.
    pub before: Option<Value>,
    /// What changed, as it became.
    pub after: Option<Value>,
    /// The request.
    pub request_id: String,
    /// From which address.
    pub ip: Option<String>,
    /// With which client.
    pub user_agent: Option<String>,
    /// The hash of the event before it, in hexadecimal.
    pub previous_hash: String,
    /// The hash of this event, in hexadecimal.
    pub hash: String,
}

/// Who did something.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditActor {
    /// `user`, `service_account`, `workspace` or `system`.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its name at that time.
    pub name: String,
    /// The key or token it acted with.
    pub credential_id: Option<Uuid>,
}

/// To what something happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AuditTarget {
    /// The kind of thing.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its name at that time.
    pub name: String,
}

impl From<model::audit::Entry> for AuditEvent {
    fn from(entry: model::audit::Entry) -> Self {
        let hash = hex(&entry.hash());
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Self {
            id: entry.id,
            sequence: entry.sequence,
            at: entry.at,
            actor: AuditActor {
                kind: entry.actor_kind,
                id: entry.actor_id,
                name: entry.actor_name,
                credential_id: entry.credential_id,
            },
            action: entry.action,
            target: AuditTarget { kind: entry.target_kind, id: entry.target_id, name: entry.target_name },
            before: value(entry.before),
            after: value(entry.after),
            request_id: entry.request_id,
            ip: entry.ip,
            user_agent: entry.user_agent,
            previous_hash: hex(&entry.previous_hash),
            hash,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
