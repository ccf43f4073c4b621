//! The files of the repository, as the rules see them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold what was built, installed or stored, not what was written.
const SKIPPED: [&str; 7] =
    [".git", "target", "node_modules", "dist", "__pycache__", ".venv", "claviger-data"];

/// The kinds of files whose text a rule reads; of the others only the name counts.
const READ: [&str; 6] = ["rs", "py", "ts", "tsx", "md", "sql"];

/// Paths relative to the root, with `/` between the parts, and texts.
#[derive(Default)]
pub(super) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the work tree rather than git's index, so that a file counts before it is committed.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.add(root, "")?;
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && !is_skipped(&name) {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() {
                let is_read = READ.iter().any(|extension| has_extension(&name, extension));
                let text = if is_read {
                    fs::read_to_string(entry.path()).context(path.clone())?
                } else {
                    String::new()
                };
                self.files.insert(path, text);
            }
        }
        Ok(())
    }

    /// Returns each file's path and text.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Returns the paths and texts of one kind of file.
    pub(super) fn files_ending(&self, extension: &'static str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| has_extension(path, extension))
    }

    /// Says whether there is such a file or folder.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }
}

/// Says whether a path ends with this extension.
pub(super) fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
}

/// Says whether a folder of this name is none of ours.
pub(super) fn is_skipped(name: &str) -> bool {
    SKIPPED.contains(&name)
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        Self { files: files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_found_by_their_whole_name() {
        let tree = Tree::from([("docs/adr/0001.md", "")]);
        assert!(tree.has("docs/adr/0001.md") && tree.has("docs/adr") && tree.has("docs/"));
        assert!(!tree.has("docs/ad") && !tree.has("docs/adr/0001"));
    }

    #[test]
    fn this_crate_is_read_and_what_was_built_is_not() {
        let tree = Tree::read(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
        assert!(
            tree.files().any(|(path, text)| path == "xtask/src/tidy/tree.rs" && text.contains("is_read"))
        );
        assert!(!tree.has("target") && !tree.has(".git"));
    }
}
