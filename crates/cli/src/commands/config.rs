//! `claviger config`.

use model::{Error, Result};

use super::{print, say};
use crate::config::{Config, ConfigArgs};

/// What to do with the configuration.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Reads the configuration and says what is wrong with it.
    #[command(after_help = "Examples:\n  claviger config check --config /etc/claviger.toml")]
    Check(Args),
    /// Prints the configuration as it would be used, without its secrets.
    Show(Args),
    /// Prints the JSON schema of the configuration file.
    Schema,
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Check(args) => {
            Config::load(&args.config)?;
            say("The configuration is fine.");
            Ok(())
        }
        Command::Show(args) => {
            let config = Config::load(&args.config)?.without_secrets();
            print(&toml::to_string_pretty(&config).map_err(Error::internal)?)
        }
        Command::Schema => {
            let schema = schemars::schema_for!(Config);
            print(&serde_json::to_string_pretty(&schema).map_err(Error::internal)?)
        }
    }
}
