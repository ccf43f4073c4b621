//! Both databases have the same migrations: the same numbers, without gaps, and the same names.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::Tree;

const FOLDERS: [&str; 2] = ["crates/store/migrations/sqlite/", "crates/store/migrations/postgres/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let [sqlite, postgres] = FOLDERS.map(|folder| read(tree, folder, &mut findings));
    compare(FOLDERS[0], &sqlite, FOLDERS[1], &postgres, &mut findings);
    compare(FOLDERS[1], &postgres, FOLDERS[0], &sqlite, &mut findings);
    findings
}

/// Reads the names by their numbers, and complains about what is not `NNNN_name.sql` in a row.
fn read<'a>(tree: &'a Tree, folder: &str, findings: &mut Vec<Finding>) -> BTreeMap<u32, &'a str> {
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
    names
}

fn number(name: &str) -> Option<u32> {
    let (number, rest) = name.strip_suffix(".sql")?.split_once('_')?;
    let is_name =
        !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    (number.len() == 4 && is_name).then(|| number.parse().ok())?
}

fn compare(
    here: &str,
    ours: &BTreeMap<u32, &str>,
    there: &str,
    theirs: &BTreeMap<u32, &str>,
    findings: &mut Vec<Finding>,
) {
    for name in ours.values().filter(|name| !theirs.values().any(|other| other == *name)) {
        findings.push(Finding::whole(&format!("{here}{name}"), format!("there is no {there}{name}")));
    }
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
    fn equal_folders_pass() {
        let files = [
            "sqlite/0001_start.sql",
            "sqlite/0002_teams.sql",
            "postgres/0001_start.sql",
            "postgres/0002_teams.sql",
        ];
        assert_eq!(messages(files), Vec::<String>::new());
    }

    #[test]
    fn a_missing_or_misnamed_migration_is_found() {
        assert_eq!(
            messages(["sqlite/0001_start.sql"]),
            [
                "postgres/: there are no migrations",
                "sqlite/0001_start.sql: there is no postgres/0001_start.sql"
            ]
        );
        assert_eq!(
            messages(["sqlite/0001_start.sql", "sqlite/0001_a.sql", "sqlite/2_b.sql", "postgres/0001_a.sql"]),
            [
                "sqlite/0001_start.sql: its number is taken",
                "sqlite/2_b.sql: a migration is called NNNN_name.sql"
            ]
        );
        assert_eq!(
            messages(["sqlite/0002_a.sql", "postgres/0002_a.sql"]),
            [
                "sqlite/0002_a.sql: number 0001 is missing before it",
                "postgres/0002_a.sql: number 0001 is missing before it"
            ]
        );
    }
}
