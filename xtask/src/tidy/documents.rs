//! Every path of the repository that a document names exists.

use super::Finding;
use super::tree::{Tree, is_skipped};

/// What a path of this repository begins with. Other text with a slash is a route, a media type or somebody else's path.
const ROOTS: [&str; 7] = ["crates/", "docs/", "xtask/", "conformance/", "openapi/", "console/", ".ci/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files_ending("md").filter(|(path, _)| is_checked(path));
    documents.flat_map(|(path, text)| missing(tree, path, text)).collect()
}

fn is_checked(path: &str) -> bool {
    matches!(path, "README.md" | "CONTRIBUTING.md") || path.starts_with("docs/")
}

fn missing(tree: &Tree, document: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            // Between back-quotes is every second piece.
            let named = line
                .split('`')
                .skip(1)
                .step_by(2)
                .filter(|named| ROOTS.iter().any(|root| named.starts_with(root)));
            let gone = named.flat_map(alternatives).filter(|path| !exists(tree, path));
            findings.extend(gone.map(|path| Finding::at(document, number, format!("there is no `{path}`"))));
        }
    }
    findings
}

/// Expands one `{a,b}`, and drops what stands behind the path: a command's arguments, a line number, an item's name.
fn alternatives(named: &str) -> Vec<String> {
    let path = named.split([' ', ':', '#']).next().unwrap_or(named);
    let group = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match group {
        Some((before, (choices, after))) => {
            choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
        }
        None => vec![path.to_owned()],
    }
}

/// A placeholder (`<name>`, `*`, `NNNN`, `…`) ends the part of the path that can be checked.
fn exists(tree: &Tree, path: &str) -> bool {
    let is_placeholder = |part: &&str| part.contains(['<', '*', '…', '$', '{']) || part.contains("NNNN");
    let parts: Vec<&str> =
        path.trim_end_matches('/').split('/').take_while(|part| !is_placeholder(part)).collect();
    parts.iter().any(|part| is_skipped(part)) || tree.has(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_there_is_found() {
        let text = "See `crates/server/src/gate.rs`, `crates/server/src/gone.rs` and `docs/`.\n\
                    ```\n`crates/in/a/block`\n```\n\
                    Also `crates/store/migrations/{sqlite,postgres}/NNNN_name.sql` and `.ci/run --fast`.\n\
                    A route `/api/v1/users`, a command `cargo doc`, an item `crates/server/src/gate.rs::open`.\n\
                    Built: `console/dist/index.html`; each `crates/server/src/<one>.rs`; not `crates/nothing/<one>.rs`.\n";
        let tree = Tree::from([
            ("docs/architecture.md", text),
            ("crates/server/src/gate.rs", ""),
            ("crates/store/migrations/sqlite/0001_start.sql", ""),
            (".ci/run", ""),
            ("notes.md", "`docs/none.md`"),
        ]);
        let found: Vec<String> = check(&tree).iter().map(Finding::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/architecture.md:1: there is no `crates/server/src/gone.rs`",
                "docs/architecture.md:5: there is no `crates/store/migrations/postgres/NNNN_name.sql`",
                "docs/architecture.md:7: there is no `crates/nothing/<one>.rs`",
            ]
        );
    }
}
