//! `claviger serve`.

use std::net::SocketAddr;

use model::Result;

use super::say;
use crate::config::{Config, ConfigArgs};
use crate::runtime;

/// Starts a server with a configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  claviger serve --data /var/lib/claviger --listen 0.0.0.0:8080
  claviger serve --config /etc/claviger.toml
  CLAVIGER_DATABASE__URL=postgres://claviger@db/claviger claviger serve")]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let config = Config::load(&args.config)?;
    runtime::start_log(&config)?;
    let bound = runtime::bind(&config, args.listen.unwrap_or(config.server.listen)).await?;
    let platform = &bound.app.platform;
    if platform.is_empty().await? {
        match &config.bootstrap.admin_password {
            Some(password) => platform.create_admin(password).await?,
            None => say(
                "Nobody can sign in yet. Make the administrator with: claviger admin create-administrator \
                 (and the --config, --data or --database-url of this server)",
            ),
        }
    }
    runtime::serve(bound).await
}
