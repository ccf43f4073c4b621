//! The crates depend on each other in one direction, and the inner ones never reach what they must not know.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::Finding;

/// What each crate may depend on: model ← store ← {control, workspace} ← server ← cli.
const ARROWS: [(&str, &[&str]); 10] = [
    ("claviger-model", &[]),
    ("claviger-record-derive", &[]),
    ("claviger-store", &["claviger-model", "claviger-record-derive"]),
    ("claviger-control", &["claviger-model", "claviger-store"]),
    ("claviger-workspace", &["claviger-model", "claviger-store", "claviger-record-derive"]),
    ("claviger-server", &["claviger-model", "claviger-store", "claviger-control", "claviger-workspace"]),
    (
        "claviger",
        &["claviger-model", "claviger-store", "claviger-control", "claviger-workspace", "claviger-server"],
    ),
    (
        TESTKIT,
        &["claviger-model", "claviger-store", "claviger-control", "claviger-workspace", "claviger-server"],
    ),
    // It fills databases through the use cases, and knows the server by its socket only.
    ("claviger-bench", &["claviger-model", "claviger-store", "claviger-control", "claviger-testkit"]),
    ("xtask", &[]),
];

/// Every crate's tests may use it, and the measuring program; nothing else may.
const TESTKIT: &str = "claviger-testkit";

enum Through {
    /// Not even through other crates.
    Anything,
    /// Only in its own manifest: it gets to the crate through a layer that may know it.
    Nothing,
}

/// Crates, with their families (`http` stands for `http-body` too), that a crate must not know.
const BARRIERS: [(&str, &[&str], Through); 4] = [
    ("claviger-model", &["tokio", "sqlx", "axum", "http", "hyper"], Through::Anything),
    ("claviger-store", &["axum", "http", "hyper"], Through::Anything),
    ("claviger-control", &["sqlx", "axum", "http", "hyper"], Through::Nothing),
    ("claviger-server", &["sqlx"], Through::Nothing),
];

/// Checks the answer of `cargo metadata` (with the resolved graph).
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let graph = Graph::read(metadata);
    let ours = |name: &str| ARROWS.iter().any(|(known, _)| *known == name);
    let mut findings = Vec::new();
    for name in &graph.members {
        match ARROWS.iter().find(|(known, _)| known == name) {
            Some((_, allowed)) => {
                let wrong = |edge: &&Edge| {
                    ours(&edge.to)
                        && !allowed.contains(&&*edge.to)
                        && !(edge.only_tests && edge.to == TESTKIT)
                };
                let wrong = graph.edges(name).iter().filter(wrong);
                findings.extend(
                    wrong.map(|edge| finding(name, format!("{name} must not depend on {}", edge.to))),
                );
            }
            None => findings
                .push(finding(name, "this crate is new: say in the table of arrows what it may depend on")),
        }
    }
    for (name, names, through) in &BARRIERS {
        let chains = names.iter().filter_map(|barred| graph.chain(name, barred, through));
        findings.extend(
            chains.map(|chain| finding(name, format!("{name} must not know this: {}", chain.join(" → ")))),
        );
    }
    findings
}

fn finding(name: &str, message: impl Into<String>) -> Finding {
    Finding::whole(&format!("package {name}"), message)
}

struct Edge {
    to: String,
    only_tests: bool,
}

/// Who depends on whom, by name: two versions of one crate are the same to these rules.
struct Graph {
    members: Vec<String>,
    edges: BTreeMap<String, Vec<Edge>>,
}

impl Graph {
    fn read(metadata: &Value) -> Self {
        let names: BTreeMap<&str, &str> = array(metadata, "packages")
            .iter()
            .map(|package| (text(package, "id"), text(package, "name")))
            .collect();
        let name = |id: &str| names.get(id).copied().unwrap_or_default().to_owned();
        let members =
            array(metadata, "workspace_members").iter().filter_map(Value::as_str).map(name).collect();
        let nodes = metadata.get("resolve").map(|resolve| array(resolve, "nodes")).unwrap_or_default();
        let mut edges: BTreeMap<String, Vec<Edge>> = BTreeMap::new();
        for node in nodes {
            let from = edges.entry(name(text(node, "id"))).or_default();
            for dependency in array(node, "deps") {
                let only_tests =
                    array(dependency, "dep_kinds").iter().all(|kind| text(kind, "kind") == "dev");
                from.push(Edge { to: name(text(dependency, "pkg")), only_tests });
            }
        }
        Self { members, edges }
    }

    fn edges(&self, name: &str) -> &[Edge] {
        self.edges.get(name).map_or(&[], Vec::as_slice)
    }

    /// Finds the shortest way from a crate to one of a barred family, tests aside.
    fn chain(&self, from: &str, barred: &str, through: &Through) -> Option<Vec<String>> {
        let family = format!("{barred}-");
        let mut waiting = VecDeque::from([vec![from.to_owned()]]);
        let mut seen = vec![from.to_owned()];
        while let Some(chain) = waiting.pop_front() {
            let last = chain.last()?;
            for edge in self.edges(last).iter().filter(|edge| !edge.only_tests) {
                let longer: Vec<String> = chain.iter().cloned().chain([edge.to.clone()]).collect();
                if edge.to == barred || edge.to.starts_with(&family) {
                    return Some(longer);
                }
                if matches!(through, Through::Anything) && !seen.contains(&edge.to) {
                    seen.push(edge.to.clone());
                    waiting.push_back(longer);
                }
            }
        }
        None
    }
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Makes metadata from lines like `a -> b` and, for tests only, `a ~> b`; crates of the workspace are known by name.
    fn messages(lines: &[&str]) -> Vec<String> {
        let mut nodes: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for line in lines {
            let (from, to, kind) = match line.split_once(" -> ") {
                Some((from, to)) => (from, to, Value::Null),
                None => line.split_once(" ~> ").map(|(from, to)| (from, to, json!("dev"))).unwrap(),
            };
            nodes.entry(to).or_default();
            nodes.entry(from).or_default().push(json!({"pkg": to, "dep_kinds": [{"kind": kind}]}));
        }
        let members: Vec<&&str> =
            nodes.keys().filter(|name| name.starts_with("claviger") || **name == "xtask").collect();
        let metadata = json!({
            "packages": nodes.keys().map(|name| json!({"id": name, "name": name})).collect::<Vec<_>>(),
            "workspace_members": members,
            "resolve": {"nodes": nodes.iter().map(|(id, deps)| json!({"id": id, "deps": deps})).collect::<Vec<_>>()},
        });
        check(&metadata).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn the_right_direction_passes() {
        let lines = [
            "claviger -> claviger-server",
            "claviger-server -> claviger-store",
            "claviger-server -> axum",
            "claviger-store -> claviger-model",
            "claviger-store -> sqlx",
            "claviger-model -> serde",
            "claviger-model ~> tokio",
            "claviger-store ~> claviger-testkit",
            "claviger-testkit -> claviger-server",
        ];
        assert_eq!(messages(&lines), Vec::<String>::new());
    }

    #[test]
    fn the_wrong_direction_is_found() {
        assert_eq!(
            messages(&["claviger-store -> claviger-control"]),
            ["claviger-store must not depend on claviger-control"]
        );
        assert_eq!(
            messages(&["claviger-model ~> claviger-store"]),
            ["claviger-model must not depend on claviger-store"]
        );
        assert_eq!(
            messages(&["claviger -> claviger-testkit"]),
            ["claviger must not depend on claviger-testkit"]
        );
        assert_eq!(messages(&["xtask -> claviger-model"]), ["xtask must not depend on claviger-model"]);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let message = "this crate is new: say in the table of arrows what it may depend on";
        assert_eq!(messages(&["claviger-audit -> serde"]), [message]);
    }

    #[test]
    fn a_barred_crate_is_found_behind_others() {
        let found = messages(&["claviger-model -> mail", "mail -> tokio-rustls"]);
        assert_eq!(found, ["claviger-model must not know this: claviger-model → mail → tokio-rustls"]);
        let found = messages(&["claviger-server -> sqlx"]);
        assert_eq!(found, ["claviger-server must not know this: claviger-server → sqlx"]);
        assert_eq!(
            messages(&["claviger-server -> claviger-store", "claviger-store -> sqlx"]),
            Vec::<String>::new()
        );
    }
}
