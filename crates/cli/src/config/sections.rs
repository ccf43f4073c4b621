//! The sections of the configuration. Each default stands beside its field.

use std::net::SocketAddr;
use std::path::PathBuf;

use control::rbac::RawKeys;
use ipnet::IpNet;
use model::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use server::limits::Rate;

/// The listener.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// The address to listen on; port 0 picks a free one. Default 127.0.0.1:8080.
    pub listen: SocketAddr,
    /// Where people reach the server, if not at the address it listens on.
    pub public_url: Option<String>,
    /// Where clients reach the API; default: the public URL and /api/v1. Workspace servers must use the very same text.
    pub api_url: Option<String>,
    /// Hosts at whose root the API is served as well. Default `["api.localhost"]`.
    pub api_hosts: Vec<String>,
    /// The parent domain that the session cookie is shared in.
    pub cookie_domain: Option<String>,
    /// Networks of proxies whose `X-Forwarded-For` is believed, as 10.0.0.0/8.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// How long a request may take. Default 60.
    pub request_timeout_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            api_url: None,
            api_hosts: vec!["api.localhost".to_owned()],
            cookie_domain: None,
            trusted_proxies: Vec::new(),
            request_timeout_seconds: 60,
        }
    }
}

/// Where the data is kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. Default: claviger.db in the data folder.
    pub url: Option<String>,
    /// Connections: for reading with SQLite, all of them with PostgreSQL. Default 8.
    pub connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, connections: 8 }
    }
}

/// The key that seals the keys in the database.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// 32 random bytes in base64. Wins over the file.
    #[serde(skip_serializing)]
    pub master_key: Option<Secret>,
    /// A file with the same, readable by its owner alone; made at the first start. Default: master.key in the data folder.
    pub master_key_file: Option<PathBuf>,
}

/// TLS on the listener.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tls {
    /// The certificate and its chain (PEM).
    pub certificate: Option<PathBuf>,
    /// The key of the certificate (PEM).
    pub key: Option<PathBuf>,
}

/// The listener for Prometheus.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Metrics {
    /// The address to serve /metrics on; none if absent.
    pub listen: Option<SocketAddr>,
}

/// A rate limit: `per_minute` 0 is no limit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Regained each minute.
    pub per_minute: u32,
    /// At once.
    pub burst: u32,
}

impl From<RateLimit> for Rate {
    fn from(limit: RateLimit) -> Self {
        Self { per_minute: limit.per_minute, burst: limit.burst }
    }
}

/// Sizes and rates.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// The largest body. Default 1048576.
    pub body_bytes: usize,
    /// The largest body of permission checks, which hold whole pages. Default 33554432.
    pub large_body_bytes: usize,
    /// Failed sign-ins by address. Default 30 a minute, 60 at once.
    pub failed_sign_ins: RateLimit,
    /// Calls by credential. Default 30000 a minute, 5000 at once.
    pub credential_calls: RateLimit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            large_body_bytes: 32 * 1024 * 1024,
            failed_sign_ins: RateLimit { per_minute: 30, burst: 60 },
            credential_calls: RateLimit { per_minute: 30_000, burst: 5_000 },
        }
    }
}

/// Whose keys enrolled servers may take as they are.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawServiceAccountKeys {
    /// All, as documented clients expect. A stock 0.98.0 server asks for no permission on requests that carry
    /// the key of a service account itself, so such a key may do everything in the workspaces it gets into.
    #[default]
    All,
    /// Those of service accounts that may do everything in the workspace; all others exchange theirs first.
    Administrators,
}

impl From<RawServiceAccountKeys> for RawKeys {
    fn from(keys: RawServiceAccountKeys) -> Self {
        match keys {
            RawServiceAccountKeys::Administrators => Self::Administrators,
            RawServiceAccountKeys::All => Self::All,
        }
    }
}

/// What is traded between convenience and safety.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Security {
    /// Whose service-account keys enrolled servers may take unexchanged: `all` (default) or `administrators`.
    pub raw_service_account_keys: RawServiceAccountKeys,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For eyes.
    #[default]
    Text,
    /// A JSON object a line, for machines.
    Json,
}

/// The log, on standard error.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or by module as `warn,claviger=debug`. Default info.
    pub level: String,
    /// `text` (default) or `json`.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// The first start.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bootstrap {
    /// Makes the reserved administrator with this password when there is none yet.
    #[serde(skip_serializing)]
    pub admin_password: Option<Secret>,
}
