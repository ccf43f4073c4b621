//! `claviger docs`.

use model::Result;
use server::{operations, permissions};

use super::print;
use crate::config::reference;

/// Which document.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// All operations with their permissions, and what the predefined roles grant.
    Permissions,
    /// All keys of the configuration, with their environment variables and defaults.
    Configuration,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Permissions => print(&permissions::document(operations())),
        Command::Configuration => print(&reference::document()),
    }
}
