//! `cargo xtask dist`: the archive that people download.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo::{self, Workspace};

const DOCUMENTS: [&str; 2] = ["LICENSE", "README.md"];

/// Builds with the committed lock file and packs the program with its documents and a checksum.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    cargo::run(workspace.cargo("build").args([
        "--release",
        "--locked",
        "--package",
        "claviger",
        "--bin",
        "claviger",
    ]))?;
    let name = format!("claviger-{}-{}", version(workspace)?, cargo::host()?);
    let folder = workspace.target.join("dist");
    let content = folder.join(&name);
    if content.exists() {
        fs::remove_dir_all(&content)?;
    }
    fs::create_dir_all(&content)?;
    fs::copy(workspace.program("release"), content.join("claviger"))?;
    for document in DOCUMENTS {
        fs::copy(workspace.root.join(document), content.join(document))
            .with_context(|| format!("cannot copy {document}"))?;
    }
    let archive = format!("{name}.tar.gz");
    // The same commit gives the same archive: no names of users, no times of this build, no time in the compressor's header.
    let time = commit_time(workspace)?;
    let fixed =
        ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go+r-w", "--format=ustar"];
    let mut tar = Command::new("tar");
    tar.current_dir(&folder).args([
        "--create",
        "--use-compress-program",
        "gzip --best --no-name",
        "--file",
        &archive,
    ]);
    cargo::run(tar.args(fixed).arg(format!("--mtime=@{time}")).arg(&name))?;
    let sum = cargo::output(Command::new("sha256sum").current_dir(&folder).arg(&archive))?;
    fs::write(folder.join(format!("{archive}.sha256")), &sum)?;
    fs::remove_dir_all(&content)?;
    println!("{}\n{}", folder.join(&archive).display(), sum.trim_end());
    Ok(())
}

fn version(workspace: &Workspace) -> Result<String> {
    let metadata = workspace.metadata(&["--no-deps"])?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let program =
        packages.iter().find(|package| package.get("name").and_then(Value::as_str) == Some("claviger"));
    let version = program.and_then(|package| package.get("version")).and_then(Value::as_str);
    Ok(version.context("there is no package `claviger`")?.to_owned())
}

fn commit_time(workspace: &Workspace) -> Result<String> {
    let mut git = Command::new("git");
    let answer = cargo::output(git.current_dir(&workspace.root).args(["log", "-1", "--format=%ct"]))?;
    Ok(answer.trim().to_owned())
}
