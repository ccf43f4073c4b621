//! The OpenAPI document: whole, true, and what the server really answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server::{Access, Operation, operations};

use crate::harness::{Actor, Answer, Server};
use crate::matrix::document;
use crate::schema::problems;

/// The document as it is kept beside the code.
const KEPT: &str = include_str!("../../../../openapi/control-plane.json");

/// In what an answer differs from those that the document speaks of.
pub(crate) fn differences(document: &Value, operation: &Operation, answer: &Answer) -> Vec<String> {
    let id = operation.id;
    let status = answer.status.as_u16().to_string();
    let Some(response) = described(document, operation)["responses"].get(&status) else {
        return vec![format!("{id} does not tell of {status}: {answer}")];
    };
    let mut found = Vec::new();
    match response.pointer("/content/application~1json/schema") {
        Some(schema) => found = problems(document, schema, &answer.json()),
        None if answer.text.is_empty() => {}
        None => found.push("no body is told of".to_owned()),
    }
    let headers = response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let missing = headers.filter(|name| answer.header(name).is_none());
    found.extend(missing.map(|name| format!("comes without {name}")));
    found.into_iter().map(|problem| format!("{id}: {problem}: {answer}")).collect()
}

fn described<'a>(document: &'a Value, operation: &Operation) -> &'a Value {
    &document["paths"][operation.path][operation.method.as_str().to_lowercase()]
}

/// Every operation of the document, with its place.
fn each(document: &Value) -> impl Iterator<Item = (String, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").iter();
        methods.map(move |(method, described)| (format!("{method} {path}"), path.as_str(), described))
    })
}

#[tokio::test]
async fn the_document_that_is_served_is_the_one_that_is_kept() {
    let server = Server::new().await;
    let shown = server.as_(Actor::Nobody).get("/openapi.json").await.ok();
    let kept: Value = serde_json::from_str(KEPT).expect("the kept document is no JSON");
    assert!(shown == kept, "run `cargo xtask gen`: openapi/control-plane.json is out of date");
}

#[test]
fn the_document_has_the_structure_of_openapi() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    for pointer in ["/info/title", "/info/version", "/info/license/name", "/servers/0/url"] {
        assert!(document.pointer(pointer).is_some_and(Value::is_string), "no text at {pointer}");
    }
    let schemes = document["components"]["securitySchemes"].as_object().expect("security schemes");
    for requirement in document["security"].as_array().expect("security") {
        for name in requirement.as_object().expect("a requirement").keys() {
            assert!(schemes.contains_key(name), "no security scheme {name}");
        }
    }
    let known = ["openapi", "info", "servers", "paths", "components", "security"];
    let found: Vec<_> = document.as_object().expect("an object").keys().collect();
    assert!(found.iter().all(|name| known.contains(&name.as_str())), "{found:?}");
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let there: BTreeSet<_> = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(used, there);
}

fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| references(value, used)),
        Value::Object(members) => {
            used.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            members.values().for_each(|value| references(value, used));
        }
        _ => {}
    }
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (place, path, described) in each(&document) {
        for word in ["operationId", "summary", "description"] {
            assert!(described[word].as_str().is_some_and(|text| !text.is_empty()), "{place}: no {word}");
        }
        assert!(described["tags"][0].as_str().is_some_and(|tag| !tag.is_empty()), "{place}: no tag");
        let id = described["operationId"].as_str().expect("an id");
        assert!(ids.insert(id.to_owned()), "{place}: {id} is there twice");
        check_parameters(&place, path, described);
        check_responses(&place, described);
    }
}

/// The parameters of the path are declared, and no name is declared twice.
fn check_parameters(place: &str, path: &str, described: &Value) {
    let parameters = described["parameters"].as_array().expect("parameters");
    let mut seen = BTreeSet::new();
    for parameter in parameters {
        let (name, kind) = (parameter["name"].as_str().expect("a name"), parameter["in"].as_str());
        assert!(matches!(kind, Some("path" | "query")), "{place}: {name} is nowhere");
        assert!(seen.insert((name, kind)), "{place}: {name} is declared twice");
        assert!(parameter["schema"].is_object(), "{place}: {name} has no schema");
        assert!(parameter["description"].is_string(), "{place}: {name} is not described");
        assert!(kind != Some("path") || parameter["required"] == true, "{place}: {name} is not required");
    }
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let declared = parameters.iter().filter(|p| p["in"] == "path").filter_map(|p| p["name"].as_str());
    assert_eq!(in_path.collect::<BTreeSet<_>>(), declared.collect(), "{place}");
}

fn check_responses(place: &str, described: &Value) {
    let responses = described["responses"].as_object().expect("responses");
    assert_eq!(responses.keys().filter(|status| *status < &"400".to_owned()).count(), 1, "{place}");
    for (status, response) in responses {
        assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{place}: {status}");
        if status.as_str() >= "400" {
            let schema = &response["content"]["application/json"]["schema"];
            assert_eq!(*schema, json!({"$ref": "#/components/schemas/Error"}), "{place}: {status}");
        }
    }
}

#[test]
fn every_operation_says_who_may_and_what_goes_wrong() {
    let document = document();
    for operation in operations() {
        let described = described(&document, operation);
        let (text, has) = (described["description"].as_str().expect("a description"), |status: &str| {
            described["responses"].get(status).is_some()
        });
        let is_public = matches!(operation.access, Access::Public(_));
        assert_eq!(described["security"] == json!([]), is_public, "{operation:?}");
        let who = match operation.access {
            Access::Public(why) => format!("Open to everybody: {why}."),
            Access::Permission(permission, _) => format!("Permission: `{permission}`"),
            Access::Machine => "For workspace servers".to_owned(),
            Access::Authenticated(why) => format!("For everybody who is signed in: {why}."),
        };
        assert!(text.contains(&who), "{operation:?}: {text}");
        assert!(is_public || (has("401") && has("403")), "{operation:?} refuses nobody");
        assert!(!operation.path.contains('{') || has("404"), "{operation:?} finds everything");
    }
}

#[test]
fn every_spelling_is_in_the_document() {
    let document = document();
    let mut spellings = BTreeSet::new();
    for operation in operations() {
        let first = (operation.method.clone(), operation.path);
        for (method, path) in std::iter::once(&first).chain(&operation.aliases) {
            spellings.insert(format!("{} {path}", method.as_str().to_lowercase()));
        }
    }
    assert_eq!(each(&document).map(|(place, ..)| place).collect::<BTreeSet<_>>(), spellings);
}

#[test]
fn every_example_is_as_its_schema_says() {
    let document = document();
    for operation in operations() {
        let responses = described(&document, operation)["responses"].as_object().expect("responses");
        let success = responses.values().next().expect("a success");
        let Some(content) = success.pointer("/content/application~1json") else { continue };
        let example = content.get("example").unwrap_or_else(|| panic!("{operation:?} shows nothing"));
        let found = problems(&document, &content["schema"], example);
        assert_eq!(found, Vec::<String>::new(), "the example of {operation:?}");
        assert!(
            !example.is_null() || content["schema"] == json!({"type": "null"}),
            "{operation:?} shows null"
        );
    }
}
