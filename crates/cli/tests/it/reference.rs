//! The whole command line as its users read it: a change of it is a change of this document.

use std::fmt::Write as _;

use crate::program::run;

/// The help of a command and of all commands below it.
fn help(path: &[String], out: &mut String) {
    let (text, talk) = run(path.iter().map(String::as_str).chain(["--help"])).ended(0);
    assert_eq!(talk, "", "help is data");
    let title: Vec<&str> = std::iter::once("claviger").chain(path.iter().map(String::as_str)).collect();
    writeln!(out, "# {}\n\n{}", title.join(" "), text.trim_end()).unwrap();
    let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = commands.take_while(|line| !line.is_empty()).filter_map(command_name);
    for name in names.filter(|name| *name != "help") {
        out.push('\n');
        help(&[path, &[name.to_owned()]].concat(), out);
    }
}

/// The name on a line of the list of commands; continued descriptions are indented further.
fn command_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("  ")?;
    let is_name = line.starts_with(|first: char| first.is_ascii_lowercase());
    line.split(' ').next().filter(|_| is_name)
}

#[test]
fn the_command_line_is_the_documented_one() {
    let mut text = String::new();
    help(&[], &mut text);
    insta::assert_snapshot!("command_line", text);
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let (out, talk) = run(["config", "check", "--frobnicate"]).ended(2);
    assert_eq!(out, "");
    assert!(talk.contains("unexpected argument '--frobnicate'") && talk.contains("Usage:"), "{talk}");
    run(["frobnicate"]).ended(2);
    run::<&str>([]).ended(2);
}

#[test]
fn the_version_is_the_packages() {
    let (out, _) = run(["--version"]).ended(0);
    assert_eq!(out.trim(), concat!("claviger ", env!("CARGO_PKG_VERSION")));
}
