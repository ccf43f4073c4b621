//! What the tests need from the machine: found, installed by the system's package manager, or named in an error.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Looks a program up the way a shell does.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let mut shell = Command::new("sh");
    let found = shell.args(["-c", "command -v \"$1\"", "sh", name]).stdin(Stdio::null()).output().ok()?;
    let path = String::from_utf8(found.stdout).ok()?;
    let path = path.trim();
    (found.status.success() && !path.is_empty()).then(|| PathBuf::from(path))
}

/// Says whether this process runs as root.
pub(crate) fn is_root() -> Result<bool> {
    Ok(cargo::output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Installs Debian packages where that is possible without asking; elsewhere fails with the line that does it.
pub(crate) fn install(what: &str, packages: &[&str]) -> Result<()> {
    let line = format!("apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if find_program("apt-get").is_none() {
        bail!("{what} is missing. On Debian this line installs it: sudo {line}");
    }
    if !is_root()? {
        bail!("{what} is missing. This line installs it: sudo {line}");
    }
    eprintln!("{what} is missing; installing it from the system's package manager");
    cargo::run(apt_get().args(["update", "--quiet"]))?;
    cargo::run(apt_get().args(["install", "--yes", "--no-install-recommends", "--quiet"]).args(packages))
        .with_context(|| format!("{what} could not be installed; the line was: {line}"))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    // Another apt run (an unattended upgrade on a fresh machine) holds the lock for a while.
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}

/// Exits 3 when the interpreter is too old, 4 when it cannot make virtual environments (Debian packs that apart).
const PYTHON_CHECK: &str = "
import sys
if sys.version_info < (3, 11):
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)
";

/// Finds a Python that can run the conformance suite.
pub(crate) fn python() -> Result<PathBuf> {
    if find_program("python3").is_none() {
        install("Python 3.11 or newer", &["python3", "python3-venv"])?;
    }
    if check_python()? == 4 {
        install("Python's venv module", &["python3-venv"])?;
    }
    match check_python()? {
        0 => find_program("python3").context("python3 is gone"),
        3 => bail!(
            "python3 is older than 3.11. On Debian 12 or newer this line installs one: \
             sudo apt-get install --yes --no-install-recommends python3 python3-venv \
             (and let `command -v python3` find it first)"
        ),
        4 => bail!(
            "the python3 found first is not the system's and has no venv module; rebuild it with ensurepip"
        ),
        code => bail!("python3 does not work: its check ended with exit code {code}"),
    }
}

fn check_python() -> Result<i32> {
    let status = Command::new("python3")
        .args(["-c", PYTHON_CHECK])
        .stdin(Stdio::null())
        .status()
        .context("cannot start python3")?;
    status.code().context("python3 was killed while it was checked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_or_not() {
        assert!(find_program("sh").is_some_and(|path| path.ends_with("sh")));
        assert_eq!(find_program("no-such-program-anywhere"), None);
        assert_eq!(find_program("sh; echo injected"), None);
    }
}
