//! Requests that no careful caller sends: each is refused as the caller's mistake, with the name of the field, and
//! changes nothing. What to send follows from the registry and the schemas of the OpenAPI document, so that a new
//! operation is covered by itself.

mod fields;
mod trial;

use http::Method;
use server::{Access, cookie, operations};

use crate::harness::{Actor, URL};
use crate::requests::Who;
use crate::schema::problems;
use trial::Expected::{Answered, Refused};
use trial::{BODY, LARGE_BODY, Trial, check};

const JSON: &str = "application/json";

#[tokio::test]
async fn wrong_fields_in_bodies() {
    let mut trial = Trial::new().await;
    for operation in operations() {
        let tried = fields::of_body(&trial, operation);
        trial.try_inputs(operation, tried).await;
    }
}

#[tokio::test]
async fn wrong_fields_in_queries() {
    let mut trial = Trial::new().await;
    for operation in operations() {
        let tried = fields::of_query(&trial, operation);
        trial.try_inputs(operation, tried).await;
    }
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let mut trial = Trial::new().await;
    for operation in operations() {
        let (Some(schema), Some(body)) = (trial.body_schema(operation), trial.input(operation).body) else {
            continue;
        };
        let body = body.to_string();
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let inside = format!("{{\"name\": {deep}}}");
        let texts = [&body[..body.len() - 1], "{]", "{\"name\": ", "\u{feff}{}", "NaN", "'{}'", "\0", &deep];
        let mut broken: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        broken.push(body.encode_utf16().flat_map(u16::to_le_bytes).collect());
        if !matches!(operation.access, Access::Machine) {
            let others = fields::values().into_iter().filter(|value| !value.is_object());
            let wrong = others.filter(|value| !problems(&trial.document, schema, value).is_empty());
            broken.extend(wrong.map(|value| value.to_string().into_bytes()));
        }
        for body in broken {
            let answer = trial.send_body(operation, JSON, body.clone()).await;
            check(&answer, &Refused("body".to_owned()), &String::from_utf8_lossy(&body));
        }
        // What is not known here is not looked into.
        let is_strict = operation.input.query_or_json || operation.input.form.is_some();
        let expected = if is_strict { Refused("body".to_owned()) } else { Answered };
        for member in [inside.as_bytes(), b"{\"name\": \"\xff\xfe\"}"] {
            let answer = trial.send_body(operation, JSON, member).await;
            check(&answer, &expected, &String::from_utf8_lossy(member));
        }
        trial.changed_nothing(operation, false).await;
    }
}

#[tokio::test]
async fn bodies_of_another_type() {
    let mut trial = Trial::new().await;
    for operation in operations() {
        let Some(body) = trial.input(operation).body else { continue };
        let is_form = operation.input.form.is_some();
        let other = if is_form { "text/html" } else { "application/x-www-form-urlencoded" };
        for kind in ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json", "/", other] {
            let answer = trial.send_body(operation, kind, body.to_string()).await;
            assert!(
                answer.fails(415, "ValueError", "unsupported-media-type").contains("content-type"),
                "{answer}"
            );
        }
        trial.changed_nothing(operation, false).await;
    }
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let mut trial = Trial::new().await;
    for operation in operations() {
        let limit = if operation.takes_large_body { LARGE_BODY } else { BODY };
        let body = trial.input(operation).body.map(|body| body.to_string()).unwrap_or_default();
        let body = format!("{body}{}", " ".repeat(limit + 1 - body.len()));
        let answer = trial.send_body(operation, JSON, body).await;
        assert!(answer.fails(413, "ValueError", "body-too-large").contains("body"), "{answer}");
        trial.changed_nothing(operation, false).await;
    }
}

#[tokio::test]
async fn queries_that_are_no_queries() {
    let mut trial = Trial::new().await;
    for operation in operations().iter().filter(|operation| operation.input.query.is_some()) {
        let path = trial.world.path(operation.path);
        let client = trial.world.as_(Trial::who(operation));
        let many: String = (0..2_001).map(|number| format!("x{number}=1")).collect::<Vec<_>>().join("&");
        for (query, named) in [("name=%ff", "query"), ("%c3%28=1", "query"), (many.as_str(), "query")] {
            let answer = client.call(operation.method.clone(), &format!("{path}?{query}")).await;
            check(&answer, &Refused(named.to_owned()), query);
        }
        for query in ["%", "%0", "=", "&&&", "=1"] {
            let answer = client.call(Method::GET, &format!("{path}?{query}")).await;
            check(&answer, &Answered, query);
        }
        trial.changed_nothing(operation, operation.method == Method::GET).await;
    }
}

#[tokio::test]
async fn paths_that_name_nothing() {
    let mut trial = Trial::new().await;
    for operation in operations() {
        let path = trial.world.path(operation.path);
        let (parts, names): (Vec<_>, Vec<_>) = path.split('/').zip(operation.path.split('/')).unzip();
        let long = "x".repeat(5_000);
        for place in (0..names.len()).filter(|place| names[*place].starts_with('{')) {
            for text in ["no-id", "%00", "%ff", "%20", "..%2f..", "%27%20OR%201=1", "a%0d%0ab", &long] {
                let mut parts = parts.clone();
                parts[place] = text;
                let client = trial.world.as_(Trial::who(operation));
                let mut call = client.call(operation.method.clone(), &parts.join("/"));
                if let Some(body) = trial.input(operation).body {
                    call = call.json(&body);
                }
                // Names to be checked, and features to be counted, may be any text.
                let is_free = ["{name}", "{feature}"].contains(&names[place]);
                let expected = if is_free { Answered } else { Refused(String::new()) };
                check(&call.await, &expected, text);
            }
        }
        trial.changed_nothing(operation, false).await;
    }
}

#[tokio::test]
async fn credentials_that_are_none() {
    let mut trial = Trial::new().await;
    let long = format!("Bearer {}", "x".repeat(100_000));
    let key = trial.world.server.cast.bot.bearer.expose().to_owned();
    let (cut, grown) = (format!("Bearer {}", &key[..key.len() - 1]), format!("Bearer {key}x"));
    let (quoted, twice) = (format!("Bearer \"{key}\""), format!("Bearer {key} {key}"));
    let none = "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZG1pbiJ9.";
    let garbled =
        ["", " ", "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Bearer ..", "Bearer ZENPROKEY_", none];
    for operation in operations() {
        let (path, input) = (trial.world.path(operation.path), trial.input(operation));
        for credential in garbled.into_iter().chain([long.as_str(), &cut, &grown, &quoted, &twice, &key]) {
            let call = trial.world.send(&operation.method, &path, &input, Trial::who(operation));
            let answer = call.header("authorization", credential).await;
            if matches!(operation.access, Access::Public(_)) {
                assert!(!answer.status.is_client_error(), "{credential}{answer}");
            } else {
                answer.fails(401, "CredentialsNotValid", answer.json()["code"].as_str().unwrap_or_default());
            }
        }
        trial.changed_nothing(operation, false).await;
    }
}

#[tokio::test]
async fn cookies_that_hold_no_session() {
    let mut trial = Trial::new().await;
    let key = trial.world.server.cast.bot.bearer.expose().to_owned();
    let (cut, long) = (&key[1..], "x".repeat(100_000));
    for operation in operations() {
        let (path, input) = (trial.world.path(operation.path), trial.input(operation));
        for session in ["", "x", "..", "\"x\"", "=;=", cut, &long] {
            let nobody = Who::Actor(Actor::Nobody);
            let call = trial.world.send(&operation.method, &path, &input, nobody);
            // As a page of this server would send it: only the session is wrong.
            let call = call.header("origin", URL).header("sec-fetch-site", "same-origin");
            let answer = call.header("cookie", &format!("{}={session}", cookie::NAME)).await;
            let is_public = matches!(operation.access, Access::Public(_));
            assert_eq!(answer.status.as_u16() == 401, !is_public, "{session}{answer}");
        }
        trial.changed_nothing(operation, false).await;
    }
}
