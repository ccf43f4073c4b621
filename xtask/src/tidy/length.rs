//! No source file is longer than 500 lines, tests not counted.

use super::Finding;
use super::tree::{Tree, has_extension};

const LONGEST: usize = 500;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sources =
        tree.files().filter(|(path, text)| is_source(path) && !is_test(path) && !is_generated(path, text));
    let lengths = sources.map(|(path, text)| {
        (path, if has_extension(path, "rs") { rust_lines(text) } else { text.lines().count() })
    });
    let long = lengths.filter(|(_, lines)| *lines > LONGEST);
    long.map(|(path, lines)| {
        Finding::whole(path, format!("{lines} lines without tests, more than {LONGEST}: split it"))
    })
    .collect()
}

fn is_source(path: &str) -> bool {
    ["rs", "py", "ts", "tsx"].iter().any(|extension| has_extension(path, extension))
}

fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| matches!(part, "tests" | "e2e"))
        || matches!(name, "tests.rs")
        || name.contains(".test.")
        || name.contains(".spec.")
}

fn is_generated(path: &str, text: &str) -> bool {
    path.split('/').any(|part| matches!(part, "generated" | "snapshots"))
        || text.lines().take(5).any(|line| line.contains(concat!("@", "generated")))
}

/// Counts the lines outside `#[cfg(test)] mod … { … }`. It relies on rustfmt: such a module at the top level ends with the next
/// closing brace in the first column.
fn rust_lines(text: &str) -> usize {
    let mut count = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let opens = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
        if line == "#[cfg(test)]" && lines.peek().is_some_and(opens) {
            lines.by_ref().find(|line| *line == "}");
        } else {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let long = "line\n".repeat(501);
        let tree = Tree::from([
            ("crates/store/src/lib.rs", long.as_str()),
            ("conformance/run.py", long.as_str()),
            ("console/src/App.tsx", long.as_str()),
            ("crates/store/src/short.rs", &long[5..]),
            ("crates/store/tests/it/keys.rs", long.as_str()),
            ("console/src/api/generated/client.ts", long.as_str()),
            ("docs/long.md", long.as_str()),
        ]);
        let found: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["conformance/run.py", "console/src/App.tsx", "crates/store/src/lib.rs"]);
    }

    #[test]
    fn tests_inside_a_file_do_not_count() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    b\n}\nc\n#[cfg(test)]\nfn d() {\n}\n";
        assert_eq!(rust_lines(text), 5);
    }
}
