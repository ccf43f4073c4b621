//! The real-client suite: the unmodified clients against the program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cargo::Workspace;

/// Runs the suite and judges its last line as well as its exit code, so that a suite that checked nothing does not pass.
pub(crate) fn run(workspace: &Workspace, python: &Path, program: &Path, filter: Option<&str>) -> Result<()> {
    let mut suite = Command::new(python);
    suite.current_dir(&workspace.root).arg("conformance/run.py").arg("--binary").arg(program);
    suite.arg("--cache").arg(workspace.target.join("conformance"));
    if let Some(filter) = filter {
        suite.args(["--filter", filter]);
    }
    let mut child =
        suite.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start python3")?;
    let mut last = String::new();
    for line in BufReader::new(child.stdout.take().context("the suite has no output")?).lines() {
        let line = line.context("the suite did not write UTF-8")?;
        println!("{line}");
        if !line.trim().is_empty() {
            last = line;
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("conformance/run.py ended with {status}");
    }
    judge(&last)
}

fn judge(last_line: &str) -> Result<()> {
    let counts = last_line.trim().split_once(" passed, ").and_then(|(passed, rest)| {
        let failed = rest.strip_suffix(" failed")?;
        Some((passed.parse::<u32>().ok()?, failed.parse::<u32>().ok()?))
    });
    match counts {
        Some((0, _)) => bail!("conformance/run.py passed no check"),
        Some((_, 0)) => Ok(()),
        Some((_, failed)) => bail!("{failed} checks of the real clients failed"),
        None => bail!("the last line of conformance/run.py must be `N passed, N failed`, not `{last_line}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_passed_something_and_failed_nothing_passes() {
        assert!(judge("13 passed, 0 failed").is_ok());
        for bad in [
            "12 passed, 1 failed",
            "0 passed, 0 failed",
            "all good",
            "",
            "passed, 0 failed",
            "-1 passed, 0 failed",
        ] {
            assert!(judge(bad).is_err(), "{bad}");
        }
    }
}
