//! How errors look on the wire: `{"detail": [<class>, <message>]}`, as the stock client and server read it.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use model::error::code;
use model::{Error, ErrorKind};
use serde_json::json;

/// The status and the exception class that stand for an error kind.
#[must_use]
pub fn status(error: &Error) -> (StatusCode, &'static str) {
    match error.kind {
        // A value that breaks a rule: what request validation answers.
        ErrorKind::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "ValueError"),
        ErrorKind::Illegal if error.code == code::UNSUPPORTED_GRANT => {
            (StatusCode::BAD_REQUEST, "ValueError")
        }
        ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "CredentialsNotValid"),
        ErrorKind::Illegal | ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "IllegalOperationError"),
        ErrorKind::Exhausted => (StatusCode::PAYMENT_REQUIRED, "SubscriptionUpgradeRequiredError"),
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "KeyError"),
        ErrorKind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedError"),
        ErrorKind::Conflict => (StatusCode::CONFLICT, "EntityExistsError"),
        ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "ValueError"),
        ErrorKind::UnsupportedMedia => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "ValueError"),
        ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "MaxConcurrentTasksError"),
        ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "RuntimeError"),
        ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "RuntimeError"),
    }
}

/// Renders an error. The cause stays here: it goes to the log, never to the caller.
#[must_use]
pub fn render(error: &Error) -> Response<Body> {
    let (status, class) = status(error);
    let mut body = json!({"detail": [class, error.message], "code": error.code});
    if let (Some(missing), Some(members)) = (&error.missing, body.as_object_mut()) {
        members.insert("missing_permissions".to_owned(), json!(missing.permissions));
        members.insert("granted_by".to_owned(), json!(missing.granted_by));
    }
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
