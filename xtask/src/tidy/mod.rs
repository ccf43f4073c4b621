//! `cargo xtask tidy`: the rules that neither the compiler nor clippy can hold.
//!
//! Each rule is a pure function from a [`Tree`] (or cargo's metadata) to findings, so that a small fixture shows that it can
//! fail.

mod arrows;
mod documents;
mod ignored;
mod length;
mod migrations;
mod names;
mod tree;

use std::fmt::{self, Display};

use anyhow::{Result, bail};

use self::tree::Tree;
use crate::cargo::{Workspace, host};

/// One violation, at a place that an editor can open.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Zero when the finding is about the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn whole(path: &str, message: impl Into<String>) -> Self {
        Self::at(path, 0, message)
    }

    fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.path, self.message),
            line => write!(formatter, "{}:{line}: {}", self.path, self.message),
        }
    }
}

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let findings = check(workspace)?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    Ok(())
}

fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let tree = Tree::read(&workspace.root)?;
    let rules = [length::check, names::check, documents::check, migrations::check, ignored::check];
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule(&tree)).collect();
    // Without the filter, cargo would ask for the packages of every other system too.
    findings.extend(arrows::check(&workspace.metadata(&["--filter-platform", &host()?])?));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let findings = check(&Workspace::load().unwrap()).unwrap();
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
