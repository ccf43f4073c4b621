//! The workspace as cargo sees it, and the way to call cargo and other programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The variables that `cargo run` sets for this process. Build scripts of some dependencies watch them, so a nested cargo that
/// inherits them rebuilds those dependencies each time the caller changes between `cargo xtask` and plain `cargo`.
const SET_BY_CARGO_RUN: [&str; 17] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_AUTHORS",
    "CARGO_PKG_DESCRIPTION",
    "CARGO_PKG_HOMEPAGE",
    "CARGO_PKG_LICENSE",
    "CARGO_PKG_LICENSE_FILE",
    "CARGO_PKG_NAME",
    "CARGO_PKG_README",
    "CARGO_PKG_REPOSITORY",
    "CARGO_PKG_RUST_VERSION",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "CARGO_PRIMARY_PACKAGE",
];

/// Where the sources are and where cargo puts what it builds.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo, which also honours a target folder chosen by the environment or a configuration file.
    pub(crate) fn load() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
        let mut workspace = Self { root: root.to_owned(), target: PathBuf::new() };
        let metadata = workspace.metadata(&["--no-deps"])?;
        let target = metadata.get("target_directory").and_then(Value::as_str);
        workspace.target = PathBuf::from(target.context("cargo metadata names no target folder")?);
        Ok(workspace)
    }

    /// Runs `cargo metadata` with more arguments and reads its answer.
    pub(crate) fn metadata(&self, args: &[&str]) -> Result<Value> {
        let answer = output(self.cargo("metadata").args(["--format-version", "1"]).args(args))?;
        serde_json::from_str(&answer).context("cargo metadata did not answer in JSON")
    }

    /// Returns a call of a cargo subcommand in the workspace.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new("cargo");
        command.arg(subcommand).current_dir(&self.root);
        for name in SET_BY_CARGO_RUN {
            command.env_remove(name);
        }
        command
    }

    /// Returns the path of the program in a profile's folder, whether it was built or not.
    pub(crate) fn program(&self, profile_folder: &str) -> PathBuf {
        self.target.join(profile_folder).join("claviger")
    }

    /// Builds the program in the dev profile, unless the caller brought one.
    pub(crate) fn built_program(&self, given: Option<&Path>) -> Result<PathBuf> {
        if let Some(path) = given {
            let path = path.canonicalize().with_context(|| format!("no program at {}", path.display()))?;
            return Ok(path);
        }
        run(self.cargo("build").args(["--package", "claviger", "--bin", "claviger"]))?;
        Ok(self.program("debug"))
    }
}

/// Returns the name of this machine's target.
pub(crate) fn host() -> Result<String> {
    let answer = output(Command::new("rustc").arg("-vV"))?;
    let host = answer.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// Runs a program to its end, showing first how it is called; its failure is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("  $ {}", shown(command));
    let status = command.stdin(Stdio::null()).status().with_context(|| failed_to_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a program to its end and returns what it wrote to stdout.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| failed_to_start(command))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` did not write UTF-8", shown(command)))
}

fn failed_to_start(command: &Command) -> String {
    format!("cannot start `{}`", shown(command))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
