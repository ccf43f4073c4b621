//! Every secret is shown once: what the server answers is remembered, and looked through in the end.

use parking_lot::Mutex;
use serde_json::Value;

use super::Answer;

/// The fields that show a secret.
const FIELDS: [&str; 3] = ["key", "access_token", "enrollment_key"];

/// All answers of a server, and the secrets in them.
#[derive(Default)]
pub(super) struct Shown(Mutex<Vec<Seen>>);

struct Seen {
    request: String,
    text: String,
    secrets: Vec<String>,
}

impl Shown {
    pub(super) fn note(&self, answer: &Answer) {
        let mut secrets = Vec::new();
        // The document shows examples.
        let is_document = answer.request.ends_with("/openapi.json");
        if let Ok(body) = serde_json::from_str(&answer.text)
            && !is_document
        {
            collect(&body, &mut secrets);
        }
        self.0.lock().push(Seen { request: answer.request.clone(), text: answer.text.clone(), secrets });
    }

    pub(super) fn secrets(&self) -> Vec<String> {
        self.0.lock().iter().flat_map(|seen| seen.secrets.clone()).collect()
    }

    /// The requests whose answers hold the text.
    pub(super) fn requests_answered_with(&self, text: &str) -> Vec<String> {
        let all = self.0.lock();
        all.iter().filter(|seen| seen.text.contains(text)).map(|seen| seen.request.clone()).collect()
    }

    /// No answer holds a secret that another one showed.
    pub(super) fn check_shown_once(&self) {
        let all = self.0.lock();
        for (index, shown) in all.iter().enumerate() {
            for secret in &shown.secrets {
                let others = all.iter().enumerate().filter(|(other, _)| *other != index);
                for (_, other) in others {
                    assert!(
                        !other.text.contains(secret),
                        "a secret of '{}' is shown again by '{}'",
                        shown.request,
                        other.request
                    );
                }
            }
        }
    }
}

fn collect(value: &Value, secrets: &mut Vec<String>) {
    match value {
        // A bearer for scripts is answered as a bare string.
        Value::String(text) if text.starts_with("eyJ") => secrets.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, secrets)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if FIELDS.contains(&name.as_str()) => secrets.push(text.clone()),
                    Value::String(_) => {}
                    other => collect(other, secrets),
                }
            }
        }
        _ => {}
    }
}
