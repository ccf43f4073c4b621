//! What came back.

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;

/// What came back. Expectations that it does not meet show the whole of it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// What was asked.
    pub(crate) request: String,
}

impl Answer {
    pub(super) async fn read(request: String, response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the answer breaks off").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: parts.status, headers: parts.headers, text, request }
    }

    /// The same answer, which must have that status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self
    }

    /// The body of an answer that must be a success: 200 with JSON, as every success is.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self}");
        self.json()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }

    /// A text in the body of a success, by its JSON pointer without the first slash.
    #[track_caller]
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let body = self.ok();
        let found = body.pointer(&format!("/{pointer}")).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer}: {self}")).to_owned()
    }

    /// Checks that it is an error of that status, class and code, and answers its message.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, class: &str, code: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{self}");
        let body = self.json();
        assert_eq!((body["detail"][0].as_str(), body["code"].as_str()), (Some(class), Some(code)), "{self}");
        assert_eq!(body["detail"].as_array().map(Vec::len), Some(2), "{self}");
        body["detail"][1].as_str().unwrap_or_else(|| panic!("no message: {self}")).to_owned()
    }

    /// Checks that the credential was not taken.
    #[track_caller]
    pub(crate) fn is_unauthenticated(&self) {
        assert_eq!(self.status, StatusCode::UNAUTHORIZED, "{self}");
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, text, request } = self;
        // Enough to see what it is; a long list hides the rest of the failure.
        let text: String = text.chars().take(3000).collect();
        write!(f, "\n{request}\n-> {status}\n{headers:?}\n{text}")
    }
}
