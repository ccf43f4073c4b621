//! The OpenAPI 3.1 document, built from the registry and the wire types and from nothing else.

use std::collections::BTreeMap;

use model::{Error, Result};
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::registry::{Access, Operation};
use crate::settings::Settings;
use crate::target::Target;

/// The document of these operations.
pub fn document(operations: &[Operation], settings: &Settings) -> Result<Value> {
    let settings_2020 = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings_2020.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        let described = describe(operation, &mut generator)?;
        let method = operation.method.as_str().to_lowercase();
        paths.entry(operation.path).or_default().insert(method, described);
        for (index, (method, path)) in operation.aliases.iter().enumerate() {
            let mut alias = describe(operation, &mut generator)?;
            if let Some(alias) = alias.as_object_mut() {
                alias
                    .insert("operationId".to_owned(), json!(format!("{}_alias_{}", operation.id, index + 1)));
                alias.insert("deprecated".to_owned(), json!(true));
            }
            paths.entry(path).or_default().insert(method.as_str().to_lowercase(), alias);
        }
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Error".to_owned(), error_schema());
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Claviger",
            "version": settings.version,
            "summary": "The control plane of an ML platform: organizations, people, bots, workspaces, and their keys.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": security_schemes()},
        "security": [{"OAuth2ComboScheme": []}, {"Bearer": []}, {"SessionCookie": []}],
    }))
}

fn security_schemes() -> Value {
    json!({
        "OAuth2ComboScheme": {
            "type": "oauth2",
            "description": "Sign in with a username and password; a service account leaves the username empty and gives \
                            its key as the password. Workspace servers use client credentials.",
            "flows": {
                "password": {"tokenUrl": "auth/login", "scopes": {}},
                "clientCredentials": {"tokenUrl": "auth/login", "scopes": {}},
            },
        },
        "Bearer": {
            "type": "http", "scheme": "bearer",
            "description": "A service-account key, a personal access token, or a session token.",
        },
        "SessionCookie": {"type": "apiKey", "in": "cookie", "name": crate::cookie::NAME},
    })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong: the class and the message, and a stable code.",
        "properties": {
            "detail": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
            "code": {"type": "string"},
            "missing_permissions": {
                "type": "array", "items": {"type": "string"},
                "description": "Where a permission is missing: which.",
            },
            "granted_by": {
                "type": "array", "items": {"type": "string"},
                "description": "Where a permission is missing: the roles that have it.",
            },
        },
        "required": ["detail", "code"],
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Result<Value> {
    let mut parameters = path_parameters(operation.path);
    if let Some(query) = operation.input.query {
        let optional_anyway = operation.input.query_or_json;
        parameters.extend(query_parameters(&query(generator), optional_anyway));
    }
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": description(operation),
        "parameters": parameters,
        "responses": responses(operation, generator)?,
    });
    let Some(object) = described.as_object_mut() else { return Err(Error::internal("no object")) };
    if let Some(json_body) = operation.input.json {
        let schema = json_body(generator);
        let required = !operation.input.query_or_json;
        object.insert(
            "requestBody".to_owned(),
            json!({"required": required, "content": {"application/json": {"schema": schema}}}),
        );
    }
    if let Some(form) = operation.input.form {
        let schema = form(generator);
        object.insert(
            "requestBody".to_owned(),
            json!({"required": true, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}),
        );
    }
    if matches!(operation.access, Access::Public(_)) {
        object.insert("security".to_owned(), json!([]));
    }
    Ok(described)
}

/// What the operation does and who may.
fn description(operation: &Operation) -> String {
    let access = match operation.access {
        Access::Public(why) => format!("Open to everybody: {why}."),
        Access::Permission(permission, target) => {
            format!("Permission: `{permission}` ({}).", target.describe())
        }
        Access::Machine => "For workspace servers, about their own workspace.".to_owned(),
        Access::Authenticated(why) => format!("For everybody who is signed in: {why}."),
    };
    let parts = [operation.details, access.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            json!({
                "name": name, "in": "path", "required": true, "schema": {"type": "string"},
                "description": parameter_text(name),
            })
        })
        .collect()
}

fn parameter_text(name: &str) -> &'static str {
    match name {
        "organization" => "The organization, by id or name.",
        "workspace" => "The workspace, by id or name.",
        "project" => "The project, by id.",
        "account" => "The service account, by id or username.",
        "user" => "The account, by id.",
        "key" => "The key or token, by id or name.",
        "role" => "The role, by id.",
        "feature" => "What is counted.",
        _ => "The name.",
    }
}

/// The fields of a type as query parameters.
fn query_parameters(schema: &Schema, optional_anyway: bool) -> Vec<Value> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .map(|(name, property)| {
            let mut property = property.clone();
            let description = property.as_object_mut().and_then(|object| object.remove("description"));
            json!({
                "name": name, "in": "query", "required": required.contains(&name.as_str()) && !optional_anyway,
                "description": description, "schema": property,
            })
        })
        .collect()
}

fn responses(operation: &Operation, generator: &mut SchemaGenerator) -> Result<Value> {
    let schema = (operation.output.schema)(generator);
    let mut success = json!({
        "description": "Done.",
        "content": {"application/json": {"schema": schema, "example": operation.example}},
    });
    if operation.output.is_list {
        let Some(object) = success.as_object_mut() else { return Err(Error::internal("no object")) };
        object.insert(
            "headers".to_owned(),
            json!({"X-Total-Count": {"description": "How many there are on all pages.", "schema": {"type": "integer"}}}),
        );
    }
    let mut responses = BTreeMap::from([if operation.output.is_redirect {
        let location = json!({"description": "Where to go.", "schema": {"type": "string"}});
        ("303", json!({"description": "Sends the browser on.", "headers": {"Location": location}}))
    } else {
        ("200", success)
    }]);
    for (status, text) in errors(operation, generator) {
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}});
        responses.insert(status, json!({"description": text, "content": content}));
    }
    serde_json::to_value(responses).map_err(Error::internal)
}

/// Whether a field names what the operation is about. Filters of lists do not: they match nothing, and that is an
/// answer.
fn names_something(operation: &Operation, generator: &mut SchemaGenerator) -> bool {
    match operation.access {
        Access::Public(_) | Access::Machine => return false,
        Access::Permission(_, Target::OrganizationField | Target::WorkspaceField) => return true,
        Access::Permission(..) if operation.method == http::Method::GET => return false,
        Access::Permission(..) | Access::Authenticated(_) => {}
    }
    let query = operation.input.query.map(|query| query(generator).to_value());
    let body = operation.input.json.map(|body| body(generator).to_value());
    let named = |schema: Value| match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => generator.definitions().get(reference.rsplit('/').next()?).cloned(),
        None => Some(schema),
    };
    // Ids have schemas of their own, named after what they are ids of.
    let is_id = |field: &Value| field.to_string().contains("Id\"");
    let mut schemas = query.into_iter().chain(body).filter_map(named);
    schemas.any(|schema| {
        let fields = schema.get("properties").and_then(Value::as_object);
        fields.is_some_and(|fields| fields.values().any(is_id))
    })
}

/// The errors that follow from what the operation is.
fn errors(operation: &Operation, generator: &mut SchemaGenerator) -> Vec<(&'static str, &'static str)> {
    let mut errors = vec![("503", "Cannot answer right now; try again after Retry-After.")];
    let takes_input =
        operation.input.query.is_some() || operation.input.json.is_some() || operation.input.form.is_some();
    let has_path = operation.path.contains('{');
    let is_write = !matches!(operation.method, http::Method::GET);
    if takes_input || has_path {
        errors.push((
            "422",
            "A field's value breaks a rule; the message names the field, the problem and the fix.",
        ));
    }
    if !matches!(operation.access, Access::Public(_)) || operation.id == "login" {
        errors.push(("401", "No, or no valid, credential."));
    }
    if !matches!(operation.access, Access::Public(_)) {
        errors.push(("403", "The caller may not do this."));
    }
    if has_path || names_something(operation, generator) {
        errors.push(("404", "There is no such thing that the caller may see."));
    }
    if is_write && takes_input && !matches!(operation.access, Access::Machine) && operation.id != "login" {
        errors.push(("409", "Something of that name exists, or somebody changed it meanwhile."));
    }
    if operation.input.json.is_some() || operation.input.form.is_some() {
        errors.push(("413", "The body is too large."));
    }
    if operation.id == "check_entitlement" {
        errors.push(("402", "The limit is reached."));
    }
    if !operation.is_unlimited || operation.id == "login" {
        errors.push(("429", "Too many requests; try again after Retry-After."));
    }
    errors
}
