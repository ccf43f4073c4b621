//! Migrations are numbered without gaps. There is one text for both databases.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::Tree;

const FOLDER: &str = "crates/store/migrations/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    read(tree, FOLDER, &mut findings);
    findings
}

/// Reads the names by their numbers, and complains about what is not `NNNN_name.sql` in a row.
fn read(tree: &Tree, folder: &str, findings: &mut Vec<Finding>) {
    let mut names = BTreeMap::new();
    for (path, _) in tree.files().filter(|(path, _)| path.starts_with(folder)) {
        let name = path.trim_start_matches(folder);
        match number(name) {
            Some(number) if names.contains_key(&number) => {
                findings.push(Finding::whole(path, "its number is taken"));
            }
            Some(number) => _ = names.insert(number, name),
            None => findings.push(Finding::whole(path, "a migration is called NNNN_name.sql")),
        }
    }
    if names.is_empty() {
        findings.push(Finding::whole(folder, "there are no migrations"));
    }
    for (expected, (found, name)) in (1..).zip(&names) {
        if expected != *found {
            findings.push(Finding::whole(
                &format!("{folder}{name}"),
                format!("number {expected:04} is missing before it"),
            ));
            break;
        }
    }
}

fn number(name: &str) -> Option<u32> {
    let (number, rest) = name.strip_suffix(".sql")?.split_once('_')?;
    let is_name =
        !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    (number.len() == 4 && is_name).then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages<const N: usize>(files: [&str; N]) -> Vec<String> {
        let files = files.map(|file| (format!("crates/store/migrations/{file}"), ""));
        let tree = Tree::from(files.each_ref().map(|(path, text)| (path.as_str(), *text)));
        check(&tree)
            .iter()
            .map(|finding| finding.to_string().replace("crates/store/migrations/", ""))
            .collect()
    }

    #[test]
    fn numbered_files_pass() {
        assert_eq!(messages(["0001_start.sql", "0002_teams.sql"]), Vec::<String>::new());
    }

    #[test]
    fn a_missing_or_misnamed_migration_is_found() {
        assert_eq!(messages([]), [": there are no migrations"]);
        assert_eq!(
            messages(["0001_start.sql", "0001_a.sql", "2_b.sql"]),
            ["0001_start.sql: its number is taken", "2_b.sql: a migration is called NNNN_name.sql"]
        );
        assert_eq!(messages(["0002_a.sql"]), ["0002_a.sql: number 0001 is missing before it"]);
    }
}
