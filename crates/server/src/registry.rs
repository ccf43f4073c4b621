//! The registry of operations: the only source of routes, of the OpenAPI document and of the permission list.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use model::{Permission, Result};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::app::App;
use crate::call::{Call, Kind};
use crate::gate;
use crate::input::Input;
use crate::raw::Raw;
use crate::reply::Reply;
use crate::target::Target;

/// An operation: what it is called, where it is, who may, what it takes and gives, and what it does.
pub struct Operation {
    /// Its name in the OpenAPI document: a verb and a noun.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path below the base of the API.
    pub path: &'static str,
    /// Other spellings of it.
    pub aliases: Vec<(Method, &'static str)>,
    /// The group it is shown in.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else is worth knowing.
    pub details: &'static str,
    /// Who may.
    pub access: Access,
    /// Whether its body may be of the larger size.
    pub takes_large_body: bool,
    /// Whether the rate limit of credentials leaves it alone.
    pub is_unlimited: bool,
    /// The shape of its input.
    pub input: InputShape,
    /// The shape of its answer.
    pub output: OutputShape,
    /// An answer as it really is.
    pub example: Value,
    pub(crate) run: Run,
}

pub(crate) type Run = Box<
    dyn Fn(
            Arc<App>,
            Arc<Raw>,
            &'static Operation,
        ) -> Pin<Box<dyn Future<Output = Result<axum::response::Response>> + Send>>
        + Send
        + Sync,
>;

/// Who may use an operation. There is no default: an operation without one cannot be written.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// Everybody, for the reason given.
    Public(&'static str),
    /// Whoever holds the permission on the target.
    Permission(Permission, Target),
    /// The machine of a workspace, on its own workspace.
    Machine,
    /// Everybody whom we know; the operation itself checks more, for the reason given.
    Authenticated(&'static str),
}

/// The shape of an input.
#[derive(Default)]
pub struct InputShape {
    /// The type whose fields are query parameters.
    pub query: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The type of the JSON body.
    pub json: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The type of the form body.
    pub form: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// Whether the fields may come in either.
    pub query_or_json: bool,
}

/// The shape of an answer.
pub struct OutputShape {
    /// The type of the JSON body.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether `X-Total-Count` comes along.
    pub is_list: bool,
    /// Whether it sends a browser elsewhere, with 303, instead of answering 200.
    pub is_redirect: bool,
}

/// A function that carries out an operation.
pub trait Handler<'a, K: Kind, I, O>: Send + Sync + 'static {
    /// What it returns while it works.
    type Future: Future<Output = Result<O>> + Send + 'a;
    /// Starts it.
    fn start(&self, call: &'a mut Call<K>, input: I) -> Self::Future;
}

impl<'a, K: Kind, I, O, F, Fut> Handler<'a, K, I, O> for F
where
    F: Fn(&'a mut Call<K>, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O>> + Send + 'a,
{
    type Future = Fut;
    fn start(&self, call: &'a mut Call<K>, input: I) -> Fut {
        self(call, input)
    }
}

impl Operation {
    /// Declares an operation.
    pub fn new<K, I, O, H>(
        id: &'static str,
        (method, path): (Method, &'static str),
        access: Access,
        handler: H,
    ) -> Self
    where
        K: Kind,
        I: Input,
        O: Reply,
        H: for<'a> Handler<'a, K, I, O>,
    {
        let handler = Arc::new(handler);
        let run: Run = Box::new(move |app, raw, operation| {
            let handler = handler.clone();
            Box::pin(async move { gate::pass::<K, I, O, H>(app, raw, operation, handler.as_ref()).await })
        });
        Self {
            id,
            method,
            path,
            aliases: Vec::new(),
            tag: "",
            summary: "",
            details: "",
            access,
            takes_large_body: false,
            is_unlimited: false,
            input: I::shape(),
            output: O::shape(),
            example: Value::Null,
            run,
        }
    }

    /// Says what it does.
    #[must_use]
    pub fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// Says more.
    #[must_use]
    pub fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }

    /// Shows an answer as it really is.
    #[must_use]
    pub fn example(mut self, example: Value) -> Self {
        self.example = example;
        self
    }

    /// Adds another spelling of the path.
    #[must_use]
    pub fn alias(mut self, path: &'static str) -> Self {
        self.aliases.push((self.method.clone(), path));
        self
    }

    /// Adds another method, and perhaps path.
    #[must_use]
    pub fn also(mut self, method: Method, path: &'static str) -> Self {
        self.aliases.push((method, path));
        self
    }

    /// Lets its body be of the larger size.
    #[must_use]
    pub fn large(mut self) -> Self {
        self.takes_large_body = true;
        self
    }

    /// Takes it out of the rate limit of credentials.
    #[must_use]
    pub fn unlimited(mut self) -> Self {
        self.is_unlimited = true;
        self
    }
}

/// Puts operations into a group.
#[must_use]
pub fn tagged(tag: &'static str, operations: Vec<Operation>) -> Vec<Operation> {
    operations.into_iter().map(|operation| Operation { tag, ..operation }).collect()
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.id, self.method, self.path)
    }
}
