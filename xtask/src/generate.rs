//! `cargo xtask gen`: the checked-in files that the program itself writes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{self, Workspace};

struct Generated {
    path: &'static str,
    /// The program's arguments that print the document on stdout.
    args: &'static [&'static str],
}

/// Every generated file; a new one needs a line here and nothing else.
const FILES: &[Generated] = &[
    Generated { path: "openapi/control-plane.json", args: &["openapi"] },
    Generated { path: "docs/configuration.schema.json", args: &["config", "schema"] },
    Generated { path: "docs/configuration.md", args: &["docs", "configuration"] },
    Generated { path: "docs/permissions.md", args: &["docs", "permissions"] },
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when a file differs
    #[arg(long)]
    check: bool,
    /// The program that prints the documents; built in the dev profile when absent
    #[arg(long, value_name = "FILE", env = "CLAVIGER_BINARY")]
    binary: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let program = workspace.built_program(args.binary.as_deref())?;
    let mut stale = 0;
    for file in FILES {
        let new = cargo::output(Command::new(&program).args(file.args).current_dir(&workspace.root))?;
        if new.trim().is_empty() {
            bail!("`claviger {}` printed nothing", file.args.join(" "));
        }
        let path = workspace.root.join(file.path);
        let old = if path.exists() { fs::read_to_string(&path)? } else { String::new() };
        if let Some(difference) = difference(&old, &new) {
            if args.check {
                stale += 1;
                println!(
                    "{} is not what `claviger {}` prints:\n{difference}",
                    file.path,
                    file.args.join(" ")
                );
            } else {
                let parent = path.parent().context("a generated file lies in a folder")?;
                fs::create_dir_all(parent)?;
                fs::write(&path, new).with_context(|| format!("cannot write {}", file.path))?;
                println!("wrote {}", file.path);
            }
        }
    }
    if stale > 0 {
        bail!("{stale} generated files are stale; this line writes them: cargo xtask gen");
    }
    Ok(())
}

/// Describes the first line that differs.
fn difference(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (mut olds, mut news) = (old.lines(), new.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (olds.next(), news.next()) {
            (None, None) => return Some("  only the ends of lines differ".to_owned()),
            (old, new) if old == new => {}
            (old, new) => {
                let shown = |line: Option<&str>| line.map_or("(end of file)".to_owned(), str::to_owned);
                return Some(format!("  line {number}\n  - {}\n  + {}", shown(old), shown(new)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n").unwrap(), "  line 2\n  - b\n  + c");
        assert_eq!(difference("a\n", "a\nc\n").unwrap(), "  line 2\n  - (end of file)\n  + c");
        assert_eq!(difference("a", "a\n").unwrap(), "  only the ends of lines differ");
    }
}
