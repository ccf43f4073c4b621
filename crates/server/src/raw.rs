//! A request as it came, before anything is believed of it.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};
use model::audit::Origin;
use model::{Error, Result};

use crate::fields::{Fields, NUL};

/// A request with its body read.
#[derive(Debug)]
pub struct Raw {
    /// The method.
    pub method: Method,
    /// The parameters of the path, decoded, by name.
    pub path: Vec<(String, String)>,
    /// The query string, encoded.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The address of the caller, behind proxies that we trust.
    pub ip: IpAddr,
    /// The id of the request: in the log, in the answer and in audit events.
    pub request_id: String,
}

impl Raw {
    /// A parameter of the path. A missing one is a bug in the operation.
    pub fn param(&self, name: &str) -> Result<&str> {
        let found = self.path.iter().find(|(known, _)| known == name);
        let (_, value) = found.ok_or_else(|| Error::internal(format!("no path parameter {name}")))?;
        if value.contains('\0') { Err(Error::invalid(name, NUL)) } else { Ok(value) }
    }

    /// A parameter of the path that is an id.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> Result<T> {
        let text = self.param(name)?;
        text.parse().map_err(|_| Error::invalid(name, format!("'{}' is not an id (UUID)", shorten(text))))
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The fields of the query.
    pub fn query_fields(&self) -> Result<Fields> {
        let mut fields = Fields::default();
        fields.add_pairs(self.query.as_bytes())?;
        Ok(fields)
    }

    /// The fields of the query and of the JSON body together.
    pub fn all_fields(&self) -> Result<Fields> {
        let mut fields = self.query_fields()?;
        if !self.body.is_empty() {
            self.require_json()?;
            fields.add_json(&self.body)?;
        }
        Ok(fields)
    }

    /// The fields of a form body.
    pub fn form_fields(&self) -> Result<Fields> {
        let mut fields = Fields::default();
        match self.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim()) {
            Some("application/json") => fields.add_json(&self.body)?,
            // Clients that send no type mean a form: the documented `wget` and `curl -d` lines do.
            None | Some("application/x-www-form-urlencoded" | "") => fields.add_pairs(&self.body)?,
            Some(other) => return Err(unsupported(other, "application/x-www-form-urlencoded")),
        }
        fields.drop_empty();
        Ok(fields)
    }

    /// Refuses bodies of another type than JSON; a missing type counts as JSON.
    pub fn require_json(&self) -> Result<()> {
        let Some(kind) = self.header("content-type") else { return Ok(()) };
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if essence == "application/json" || essence.ends_with("+json") {
            return Ok(());
        }
        Err(unsupported(essence, "application/json"))
    }

    /// From where it came, for the audit log.
    #[must_use]
    pub fn origin(&self) -> Origin {
        Origin {
            request_id: self.request_id.clone(),
            ip: Some(self.ip.to_string()),
            user_agent: self.header("user-agent").map(|text| text.chars().take(256).collect()),
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

fn unsupported(found: &str, wanted: &str) -> Error {
    Error::new(
        model::ErrorKind::UnsupportedMedia,
        model::error::code::UNSUPPORTED_MEDIA,
        format!("content-type: '{}' is not read here; send {wanted}", shorten(found)),
    )
}
