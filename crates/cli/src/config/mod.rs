//! The configuration: one tree, a section a file of TOML can hold, overlaid by the environment and by flags.

pub(crate) mod reference;
mod sections;

use std::path::{Path, PathBuf};

use clap::Args;
use figment::Figment;
use figment::providers::{Env as EnvProvider, Format, Serialized, Toml};
use model::{Error, Result, name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use server::Settings;

pub(crate) use sections::{
    Bootstrap, Database, Keys, Limits, Log, LogFormat, Metrics, Security, Server, Tls,
};

/// Variables with our prefix that configure no server: where the configuration is, and what the tests are told.
const NO_SETTINGS: [&str; 4] = ["config", "binary", "test_db", "kill_rounds"];

/// Keys whose values are not shown, not even wrong ones.
const SECRETS: [&str; 3] = ["keys.master_key", "bootstrap.admin_password", "database.url"];

/// The configuration of `claviger`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The folder of the embedded database and of the key files.
    pub data: Data,
    /// The listener.
    pub server: Server,
    /// Where the data is kept.
    pub database: Database,
    /// The key that seals the keys in the database.
    pub keys: Keys,
    /// TLS on the listener.
    pub tls: Tls,
    /// The listener for Prometheus.
    pub metrics: Metrics,
    /// Sizes and rates.
    pub limits: Limits,
    /// What is traded between convenience and safety.
    pub security: Security,
    /// The log.
    pub log: Log,
    /// The first start.
    pub bootstrap: Bootstrap,
}

/// A folder.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Data(pub PathBuf);

impl Default for Data {
    fn default() -> Self {
        Self("./claviger-data".into())
    }
}

/// Flags that every command with a configuration takes. They win over the environment, which wins over the file.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE", env = "CLAVIGER_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder of the embedded database and of the key files.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The database: a path of `SQLite` or an address of `PostgreSQL`.
    #[arg(
        long,
        value_name = "URL",
        help = "The database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"
    )]
    pub database_url: Option<String>,
}

impl Config {
    /// Reads the configuration and checks it. Errors name the key, the value's problem and the fix.
    pub(crate) fn load(args: &ConfigArgs) -> Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &args.config {
            if !file.is_file() {
                return Err(Error::invalid("--config", format!("{} is not a file", file.display())));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment.merge(EnvProvider::prefixed("CLAVIGER_").ignore(&NO_SETTINGS).split("__"));
        let mut config: Self = figment.extract().map_err(|error| unreadable(&figment, &error))?;
        if let Some(data) = &args.data {
            config.data = Data(data.clone());
        }
        if let Some(url) = &args.database_url {
            config.database.url = Some(url.clone());
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        for (key, url) in
            [("server.public_url", &self.server.public_url), ("server.api_url", &self.server.api_url)]
        {
            if let Some(url) = url {
                name::url(key, url)?;
            }
        }
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            let missing = if self.tls.key.is_some() { "tls.certificate" } else { "tls.key" };
            return Err(Error::invalid(missing, "is missing: TLS needs a certificate and its key"));
        }
        if !(1..=1000).contains(&self.database.connections) {
            let problem = format!("is {}; use 1 to 1000", self.database.connections);
            return Err(Error::invalid("database.connections", problem));
        }
        if self.server.request_timeout_seconds == 0 {
            return Err(Error::invalid("server.request_timeout_seconds", "is 0; use 1 or more"));
        }
        if self.limits.body_bytes < 1024 {
            return Err(Error::invalid(
                "limits.body_bytes",
                "is below 1024; the smallest sign-in would not fit",
            ));
        }
        Ok(())
    }

    /// The database's URL; by default a file in the data folder.
    pub(crate) fn database_url(&self) -> String {
        let default = || format!("sqlite:{}", self.data.0.join("claviger.db").display());
        self.database.url.clone().unwrap_or_else(default)
    }

    /// Fails when the embedded database is not there yet.
    pub(crate) fn require_database(&self) -> Result<()> {
        let url = self.database_url();
        let Some(path) = url.strip_prefix("sqlite:") else { return Ok(()) };
        let file = path.trim_start_matches("//").split('?').next().unwrap_or(path);
        if Path::new(file).is_file() {
            return Ok(());
        }
        Err(Error::invalid("database.url", format!("{file} is no database yet; give its folder with --data")))
    }

    /// The same, to be shown: the master key and passwords are not in it.
    pub(crate) fn without_secrets(mut self) -> Self {
        self.database.url = self.database.url.as_deref().map(without_password);
        self
    }

    /// The file of the master key.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.keys.master_key_file.clone().unwrap_or_else(|| self.data.0.join("master.key"))
    }

    /// The URL at which people reach the server that listens at this address.
    pub(crate) fn public_url(&self, address: std::net::SocketAddr) -> String {
        let scheme = if self.tls.certificate.is_some() { "https" } else { "http" };
        let shown = if address.ip().is_unspecified() {
            format!("localhost:{}", address.port())
        } else {
            address.to_string()
        };
        let own = || format!("{scheme}://{shown}");
        self.server.public_url.as_ref().map_or_else(own, |url| url.trim_end_matches('/').to_owned())
    }

    /// The settings of the HTTP side.
    pub(crate) fn settings(&self, address: std::net::SocketAddr) -> Settings {
        let mut settings = Settings::new(&self.public_url(address));
        if let Some(url) = &self.server.api_url {
            url.trim_end_matches('/').clone_into(&mut settings.api_url);
        }
        settings.api_hosts.clone_from(&self.server.api_hosts);
        settings.cookie_domain.clone_from(&self.server.cookie_domain);
        settings.trusted_proxies.clone_from(&self.server.trusted_proxies);
        settings.request_timeout = std::time::Duration::from_secs(self.server.request_timeout_seconds);
        settings.body_bytes = self.limits.body_bytes;
        settings.large_body_bytes = self.limits.large_body_bytes;
        settings.failed_sign_ins = self.limits.failed_sign_ins.into();
        settings.credential_calls = self.limits.credential_calls.into();
        settings.raw_keys = self.security.raw_service_account_keys.into();
        settings
    }

    /// The certificate and key files, if TLS is on.
    pub(crate) fn tls(&self) -> Option<(&Path, &Path)> {
        self.tls.certificate.as_deref().zip(self.tls.key.as_deref())
    }
}

/// The URL of a database with an ellipsis for its password, before the host or among the parameters.
fn without_password(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)));
    let person_and_host =
        url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
    let shown = match person_and_host {
        Some((scheme, (person, host))) => match person.split_once(':') {
            Some((name, _)) => format!("{scheme}://{name}:…@{host}"),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    };
    let hide =
        |pair: &str| if pair.starts_with("password=") { "password=…".to_owned() } else { pair.to_owned() };
    let query = query.map(|query| query.split('&').map(hide).collect::<Vec<_>>().join("&"));
    query.map_or_else(|| shown.clone(), |query| format!("{shown}?{query}"))
}

/// Says which key is wrong, what it was set to and where, and what would be right.
fn unreadable(figment: &Figment, error: &figment::Error) -> Error {
    let key = if error.path.is_empty() { "configuration".to_owned() } else { error.path.join(".") };
    let source = error.metadata.as_ref().map_or(String::new(), |metadata| match &metadata.source {
        Some(source) => format!(" (set in {source})"),
        None => format!(" (set in {})", metadata.name),
    });
    if SECRETS.contains(&key.as_str()) {
        return Error::invalid(key, format!("must be a text{source}"));
    }
    let problem = match &error.kind {
        // What our own readers say; the others name the value themselves.
        figment::error::Kind::Message(message) => {
            let value = figment.find_value(&key).ok();
            let shown = value.as_ref().and_then(|value| value.as_str());
            shown.map_or_else(|| message.clone(), |shown| format!("'{shown}': {message}"))
        }
        kind => kind.to_string(),
    };
    Error::invalid(key, format!("{problem}{source}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("claviger.toml");
        std::fs::write(&file, toml).unwrap();
        Config::load(&ConfigArgs { config: Some(file), ..ConfigArgs::default() })
    }

    #[test]
    fn defaults_need_no_file() {
        let config = Config::load(&ConfigArgs::default()).unwrap();
        assert_eq!(config.database_url(), "sqlite:./claviger-data/claviger.db");
    }

    #[test]
    fn shown_urls_have_no_password() {
        for (url, shown) in [
            ("postgres://ada:pa:ss@db/claviger", "postgres://ada:…@db/claviger"),
            ("postgres://ada@db/claviger?sslmode=require", "postgres://ada@db/claviger?sslmode=require"),
            ("postgres://db/c?user=ada&password=secret", "postgres://db/c?user=ada&password=…"),
            ("postgres://ada:p@ss@db/c?password=secret&a=b", "postgres://ada:…@db/c?password=…&a=b"),
            ("sqlite:/var/lib/claviger/a@b:c.db", "sqlite:/var/lib/claviger/a@b:c.db"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn errors_name_the_key_the_value_and_the_place() {
        let message = |toml: &str| load(toml).unwrap_err().message;
        let wrong = message("[server]\nlisten = \"nowhere\"");
        assert!(wrong.starts_with("server.listen: ") && wrong.contains("claviger.toml"), "{wrong}");
        let wrong = message("[server]\nlistn = \"127.0.0.1:1\"");
        assert!(wrong.contains("listn") && wrong.contains("listen"), "{wrong}");
        assert_eq!(
            message("[tls]\nkey = \"k.pem\""),
            "tls.certificate: is missing: TLS needs a certificate and its key"
        );
        assert!(
            message("[server]\npublic_url = \"claviger.example.com\"").starts_with("server.public_url: ")
        );
    }
}
