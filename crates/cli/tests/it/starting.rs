//! The first start and the ones after it: what is made, who can read it, and what is refused.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::program::{Home, program, run, run_command};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_shows_its_secrets_and_the_second_does_not() {
    let home = Home::new();
    let first = home.quickstart();
    assert!(first.said("token").starts_with("ZENPROKEY_"));
    assert_eq!(first.said("username"), "admin");
    assert_eq!(first.said("organization_name"), "default");
    let (token, organization) = (first.said("token").to_owned(), first.said("organization_id").to_owned());
    assert!(first.client(&token).accepts(&token));
    let log = fs::read_to_string(first.log()).unwrap();
    assert!(!log.contains(&token) && !log.contains(first.said("password")), "{log}");
    let (status, rest) = first.stop();
    assert!(status.success() && rest.is_empty(), "one line and no more: {rest}");

    let second = home.quickstart();
    assert_eq!((&second.ready()["token"], &second.ready()["password"]), (&Value::Null, &Value::Null));
    assert_eq!(second.said("organization_id"), organization);
    assert!(second.client(&token).accepts(&token));
}

#[test]
fn keys_and_data_are_for_their_owner_alone() {
    let home = Home::new();
    home.on_data(&["migrate"]).ended(0);
    assert_eq!(mode(&home.data()), 0o700);
    assert_eq!(mode(&home.data().join("master.key")), 0o600);
    assert_eq!(mode(&home.data().join("claviger.db")), 0o600);
}

#[test]
fn a_master_key_that_others_can_read_is_refused() {
    let home = Home::new();
    home.on_data(&["migrate"]).ended(0);
    let file = home.data().join("master.key");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    let (_, talk) = home.on_data(&["migrate"]).ended(1);
    let expected =
        format!("cannot use {}: others can read it (mode 640); run chmod 600 on it", file.display());
    assert_eq!(talk, format!("error: keys.master_key_file: {expected}\n"));
}

#[test]
fn a_master_key_of_another_database_is_refused() {
    let (home, other) = (Home::new(), Home::new());
    home.on_data(&["migrate"]).ended(0);
    other.on_data(&["migrate"]).ended(0);
    fs::copy(other.data().join("master.key"), home.data().join("master.key")).unwrap();
    let (_, talk) = home.on_data(&["migrate"]).ended(1);
    assert!(talk.contains("keys.master_key: does not open the keys in the database"), "{talk}");
    fs::write(home.data().join("master.key"), "short\n").unwrap();
    let (_, talk) = home.on_data(&["migrate"]).ended(1);
    assert!(talk.contains("must be 32 random bytes in base64"), "{talk}");
}

#[test]
fn a_master_key_from_the_environment_leaves_no_file() {
    let home = Home::new();
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let mut command = program(["migrate", "--data", home.data().to_str().unwrap()]);
    run_command(command.env("CLAVIGER_KEYS__MASTER_KEY", key)).ended(0);
    assert!(!home.data().join("master.key").exists());
}

#[test]
fn a_port_in_use_is_told() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "quickstart"] {
        let (_, talk) = home.on_data(&[command, "--listen", &address]).ended(1);
        assert!(talk.contains(&format!("server.listen: cannot listen on {address}")), "{talk}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_made_is_told() {
    let home = Home::new();
    let file = home.write("file", "");
    let (_, talk) = run(["migrate", "--data", file.join("below").to_str().unwrap()]).ended(1);
    assert!(talk.starts_with("error: data: cannot make the folder"), "{talk}");
}

#[test]
fn a_database_of_an_unknown_sort_is_told() {
    let home = Home::new();
    let (_, talk) = home.on_data(&["migrate", "--database-url", "mysql://localhost/claviger"]).ended(1);
    assert_eq!(talk, "error: database.url: must start with sqlite: or postgres:\n");
}
