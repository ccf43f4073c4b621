//! Measures the program as its callers see it: over its socket, on a database with many credentials.
//!
//! `cargo xtask bench` builds it and the program, and runs it. It is a crate of its own because it fills the
//! database through the store, which the developer's tasks are not to link.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "results go to stdout, progress to stderr; the person at the terminal reads both"
)]

mod cases;
mod connection;
mod crowd;
mod installation;
mod load;
mod process;
mod report;
mod seed;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::cases::Case;
use crate::installation::Installation;
use crate::load::{Measured, Pool};
use crate::report::Report;

/// What to measure, and for how long.
#[derive(Debug, Clone, Parser)]
#[command(about = "Measures the release build of claviger")]
pub(crate) struct Args {
    /// The program
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// Stored credentials
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    credentials: usize,
    /// Stored credentials of the installation that runs beside it, to compare with; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    beside: usize,
    /// How long each case is measured
    #[arg(long, value_name = "S", default_value_t = 5.0)]
    seconds: f64,
    /// Connections that send at once
    #[arg(long, value_name = "C", default_value_t = 16)]
    connections: usize,
    /// Prints one object of JSON instead of the tables
    #[arg(long)]
    json: bool,
    /// Shared resources in the large organization; 0 leaves that part out
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    shares: usize,
    /// Measures only cases whose name contains this, beside the ceiling
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// The cases are measured in turns of this length, so that whatever else the machine does meets all alike.
const SLICE_SECONDS: f64 = 0.25;

fn main() -> ExitCode {
    let args = Args::parse();
    // One thread: the load must leave the machine to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&args)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let big = Installation::make(args, &folder.path().join("big"), args.credentials).await?;
    let small = match args.beside {
        0 => None,
        count => Some(Installation::make(args, &folder.path().join("small"), count).await?),
    };
    let first_use = load::each_once(&big, args.connections).await?;
    eprintln!("measuring");
    let big_runs = measure(args, &big, small.as_ref()).await?;
    let batches = load::batches(&big, args.seconds).await?;
    let crowd = match args.shares {
        0 => None,
        _ => Some(crowd::measure(args, &folder.path().join("crowd")).await?),
    };
    let report = Report::new(args, &big, big_runs, (first_use, batches), crowd);
    println!("{}", if args.json { report.json() } else { report.tables() });
    Ok(())
}

/// What a case gave on the installation with many credentials, and on the one beside it.
pub(crate) type Pair = (Measured, Option<Measured>);

async fn measure(args: &Args, big: &Installation, small: Option<&Installation>) -> Result<Vec<Pair>> {
    let wanted =
        |case: &&Case| args.only.as_deref().is_none_or(|only| case.is_ceiling() || case.name.contains(only));
    let mut sides = Vec::new();
    for installation in std::iter::once(big).chain(small) {
        let cases: Vec<&Case> = installation.cases.iter().filter(wanted).collect();
        let runs: Vec<Measured> = cases.iter().map(|case| Measured::new(case.name)).collect();
        sides.push((installation, Pool::open(installation.address(), args.connections).await?, cases, runs));
    }
    // A first turn that nobody counts: caches fill, the processor finds its clock.
    for turn in 0..=turns(args.seconds) {
        for at in 0..sides.first().map_or(0, |(_, _, cases, _)| cases.len()) {
            for (installation, pool, cases, runs) in &mut sides {
                let (Some(case), Some(run)) = (cases.get(at), runs.get_mut(at)) else { continue };
                let slice = pool.slice(case, installation.process(), SLICE_SECONDS).await?;
                if turn > 0 {
                    run.add(slice);
                }
            }
        }
    }
    let mut sides = sides.into_iter().map(|(_, _, _, runs)| runs);
    let big = sides.next().unwrap_or_default();
    let mut small = sides.next().map(Vec::into_iter);
    Ok(big.into_iter().map(|run| (run, small.as_mut().and_then(Iterator::next))).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
fn turns(seconds: f64) -> usize {
    (seconds / SLICE_SECONDS).ceil().max(1.0) as usize
}
