//! `claviger docs`.

use server::{operations, permissions};

use super::print;

/// Which document.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// All operations with their permissions, and what the predefined roles grant.
    Permissions,
}

pub(crate) fn run(command: &Command) {
    match command {
        Command::Permissions => print(&permissions::document(operations())),
    }
}
