//! Whether a value is as a schema of the OpenAPI document says. It knows the words of JSON Schema that the document
//! uses, and fails at every other one: a word that nobody checks would promise nothing.

use model::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Words that only describe.
const NOTES: [&str; 4] = ["description", "default", "title", "deprecated"];

/// The schema that a reference names, or the schema itself.
pub(crate) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads elsewhere"));
    let named = document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
    resolve(document, named)
}

/// What is wrong with the value, by place.
pub(crate) fn problems(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { document, found: &mut found }.value(schema, value, "");
    found
}

struct Check<'a> {
    document: &'a Value,
    found: &'a mut Vec<String>,
}

impl Check<'_> {
    fn note(&mut self, at: &str, problem: impl std::fmt::Display) {
        self.found.push(format!("{}: {problem}", if at.is_empty() { "/" } else { at }));
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let words = match schema {
            Value::Bool(true) => return,
            Value::Object(words) => words,
            _ => return self.note(at, "nothing may stand here"),
        };
        for (word, says) in words {
            self.word(words, (word, says), value, at);
        }
    }

    fn word(&mut self, words: &Map<String, Value>, (word, says): (&str, &Value), value: &Value, at: &str) {
        match word {
            "$ref" => {
                let document = self.document;
                let holder = Value::Object(words.clone());
                self.value(resolve(document, &holder), value, at);
            }
            "type" => self.kind(says, value, at),
            "const" if value != says => self.note(at, format!("{value} is not {says}")),
            "enum" if !list(says).contains(value) => self.note(at, format!("{value} is not one of {says}")),
            "anyOf" => self.alternatives(list(says), value, at, |fits| fits > 0),
            "oneOf" => self.alternatives(list(says), value, at, |fits| fits == 1),
            "format" => self.format(says, value, at),
            "minItems" | "maxItems" => self.count(word, says, value, at),
            "required" => {
                for name in list(says).iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        self.note(at, format!("{name} is missing"));
                    }
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(says, item, &format!("{at}/{index}"));
                }
            }
            "properties" => self.members(words, value, at),
            "additionalProperties" if !words.contains_key("properties") => self.members(words, value, at),
            "const" | "enum" | "additionalProperties" => {}
            note if NOTES.contains(&note) => {}
            other => panic!("nothing checks the word {other}"),
        }
    }

    /// Members that have a schema follow it. What has none is not documented, unless others are spoken of.
    fn members(&mut self, words: &Map<String, Value>, value: &Value, at: &str) {
        let known = words.get("properties").and_then(Value::as_object);
        for (name, member) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            let schema = known.and_then(|known| known.get(name)).or(words.get("additionalProperties"));
            match schema {
                Some(schema) => self.value(schema, member, &at),
                None => self.note(&at, "is not documented"),
            }
        }
    }

    fn kind(&mut self, says: &Value, value: &Value, at: &str) {
        let kinds = says.as_array().map_or(std::slice::from_ref(says), Vec::as_slice);
        let is = |kind: &Value| match kind.as_str() {
            Some("null") => value.is_null(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("string") => value.is_string(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => panic!("nothing is of the type {kind}"),
        };
        if !kinds.iter().any(is) {
            self.note(at, format!("{value} is not of type {says}"));
        }
    }

    fn format(&mut self, says: &Value, value: &Value, at: &str) {
        let fits = match (says.as_str(), value) {
            (Some("uuid"), Value::String(text)) => {
                text.parse::<Uuid>().is_ok_and(|id| id.to_string() == *text)
            }
            (Some("date-time"), Value::String(text)) => Timestamp::parse(text).is_some(),
            (Some("int64"), Value::Number(number)) => number.is_i64(),
            (Some("uuid" | "date-time" | "int64" | "password"), _) => true,
            _ => panic!("nothing is of the format {says}"),
        };
        if !fits {
            self.note(at, format!("{value} is not of the format {says}"));
        }
    }

    fn count(&mut self, word: &str, says: &Value, value: &Value, at: &str) {
        let (Some(items), Some(bound)) = (value.as_array(), says.as_u64()) else { return };
        let fits = if word == "minItems" { items.len() as u64 >= bound } else { items.len() as u64 <= bound };
        if !fits {
            self.note(at, format!("{} items, {word} {bound}", items.len()));
        }
    }

    fn alternatives(&mut self, schemas: &[Value], value: &Value, at: &str, enough: fn(usize) -> bool) {
        let fits = schemas.iter().filter(|schema| problems(self.document, schema, value).is_empty()).count();
        if !enough(fits) {
            self.note(at, format!("{value} fits {fits} of {} alternatives", schemas.len()));
        }
    }
}

fn list(says: &Value) -> &[Value] {
    says.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn what_does_not_fit_is_found() {
    use serde_json::json;
    let document = json!({"named": {"type": "string", "format": "uuid"}});
    let schema = json!({
        "type": "object",
        "properties": {
            "id": {"$ref": "#/named"},
            "level": {"oneOf": [{"type": "string", "const": "a"}, {"type": "string", "const": "b"}]},
            "when": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            "many": {"type": "array", "items": {"type": ["integer", "null"]}, "maxItems": 2},
        },
        "required": ["id"],
    });
    let good = json!({
        "id": "0b000000-0000-4000-8000-000000000001", "level": "a", "when": null, "many": [1, null],
    });
    assert_eq!(problems(&document, &schema, &good), Vec::<String>::new());
    let bad = json!({"level": "c", "when": "soon", "many": [1, "2", 3], "more": 0});
    let mut found = problems(&document, &schema, &bad);
    found.sort();
    insta::assert_snapshot!(found.join("\n"), @r#"
    /: id is missing
    /level: "c" fits 0 of 2 alternatives
    /many/1: "2" is not of type ["integer","null"]
    /many: 3 items, maxItems 2
    /more: is not documented
    /when: "soon" fits 0 of 2 alternatives
    "#);
    assert_eq!(
        problems(&document, &document["named"], &json!("0B000000-0000-4000-8000-000000000001")).len(),
        1
    );
}
