//! `claviger migrate`.

use model::Result;

use super::say;
use crate::config::{Config, ConfigArgs};
use crate::runtime;

/// Brings the database to this version and ends. Starting a server does the same.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  claviger migrate --database-url postgres://claviger@db/claviger")]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) async fn run(args: &Args) -> Result<()> {
    let config = Config::load(&args.config)?;
    runtime::start_log(&config)?;
    let store = runtime::open_store(&config).await?;
    store.close().await?;
    say("The database is at this version.");
    Ok(())
}
