//! `cargo xtask test`: every test, on both databases and with the real clients.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use crate::cargo::{self, Workspace};
use crate::postgres::Cluster;
use crate::steps::Steps;
use crate::{conformance, need};

/// Chooses the tests' database: a PostgreSQL URL, or SQLite when it is not set.
const DATABASE: &str = "CLAVIGER_TEST_DB";

const BUILD: &str = "build";
const SQLITE: &str = "tests on SQLite";
const SERVER: &str = "PostgreSQL server";
const POSTGRES: &str = "tests on PostgreSQL";
const PYTHON: &str = "Python";
const CLIENTS: &str = "real clients";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run one part only
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Run only the tests whose name contains this; the real clients then need `--only conformance`
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
    /// The program for the real clients; built in the dev profile when absent
    #[arg(long, value_name = "FILE", env = "CLAVIGER_BINARY")]
    binary: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Sqlite,
    Postgres,
    Conformance,
}

impl Args {
    fn wants(&self, part: Part) -> bool {
        match self.only {
            Some(only) => only == part,
            // A name of a Rust test means nothing to the real clients.
            None => part != Part::Conformance || self.filter.is_none(),
        }
    }
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let mut steps = Steps::default();
    let rust = args.wants(Part::Sqlite) || args.wants(Part::Postgres);
    if rust && steps.run(BUILD, || build(workspace)).is_none() {
        steps.not_run("everything else", "the build failed");
        return steps.finish();
    }
    if args.wants(Part::Sqlite) {
        steps.run(SQLITE, || cargo::run(tests(workspace, args.filter.as_deref()).env_remove(DATABASE)));
    }
    if args.wants(Part::Postgres) {
        postgres(&mut steps, workspace, args.filter.as_deref());
    }
    if args.wants(Part::Conformance) {
        clients(&mut steps, workspace, args);
    } else if args.only.is_none() {
        eprintln!(
            "\nThe real clients do not run: `--filter` names Rust tests (`--only conformance --filter` names checks)."
        );
    }
    steps.finish()
}

/// Builds all targets with one selection of features: the tests and the program then share every compiled crate.
fn build(workspace: &Workspace) -> Result<()> {
    cargo::run(workspace.cargo("build").args(["--workspace", "--all-targets"]))
}

/// The whole workspace each time: a selection of packages would choose other features and compile much of it again.
fn tests(workspace: &Workspace, filter: Option<&str>) -> Command {
    let mut command = workspace.cargo("test");
    command.args(["--workspace", "--no-fail-fast"]).args(filter);
    command
}

fn postgres(steps: &mut Steps, workspace: &Workspace, filter: Option<&str>) {
    let Some(cluster) = steps.run(SERVER, || Cluster::start(&workspace.target)) else {
        return steps.not_run(POSTGRES, "there is no server");
    };
    // Examples in the documentation use no database, so once is enough for them.
    let mut command = tests(workspace, filter);
    command.args(["--lib", "--bins", "--tests"]).env(DATABASE, cluster.url());
    steps.run(POSTGRES, || cargo::run(&mut command));
}

fn clients(steps: &mut Steps, workspace: &Workspace, args: &Args) {
    let python = steps.run(PYTHON, need::python);
    let program = steps.run("program for the real clients", || program(workspace, args));
    let (Some(python), Some(program)) = (python, program) else {
        return steps.not_run(CLIENTS, "a step before failed");
    };
    let filter = args.filter.as_deref();
    steps.run(CLIENTS, || conformance::run(workspace, &python, &program, filter));
}

/// In a whole run the program is already there, built with the tests.
fn program(workspace: &Workspace, args: &Args) -> Result<PathBuf> {
    let built = workspace.program("debug");
    let given =
        args.binary.as_deref().or_else(|| (args.only.is_none() && built.is_file()).then_some(&*built));
    workspace.built_program(given.map(Path::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(only: Option<Part>, filter: Option<&str>) -> Args {
        Args { only, filter: filter.map(str::to_owned), binary: None }
    }

    #[test]
    fn parts_are_chosen() {
        let all = [Part::Sqlite, Part::Postgres, Part::Conformance];
        assert!(all.iter().all(|part| args(None, None).wants(*part)));
        assert!(!args(None, Some("rotation")).wants(Part::Conformance));
        assert!(args(Some(Part::Conformance), Some("login")).wants(Part::Conformance));
        assert!(!args(Some(Part::Sqlite), None).wants(Part::Postgres));
    }
}
