//! The developer's tasks: start, test, generate, check, package.
//!
//! Everything a newcomer and `.ci/run` need beyond cargo itself. It knows the crates by name and the program by its
//! command line only: nothing of the product is linked in here, so that the tasks build in seconds.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to the person at the terminal: results on stdout, progress on stderr"
)]

mod bench;
mod cargo;
mod conformance;
mod dist;
mod generate;
mod need;
mod postgres;
mod quickstart;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::cargo::Workspace;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The developer's tasks: start, test, generate, check, package")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the release binary and starts it on an embedded database
    Quickstart(quickstart::Args),
    /// Runs every test: both databases and the real clients
    Test(test::Args),
    /// Writes the generated files that are checked in
    Gen(generate::Args),
    /// Checks the rules that the compiler cannot: lengths, names, arrows, paths in documents
    Tidy,
    /// Measures the release binary under load
    Bench(bench::Args),
    /// Packs the release binary into target/dist
    Dist,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let workspace = Workspace::load()?;
    match task {
        Task::Quickstart(args) => quickstart::run(&workspace, &args),
        Task::Test(args) => test::run(&workspace, &args),
        Task::Gen(args) => generate::run(&workspace, &args),
        Task::Tidy => tidy::run(&workspace),
        Task::Bench(args) => bench::run(&workspace, &args),
        Task::Dist => dist::run(&workspace),
    }
}
