//! No module has a name that could hold anything.

use super::Finding;
use super::tree::Tree;

const FORBIDDEN: [&str; 10] =
    ["common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "util", "utils"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rust = tree.files_ending("rs");
    rust.flat_map(|(path, text)| in_path(path).into_iter().chain(in_text(path, text))).collect()
}

fn in_path(path: &str) -> Option<Finding> {
    let parts = path.trim_end_matches(".rs").split('/');
    let name = parts.into_iter().find(|part| FORBIDDEN.contains(part))?;
    Some(Finding::whole(path, message(name)))
}

/// Finds modules written in place; those with a file of their own are found by its name.
fn in_text(path: &str, text: &str) -> Vec<Finding> {
    let names = text.lines().zip(1..).filter_map(|(line, number)| Some((inline_module(line)?, number)));
    let bad = names.filter(|(name, _)| FORBIDDEN.contains(name));
    bad.map(|(name, number)| Finding::at(path, number, message(name))).collect()
}

fn inline_module(line: &str) -> Option<&str> {
    let (before, name) = line.trim().strip_suffix('{')?.rsplit_once("mod ")?;
    let visibility = before.trim_end();
    (visibility.is_empty() || visibility.starts_with("pub")).then(|| name.trim())
}

fn message(name: &str) -> String {
    format!("`{name}` says nothing: name the module after what it does, or put its content beside its caller")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_are_found() {
        let tree = Tree::from([
            ("crates/server/src/utils.rs", ""),
            ("crates/server/src/helpers/json.rs", ""),
            ("crates/server/tests/common/mod.rs", ""),
            ("crates/server/src/gate.rs", "pub(crate) mod manager {\n}\n// a mod common {\nmod commons {\n"),
            ("crates/control/src/service_accounts.rs", ""),
            ("conformance/common.py", ""),
        ]);
        let found: Vec<(String, usize)> =
            check(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect();
        let expected = [
            ("crates/server/src/gate.rs", 1),
            ("crates/server/src/helpers/json.rs", 0),
            ("crates/server/src/utils.rs", 0),
            ("crates/server/tests/common/mod.rs", 0),
        ];
        assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    }
}
