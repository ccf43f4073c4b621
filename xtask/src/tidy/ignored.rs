//! No test is switched off: a test that cannot run is mended or deleted.

use super::Finding;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rust = tree.files_ending("rs");
    let lines = rust.flat_map(|(path, text)| {
        text.lines().zip(1..).map(move |(line, number)| (path, line.trim(), number))
    });
    lines
        .filter(|(_, line, _)| is_ignored(line))
        .map(|(path, _, number)| Finding::at(path, number, MESSAGE))
        .collect()
}

const MESSAGE: &str = "an ignored test proves nothing: mend it or delete it";

fn is_ignored(line: &str) -> bool {
    line.starts_with("#[ignore") || (line.starts_with("#[cfg_attr(") && line.contains(" ignore"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_is_found() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n    #[cfg_attr(windows, ignore)]\nlet ignore = \"#[ignore]\";\n";
        let found: Vec<usize> =
            check(&Tree::from([("crates/a/src/lib.rs", text)])).iter().map(|at| at.line).collect();
        assert_eq!(found, [2, 4]);
    }
}
