//! Audit events, chained per organization so that a gap or a change shows.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::env::Timestamp;
use crate::ids::{CredentialId, OrganizationId};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `user`, `service_account`, `workspace` or `system`.
    pub kind: &'static str,
    /// Its id; nil for the system.
    pub id: Uuid,
    /// Its name at that time.
    pub name: String,
    /// The key or token it acted with.
    pub credential: Option<CredentialId>,
}

/// From where a request came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The id of the request, also in the log and in the answer.
    pub request_id: String,
    /// The address of the caller.
    pub ip: Option<String>,
    /// The client.
    pub user_agent: Option<String>,
}

/// Something happened that changes who may do what. Before it is written it has no place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The organization whose chain it joins; none for the installation's own chain.
    pub organization: Option<OrganizationId>,
    /// `noun.participle`, e.g. `api_key.created`.
    pub action: &'static str,
    /// The kind of thing that changed.
    pub target_kind: &'static str,
    /// Which one.
    pub target_id: Uuid,
    /// Its name at that time.
    pub target_name: String,
    /// What it was, without secrets.
    pub before: Option<Value>,
    /// What it became, without secrets.
    pub after: Option<Value>,
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The chain: the organization's id, or nil.
    pub chain: Uuid,
    /// Its number in the chain, from 1, without gaps.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Kind of the actor.
    pub actor_kind: String,
    /// Id of the actor.
    pub actor_id: Uuid,
    /// Name of the actor.
    pub actor_name: String,
    /// The credential it acted with.
    pub credential_id: Option<Uuid>,
    /// What happened.
    pub action: String,
    /// The kind of thing that changed.
    pub target_kind: String,
    /// Which one.
    pub target_id: Uuid,
    /// Its name.
    pub target_name: String,
    /// JSON text of what it was. Text, not JSON: the hash covers these very bytes.
    pub before: Option<String>,
    /// JSON text of what it became.
    pub after: Option<String>,
    /// The request.
    pub request_id: String,
    /// The address of the caller.
    pub ip: Option<String>,
    /// The client.
    pub user_agent: Option<String>,
    /// The hash of the event before it; zeros for the first.
    pub previous_hash: [u8; 32],
}

impl Entry {
    /// SHA-256 over the previous hash and all fields, each with its length, so that no two entries read alike.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.previous_hash);
        let numbers = format!("{}:{}", self.sequence, self.at.0);
        let ids = [self.id, self.chain, self.actor_id, self.target_id].map(|id| id.to_string());
        let credential = self.credential_id.map(|id| id.to_string());
        let optional = [&credential, &self.before, &self.after, &self.ip, &self.user_agent];
        let required = [
            &numbers,
            &self.actor_kind,
            &self.actor_name,
            &self.action,
            &self.target_kind,
            &self.target_name,
            &self.request_id,
        ];
        let all = ids.iter().chain(required).map(Some).chain(optional.into_iter().map(Option::as_ref));
        for field in all {
            let mut length = String::new();
            // Writing to a string cannot fail.
            let _ =
                write!(length, "{};", field.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX)));
            hasher.update(length.as_bytes());
            hasher.update(field.map_or("", String::as_str).as_bytes());
        }
        hasher.finalize().into()
    }
}
