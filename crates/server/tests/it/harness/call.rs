//! A request, and whoever makes it.

use std::future::IntoFuture;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Answer, Server};

/// The address that calls come from unless they say otherwise.
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
/// What calls name as their client unless they say otherwise.
const USER_AGENT: &str = "it/1.0";

/// Somebody who talks to the server.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    server: &'a Server,
    base: &'static str,
    headers: HeaderMap,
}

impl<'a> Client<'a> {
    pub(super) fn new(server: &'a Server, bearer: Option<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let client = Self { server, base: "/api/v1", headers };
        match bearer {
            Some(bearer) => client.header("authorization", &format!("Bearer {bearer}")),
            None => client,
        }
    }

    /// With another base than `/api/v1` in front of the paths.
    pub(crate) fn at(self, base: &'static str) -> Self {
        Self { base, ..self }
    }

    /// With that header on all requests.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        insert(&mut self.headers, name, value);
        self
    }

    pub(crate) fn get(&self, path: &str) -> Call<'a> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'a> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call<'a> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call<'a> {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call<'a> {
        self.call(Method::DELETE, path)
    }

    /// A request of any method.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'a> {
        Call {
            server: self.server,
            method,
            target: format!("{}{path}", self.base),
            headers: self.headers.clone(),
            body: Vec::new(),
            from: ADDRESS,
        }
    }
}

/// A request, sent when it is awaited.
#[must_use = "a request is sent when it is awaited"]
pub(crate) struct Call<'a> {
    server: &'a Server,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    from: IpAddr,
}

impl Call<'_> {
    /// Adds fields to the query.
    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        let joint = if self.target.contains('?') { '&' } else { '?' };
        self.target.push(joint);
        self.target.push_str(&encoded(pairs));
        self
    }

    /// With a JSON body.
    pub(crate) fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// With a form as its body.
    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.body("application/x-www-form-urlencoded", encoded(pairs))
    }

    /// With any body.
    pub(crate) fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        insert(&mut self.headers, "content-type", kind);
        self.bare(body)
    }

    /// With a body and no word on its type.
    pub(crate) fn bare(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With that header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        insert(&mut self.headers, name, value);
        self
    }

    /// From another address.
    pub(crate) fn from(mut self, address: &str) -> Self {
        self.from = address.parse().expect("the test's address cannot be read");
        self
    }

    async fn send(self) -> Answer {
        let line = format!("{} {}", self.method, self.target);
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target.parse().expect("the test's path cannot be read");
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(self.from, 50_000)));
        let Ok(response) = self.server.router.clone().oneshot(request).await;
        let answer = Answer::read(line, response).await;
        self.server.shown.note(&answer);
        answer
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::try_from(name).expect("the test's header has no possible name");
    headers.insert(name, HeaderValue::from_str(value).expect("the test's header has no possible value"));
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    serde_html_form::to_string(pairs).expect("pairs can be encoded")
}
