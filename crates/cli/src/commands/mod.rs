//! The commands, a file each.

mod admin;
mod config;
mod docs;
mod migrate;
mod openapi;
mod quickstart;
mod serve;

use std::io::Write;

use clap::Subcommand;
use model::{Error, Result};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts a server and, the first time, makes an administrator, an organization and a token.
    Quickstart(quickstart::Args),
    /// Starts a server with a configuration.
    Serve(serve::Args),
    /// Brings the database to this version and ends.
    Migrate(migrate::Args),
    /// Operates on the database of this machine, without a running server.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Checks, shows or describes the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints a generated document.
    #[command(subcommand)]
    Docs(docs::Command),
}

impl Command {
    /// Does it.
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Quickstart(args) => quickstart::run(args).await,
            Self::Serve(args) => serve::run(args).await,
            Self::Migrate(args) => migrate::run(&args).await,
            Self::Admin(command) => admin::run(command).await,
            Self::Config(command) => config::run(command),
            Self::Openapi => openapi::run(),
            Self::Docs(command) => docs::run(&command),
        }
    }
}

/// Prints data, as opposed to talk, on standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        // Whoever reads has had enough, as `head` has.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::internal),
    }
}

/// Says something to the person at the terminal.
#[expect(clippy::print_stderr, reason = "the program talks on standard error")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}
