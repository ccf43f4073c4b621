//! What handlers give: each kind of answer knows how to render itself and what it looks like.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use model::{Error, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use store::Listed;

use crate::registry::OutputShape;

/// An answer of an operation.
pub trait Reply: Send + 'static {
    /// Renders it.
    fn render(self) -> Result<Response>;
    /// What it looks like.
    fn shape() -> OutputShape;
}

/// A JSON value.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A page of a list: a bare array, and the number of all in `X-Total-Count`.
#[derive(Debug)]
pub struct List<T>(pub Listed<T>);

/// `null`: done, nothing to tell. Callers parse every success as JSON, so it is not empty.
#[derive(Debug)]
pub struct Done;

/// Sends a browser to that URL.
#[derive(Debug)]
pub struct Redirect(pub String);

/// An answer that is rendered already, of the shape of `T`.
#[derive(Debug)]
pub struct Rendered<T> {
    /// The answer.
    pub response: Response,
    shape: std::marker::PhantomData<fn() -> T>,
}

impl<T> From<Response> for Rendered<T> {
    fn from(response: Response) -> Self {
        Self { response, shape: std::marker::PhantomData }
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A JSON answer with status 200.
pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Response> {
    let body = serde_json::to_vec(value).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

impl<T: Serialize + JsonSchema + Send + 'static> Reply for Json<T> {
    fn render(self) -> Result<Response> {
        json(&self.0)
    }
    fn shape() -> OutputShape {
        OutputShape { schema: schema_of::<T>, is_list: false, is_redirect: false }
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Reply for List<T> {
    fn render(self) -> Result<Response> {
        let mut response = json(&self.0.rows)?;
        response.headers_mut().insert("x-total-count", HeaderValue::from(self.0.total));
        Ok(response)
    }
    fn shape() -> OutputShape {
        OutputShape { schema: schema_of::<Vec<T>>, is_list: true, is_redirect: false }
    }
}

impl Reply for Done {
    fn render(self) -> Result<Response> {
        json(&Value::Null)
    }
    fn shape() -> OutputShape {
        OutputShape { schema: schema_of::<()>, is_list: false, is_redirect: false }
    }
}

impl Reply for Redirect {
    fn render(self) -> Result<Response> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let to = HeaderValue::from_str(&self.0).map_err(Error::internal)?;
        response.headers_mut().insert(header::LOCATION, to);
        Ok(response)
    }
    fn shape() -> OutputShape {
        OutputShape { schema: schema_of::<()>, is_list: false, is_redirect: true }
    }
}

impl<T: JsonSchema + 'static> Reply for Rendered<T> {
    fn render(self) -> Result<Response> {
        Ok(self.response)
    }
    fn shape() -> OutputShape {
        OutputShape { schema: schema_of::<T>, is_list: false, is_redirect: false }
    }
}
