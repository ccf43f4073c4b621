//! What is told to the audit log: who-may-do-what before and after, without secrets.

use model::audit::Event;
use model::{Assignee, Credential, Organization, OrganizationId, Place, Principal, Role, Team, Workspace};
use serde_json::{Value, json};
use uuid::Uuid;

/// What can be the target of an event.
pub trait Target {
    /// The kind of thing.
    const KIND: &'static str;
    /// The organization whose chain the event joins.
    fn organization(&self) -> Option<OrganizationId>;
    /// Which one, and its name.
    fn identity(&self) -> (Uuid, String);
    /// What matters of it.
    fn describe(&self) -> Value;
}

/// Something was made.
pub fn created<T: Target>(action: &'static str, target: &T) -> Event {
    event(action, target, None, Some(target.describe()))
}

/// Something was changed.
pub fn updated<T: Target>(action: &'static str, before: &Value, target: &T) -> Event {
    let after = target.describe();
    let (before, after) = difference(before, &after);
    event(action, target, Some(before), Some(after))
}

/// Something was deleted.
pub fn deleted<T: Target>(action: &'static str, target: &T) -> Event {
    event(action, target, Some(target.describe()), None)
}

/// Something happened to a target, told in its own words.
pub fn happened<T: Target>(action: &'static str, target: &T, detail: Value) -> Event {
    event(action, target, None, Some(detail))
}

fn event<T: Target>(action: &'static str, target: &T, before: Option<Value>, after: Option<Value>) -> Event {
    let (target_id, target_name) = target.identity();
    Event {
        organization: target.organization(),
        action,
        target_kind: T::KIND,
        target_id,
        target_name,
        before,
        after,
    }
}

/// Only what differs, on both sides.
fn difference(before: &Value, after: &Value) -> (Value, Value) {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else {
        return (before.clone(), after.clone());
    };
    let changed = |key: &&String| old.get(*key) != new.get(*key);
    let pick = |side: &serde_json::Map<String, Value>| {
        side.iter().filter(|(key, _)| changed(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    (Value::Object(pick(old)), Value::Object(pick(new)))
}

/// An assignment of a role, as the log tells it.
#[must_use]
pub fn assignment(action: &'static str, role: &Role, assignee: Assignee, place: Place) -> Event {
    let detail = json!({
        "assignee": self::assignee(assignee), "level": role.level, "workspace_id": place.workspace(), "project_id": place.project(),
    });
    happened(action, role, detail)
}

/// Who holds a role, as the log tells it.
#[must_use]
pub fn assignee(assignee: Assignee) -> Value {
    match assignee {
        Assignee::Principal(id) => json!({"user_id": id}),
        Assignee::Team(id) => json!({"team_id": id}),
        Assignee::Invitation(id) => json!({"invitation_id": id}),
    }
}

impl Target for Principal {
    const KIND: &'static str = "account";
    fn organization(&self) -> Option<OrganizationId> {
        self.organization
    }
    fn identity(&self) -> (Uuid, String) {
        (self.id.0, self.username.clone())
    }
    fn describe(&self) -> Value {
        json!({
            "kind": self.kind.as_str(), "username": self.username, "email": self.email, "name": self.name,
            "is_active": self.is_active, "is_superuser": self.is_superuser, "password_expired": self.password_expired,
            "has_password": self.has_password, "tokens_valid_after": self.tokens_valid_after,
        })
    }
}

impl Target for Organization {
    const KIND: &'static str = "organization";
    fn organization(&self) -> Option<OrganizationId> {
        Some(self.id)
    }
    fn identity(&self) -> (Uuid, String) {
        (self.id.0, self.name.clone())
    }
    fn describe(&self) -> Value {
        json!({
            "name": self.name, "description": self.description, "logo_url": self.logo_url, "owner_id": self.owner,
            "is_active": self.is_active,
        })
    }
}

impl Target for Credential {
    const KIND: &'static str = "credential";
    fn organization(&self) -> Option<OrganizationId> {
        self.organization
    }
    fn identity(&self) -> (Uuid, String) {
        (self.id.0, self.name.clone())
    }
    fn describe(&self) -> Value {
        json!({
            "kind": self.kind.as_str(), "owner_id": self.owner, "name": self.name, "is_active": self.is_active,
            "expires_at": self.expires_at, "generation": self.generation, "description": self.description,
            "previous_value_valid_until": self.previous.map(|(_, until)| until), "scope": self.scope,
        })
    }
}

impl Target for Workspace {
    const KIND: &'static str = "workspace";
    fn organization(&self) -> Option<OrganizationId> {
        Some(self.organization)
    }
    fn identity(&self) -> (Uuid, String) {
        (self.id.0, self.name.clone())
    }
    fn describe(&self) -> Value {
        json!({
            "name": self.name, "display_name": self.display_name, "description": self.description,
            "owner_id": self.owner, "is_managed": self.is_managed, "desired_state": self.desired_state.as_str(),
            "status": self.status.as_str(), "server_url": self.server_url,
            "enrollment_generation": self.enrollment_generation,
        })
    }
}

impl Target for Role {
    const KIND: &'static str = "role";
    fn organization(&self) -> Option<OrganizationId> {
        Some(self.organization)
    }
    fn identity(&self) -> (Uuid, String) {
        (self.id.0, self.name.clone())
    }
    fn describe(&self) -> Value {
        json!({
            "name": self.name, "level": self.level, "description": self.description,
            "permissions": self.grants.patterns(),
        })
    }
}

impl Target for Team {
    const KIND: &'static str = "team";
    fn organization(&self) -> Option<OrganizationId> {
        Some(self.organization)
    }
    fn identity(&self) -> (Uuid, String) {
        (self.id.0, self.name.clone())
    }
    fn describe(&self) -> Value {
        json!({"name": self.name, "description": self.description})
    }
}
