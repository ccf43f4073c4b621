//! What to put into the fields of a request, and what must come of it.

use http::Method;
use serde_json::{Map, Value, json};
use server::{Access, Operation};

use super::trial::Expected::{self, Answered, Refused};
use super::trial::Trial;
use crate::harness::Actor;
use crate::requests::{Input, Who, text_of};
use crate::schema::{problems, resolve};

/// Longer than any text that is kept, and short enough to be read.
const LONG: usize = 10_000;

type Tried = Vec<(Input, Expected)>;

/// Values of every type, and some that look like what a format wants.
pub(super) fn values() -> Vec<Value> {
    let texts = ["text", "", "2030-02-30T00:00:00Z", "0b000000-0000-4000-8000-00000000000g"];
    let others =
        [Value::Null, json!(true), json!(-1), json!(1.5), json!(1e300), json!([[]]), json!({"x": {}})];
    texts.into_iter().map(Value::from).chain(others).collect()
}

/// Stock servers send more than we know of, and browsers come with what links hold; people are told of their typing
/// errors.
fn is_lenient(trial: &Trial, operation: &Operation) -> bool {
    let is_for_others =
        Trial::who(operation) == Who::Actor(Actor::Machine) || matches!(operation.access, Access::Public(_));
    let body = trial.body_schema(operation).filter(|_| operation.input.query_or_json);
    is_for_others || body.is_some_and(|schema| schema["additionalProperties"] != json!(false))
}

/// Bodies with one member that is wrong, missing or too many.
pub(super) fn of_body(trial: &Trial, operation: &Operation) -> Tried {
    let input = trial.input(operation);
    let (Some(schema), Some(Value::Object(body))) = (trial.body_schema(operation), &input.body) else {
        return Vec::new();
    };
    // Read as a whole, a body cannot say which of its members is wrong.
    let by_field = operation.input.query_or_json || input.is_form;
    let named = |name: &str| Refused(if by_field { name } else { "body" }.to_owned());
    let mut bodies = Vec::new();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        // In a form everything is a text.
        let wrong = |value: &Value| !input.is_form && !problems(&trial.document, member, value).is_empty();
        let wrong = values().into_iter().filter(wrong);
        bodies.extend(wrong.map(|value| (with(body, name, value), named(name))));
        bodies.push((with(body, name, json!("a\0b")), Refused("NUL".to_owned())));
        let long = json!("x".repeat(LONG));
        if problems(&trial.document, member, &long).is_empty() {
            let expected = if is_kept(operation) { named(name) } else { Answered };
            bodies.push((with(body, name, long), expected));
        }
    }
    if schema["additionalProperties"].is_object() {
        for name in ["", "a\0b", &"x".repeat(LONG)] {
            bodies.push((with(body, name, json!(1)), Refused(String::new())));
        }
        bodies.push((with(body, "pipeline", json!(-1)), Refused("pipeline".to_owned())));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut rest = body.clone();
        rest.remove(name);
        bodies.push((Value::Object(rest), named(name)));
    }
    if schema["additionalProperties"] == json!(false) {
        bodies.push((with(body, "no_such_field", json!(1)), named("no_such_field")));
    }
    let whole = |(body, expected)| (Input { body: Some(body), ..input.clone() }, expected);
    bodies.into_iter().map(whole).collect()
}

fn with(body: &Map<String, Value>, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body.insert(name.to_owned(), value);
    Value::Object(body)
}

/// Whether texts are kept, and so have a bound.
fn is_kept(operation: &Operation) -> bool {
    matches!(operation.access, Access::Permission(..))
        && [Method::POST, Method::PUT, Method::PATCH].contains(&operation.method)
}

/// Queries with one parameter that is wrong, missing or too many.
pub(super) fn of_query(trial: &Trial, operation: &Operation) -> Tried {
    let parameters = trial.parameters(operation);
    let (mut tried, mut missing) = (Vec::new(), Vec::new());
    for (name, schema, is_required) in &parameters {
        let refused = Refused((*name).to_owned());
        tried.push((vec![(*name, "a\0b".to_owned())], Refused("NUL".to_owned())));
        for text in ["perhaps", "", "1.5", "99999999999999999999", &"x".repeat(LONG)] {
            let expected = if is_wrong(&trial.document, schema, text) { refused.clone() } else { Answered };
            tried.push((vec![(*name, text.to_owned())], expected));
        }
        let is_list = resolve(&trial.document, schema)["type"].to_string().contains("array");
        let twice = vec![(*name, "1".to_owned()), (*name, "2".to_owned())];
        tried.push((twice, if is_list { Answered } else { refused.clone() }));
        if *is_required && !operation.input.query_or_json {
            missing.push((*name, refused));
        }
    }
    let has = |wanted: &str| parameters.iter().any(|(name, ..)| *name == wanted);
    let page = ["offset", "limit"].into_iter().filter(|name| has(name));
    tried.extend(page.map(|name| (vec![(name, "-1".to_owned())], Refused(name.to_owned()))));
    if has("limit") {
        tried.push((vec![("limit", "0".to_owned())], Refused("limit".to_owned())));
        let largest = i64::MAX.to_string();
        tried.push((vec![("limit", largest.clone()), ("offset", largest)], Answered));
    }
    let unknown = if is_lenient(trial, operation) { Answered } else { Refused("no_such_field".to_owned()) };
    tried.push((vec![("no_such_field", "1".to_owned())], unknown));
    // What is right would be done.
    let only_reads = operation.method == Method::GET || is_lenient(trial, operation);
    tried.retain(|(_, expected)| only_reads || matches!(expected, Refused(_)));
    let base = base(trial, operation);
    let without = |(name, expected)| (without(&base, name), expected);
    let replaced = |(pairs, expected)| (replaced(&base, pairs), expected);
    missing.into_iter().map(without).chain(tried.into_iter().map(replaced)).collect()
}

/// The input of the operation with all that can be there in the query: a field must not be given in both places.
fn base(trial: &Trial, operation: &Operation) -> Input {
    let mut input = trial.input(operation);
    if !operation.input.query_or_json {
        return input;
    }
    if let Some(Value::Object(body)) = input.body.take() {
        for (name, value) in body {
            let texts = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
            input.query.extend(texts.iter().map(|text| (name.clone(), text_of(text))));
        }
    }
    input
}

fn without(base: &Input, name: &str) -> Input {
    let mut input = base.clone();
    input.query.retain(|(known, _)| known != name);
    input
}

fn replaced(base: &Input, pairs: Vec<(&str, String)>) -> Input {
    let mut input = base.clone();
    input.query.retain(|(known, _)| pairs.iter().all(|(name, _)| name != known));
    input.query.extend(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)));
    input
}

/// Whether a text of a query means no value of the schema.
fn is_wrong(document: &Value, schema: &Value, text: &str) -> bool {
    let mut meant = vec![json!(text), json!([text])];
    meant.extend(text.parse::<i64>().ok().map(Value::from));
    meant.extend(text.parse::<bool>().ok().map(Value::from));
    meant.iter().all(|value| !problems(document, schema, value).is_empty())
}
