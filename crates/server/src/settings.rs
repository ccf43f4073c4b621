//! What the server is told at its start.

use std::time::Duration;

use control::rbac::RawKeys;

use crate::limits::Rate;

/// The settings of the HTTP side. A value: nothing reads the environment here.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where people reach the console: scheme, host and port, without a trailing slash.
    pub public_url: String,
    /// Where clients reach the API.
    pub api_url: String,
    /// Hosts at whose root the API is served as well.
    pub api_hosts: Vec<String>,
    /// The parent domain that the session cookie is shared in.
    pub cookie_domain: Option<String>,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The largest body.
    pub body_bytes: usize,
    /// The largest body where many things are asked at once.
    pub large_body_bytes: usize,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Failed sign-ins by address.
    pub failed_sign_ins: Rate,
    /// Calls by credential.
    pub credential_calls: Rate,
    /// Whose keys enrolled servers may take unexchanged.
    pub raw_keys: RawKeys,
    /// The version to report.
    pub version: &'static str,
}

impl Settings {
    /// The settings with which an installation at that URL starts.
    #[must_use]
    pub fn new(public_url: &str) -> Self {
        let public_url = public_url.trim_end_matches('/').to_owned();
        Self {
            api_url: format!("{public_url}/api/v1"),
            public_url,
            api_hosts: vec!["api.localhost".to_owned()],
            cookie_domain: None,
            trusted_proxies: Vec::new(),
            body_bytes: 1024 * 1024,
            large_body_bytes: 32 * 1024 * 1024,
            request_timeout: Duration::from_mins(1),
            failed_sign_ins: Rate { per_minute: 30, burst: 60 },
            credential_calls: Rate { per_minute: 30_000, burst: 5_000 },
            raw_keys: RawKeys::default(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
