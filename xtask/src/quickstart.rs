//! `cargo xtask quickstart`: from the sources to a running server in one command.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{self, Workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of the database and the keys; created when absent
    #[arg(long, value_name = "DIR", default_value = "./claviger-data")]
    data: PathBuf,
    /// The address to listen on; the program's own default when absent
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// More arguments for `claviger quickstart`
    #[arg(last = true)]
    extra: Vec<String>,
}

/// Builds, then becomes the server: with no process between, Ctrl-C and a supervisor's signals reach it directly.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    eprintln!("Building Claviger; the first build takes some minutes, later ones seconds.");
    cargo::run(workspace.cargo("build").args(["--release", "--package", "claviger", "--bin", "claviger"]))?;
    let program = workspace.program("release");
    let mut server = Command::new(&program);
    server.arg("quickstart").arg("--data").arg(&args.data);
    if let Some(listen) = &args.listen {
        server.arg("--listen").arg(listen);
    }
    eprintln!("Starting Claviger on {}.", args.data.display());
    // `exec` returns only when it failed.
    Err(server.args(&args.extra).exec()).with_context(|| format!("cannot start {}", program.display()))
}
