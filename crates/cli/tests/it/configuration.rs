//! `claviger config`, and how a wrong configuration is refused.

use crate::program::{Home, program, run, run_command};

fn check(toml: &str) -> String {
    let home = Home::new();
    let file = home.write("claviger.toml", toml);
    let (out, talk) = run(["config", "check", "--config", file.to_str().unwrap()]).ended(1);
    assert_eq!(out, "");
    talk
}

#[test]
fn a_wrong_value_is_told_with_its_key_and_its_place() {
    let talk = check("[server]\nlisten = \"nowhere\"");
    assert!(talk.starts_with("error: server.listen: 'nowhere'"), "{talk}");
    assert!(talk.contains("claviger.toml"), "{talk}");
    let talk = check("[database]\nconnections = 0");
    assert_eq!(talk, "error: database.connections: is 0; use 1 to 1000\n");
}

#[test]
fn an_unknown_key_is_told_with_the_known_ones() {
    let talk = check("[server]\nlistn = \"127.0.0.1:1\"");
    assert!(
        talk.contains("`listn`") && talk.contains("`listen`") && talk.contains("claviger.toml"),
        "{talk}"
    );
}

#[test]
fn a_wrong_secret_is_not_printed() {
    let talk = check("[keys]\nmaster_key = 918273645");
    assert!(talk.starts_with("error: keys.master_key") && !talk.contains("918273645"), "{talk}");
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_place() {
    let talk = check("[server\n");
    assert!(talk.contains("claviger.toml"), "{talk}");
    let (_, talk) = run(["config", "check", "--config", "/nowhere/claviger.toml"]).ended(1);
    assert_eq!(talk, "error: --config: /nowhere/claviger.toml is not a file\n");
}

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let home = Home::new();
    let file = home.write(
        "claviger.toml",
        "data = \"from-file\"\n[database]\nconnections = 3\n[log]\nlevel = \"error\"",
    );
    let mut command = program(["config", "show", "--data", "from-flag", "--config", file.to_str().unwrap()]);
    command.env("CLAVIGER_DATABASE__CONNECTIONS", "5").env("CLAVIGER_DATA", "from-environment");
    let (out, _) = run_command(&mut command).ended(0);
    for line in ["data = \"from-flag\"", "connections = 5", "level = \"error\""] {
        assert!(out.lines().any(|shown| shown == line), "no {line} in {out}");
    }
}

#[test]
fn a_variable_that_means_nothing_is_refused() {
    let (_, talk) =
        run_command(program(["config", "check"]).env("CLAVIGER_DATABSE__URL", "sqlite:x")).ended(1);
    assert!(talk.contains("databse"), "{talk}");
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program(["config", "schema"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn secrets_are_not_shown() {
    let mut command = program(["config", "show"]);
    command
        .env("CLAVIGER_BOOTSTRAP__ADMIN_PASSWORD", "correct-horse")
        .env("CLAVIGER_KEYS__MASTER_KEY", "battery-staple")
        .env("CLAVIGER_DATABASE__URL", "postgres://ada:hunter2@db/claviger");
    let (out, talk) = run_command(&mut command).ended(0);
    assert!(!format!("{out}{talk}").contains("correct-horse"));
    assert!(!format!("{out}{talk}").contains("battery-staple"));
    assert!(out.contains("postgres://ada:…@db/claviger"), "{out}");
}

#[test]
fn the_schema_is_json() {
    let (out, _) = run(["config", "schema"]).ended(0);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(schema["title"], "Config");
}
