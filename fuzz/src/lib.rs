//! What each fuzz target does with its input. The bodies are plain functions: the fuzzer calls them, and so does
//! `smoke`, which needs none.
//!
//! A target fails by panicking: in the code under test, or in an assertion here.

mod inputs;
mod token;

use std::fmt::Debug;

use model::grants::Grants;
use model::{ErrorKind, Key, PrincipalId, Resource, Result, Timestamp, name};
use serde::Deserialize;
use server::fields::{Fields, read_json};

pub use inputs::Inputs;
pub use token::session_token;

/// What is done with an input.
pub type Target = fn(&[u8]);

/// The functions by name.
pub const TARGETS: [(&str, Target); 5] = [
    ("key", key),
    ("fields", fields),
    ("resource", resource),
    ("session_token", session_token),
    ("names", names),
];

/// Exactly one text stands for a key: what can be read is written the same.
pub fn key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = Key::parse(text) {
        assert_eq!(key.reveal().expose(), text);
        assert!(Key::is_key(text));
    }
}

/// A type with a field of each sort that the API takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    #[serde(rename = "n")]
    _name: Option<String>,
    #[serde(rename = "b")]
    _flag: Option<bool>,
    #[serde(rename = "i")]
    _count: Option<i64>,
    #[serde(rename = "u")]
    _small: Option<u32>,
    #[serde(rename = "t")]
    _time: Option<Timestamp>,
    #[serde(rename = "l", default)]
    _ids: Vec<PrincipalId>,
    #[serde(rename = "e")]
    _word: Option<Word>,
    #[serde(rename = "o")]
    _inner: Option<Box<Sample>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    One,
    Two,
}

/// Query strings, forms and JSON bodies: whatever they hold, they are read or refused as the caller's mistake.
pub fn fields(data: &[u8]) {
    // Zero bytes part the query from the body; neither needs them.
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (query, body) = data.split_at(at);
    let body = body.get(1..).unwrap_or_default();
    refused_kindly(read(query, body, false));
    refused_kindly(read(query, body, true));
    refused_kindly(read_json::<Vec<String>>(body));
    refused_kindly(read_json::<Sample>(body));
}

fn read(query: &[u8], body: &[u8], drop_empty: bool) -> Result<Sample> {
    let mut fields = Fields::default();
    fields.add_pairs(query)?;
    fields.add_json(body)?;
    if drop_empty {
        fields.drop_empty();
    }
    let _ = fields.text("n");
    fields.read()
}

fn refused_kindly<T: Debug>(read: Result<T>) {
    if let Err(error) = read {
        assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}");
    }
}

/// Resource strings: what can be read is written so that it reads the same.
pub fn resource(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(resource) = Resource::parse(text) {
        let written = resource.to_string();
        assert_eq!(Resource::parse(&written), Ok(resource));
        let _ = (resource.known(), resource.governing_project());
    }
    if let Ok(grants) = Grants::parse("permissions", text.lines()) {
        let patterns = grants.patterns();
        let again = Grants::parse("permissions", patterns.iter().map(String::as_str)).unwrap();
        assert_eq!(again.patterns(), patterns);
    }
}

/// Names, addresses and URLs: a checked one passes the check again, and is found by its folded form.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for rule in [name::username, name::workspace, name::organization, name::label, name::email] {
        if let Ok(name) = rule("name", text) {
            assert_eq!(rule("name", &name.text).unwrap(), name);
            assert_eq!(name::fold(text), name.key);
            assert_eq!(name::fold(&name.key), name.key);
        }
    }
    refused_kindly(name::url("url", text));
    refused_kindly(name::text("text", text, 100));
    if let Some(moment) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
    }
}
