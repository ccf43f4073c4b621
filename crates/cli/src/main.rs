//! The program: command line, configuration, and the outside world that the crates below get as values.

mod commands;
mod config;
mod exit;
mod outside;
mod runtime;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Keeper of the keys: the control plane of an ML platform.
///
/// One binary that starts on an embedded database and grows onto PostgreSQL. It issues personal access tokens
/// and service-account keys, and lets unmodified ZenML clients and servers use them.
#[derive(Debug, Parser)]
#[command(name = "claviger", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&model::Error::internal(error)),
    };
    match runtime.block_on(cli.command.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
