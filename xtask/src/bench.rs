//! `cargo xtask bench`: the release program under load.

use std::process::Command;

use anyhow::Result;

use crate::cargo::{self, Workspace};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Stored credentials
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    credentials: usize,
    /// Stored credentials of the installation that runs beside it, to compare with; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    beside: usize,
    /// Shared resources in the large organization; 0 leaves that part out
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    shares: usize,
    /// How long each case is measured
    #[arg(long, value_name = "S", default_value_t = 5.0)]
    seconds: f64,
    /// Connections that send at once
    #[arg(long, value_name = "C", default_value_t = 16)]
    connections: usize,
    /// Print one object of JSON instead of the tables
    #[arg(long)]
    json: bool,
}

/// Builds both as they are shipped and measures. The load comes from a program of its own: it links the store, to fill
/// databases with, and the tasks stay free of that.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    cargo::run(workspace.cargo("build").args([
        "--release",
        "--package",
        "claviger",
        "--package",
        "claviger-bench",
    ]))?;
    let program = workspace.program("release");
    let mut bench = Command::new(program.with_file_name("claviger-bench"));
    bench.arg("--program").arg(&program);
    bench.args(["--credentials", &args.credentials.to_string()]);
    bench.args(["--beside", &args.beside.to_string()]);
    bench.args(["--shares", &args.shares.to_string()]);
    bench.args(["--seconds", &args.seconds.to_string()]);
    bench.args(["--connections", &args.connections.to_string()]);
    bench.args(args.json.then_some("--json"));
    cargo::run(&mut bench)
}
