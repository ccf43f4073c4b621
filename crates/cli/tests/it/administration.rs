//! `claviger admin`: on the database, without a server.

use std::fs;

use crate::http::Client;
use crate::program::Home;

/// The value after a name in lines as `password  abc`.
#[track_caller]
fn value(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
}

/// Signs in with a password; the status tells whether it was right.
fn sign_in(client: &Client, username: &str, password: &str) -> u16 {
    client.post_form("/auth/login", &format!("username={username}&password={password}")).status
}

#[test]
fn the_administrator_of_a_fresh_folder_can_sign_in() {
    let home = Home::new();
    let (out, talk) = home.on_data(&["admin", "create-administrator"]).ended(0);
    assert!(talk.contains("shown now and never again"), "{talk}");
    assert_eq!(value(&out, "username"), "admin");
    let password = value(&out, "password");
    let (out, talk) = home.on_data(&["admin", "create-administrator"]).ended(1);
    assert_eq!(out, "");
    assert!(talk.contains("use reset-password"), "{talk}");

    let server = home.quickstart();
    assert!(server.ready()["token"].is_null(), "somebody is there already");
    let client = server.client("");
    assert_eq!(sign_in(&client, "admin", &password), 200);
    assert_eq!(sign_in(&client, "admin", "wrong"), 401);
}

#[test]
fn a_mistyped_folder_is_told_and_not_made() {
    let home = Home::new();
    for command in [["admin", "verify-audit"], ["admin", "rotate-pepper"]] {
        let (out, talk) = home.on_data(&command).ended(1);
        assert_eq!(out, "");
        assert!(
            talk.starts_with("error: database.url: ") && talk.contains("claviger.db is no database"),
            "{talk}"
        );
    }
    assert!(!home.data().exists());
}

#[test]
fn a_reset_password_works_and_the_old_one_does_not() {
    let home = Home::new();
    let first = home.quickstart();
    let old = first.said("password").to_owned();
    assert!(first.stop().0.success());
    let (out, _) = home.on_data(&["admin", "reset-password", "admin"]).ended(0);
    let new = value(&out, "password");
    assert_ne!(old, new);
    let (_, talk) = home.on_data(&["admin", "reset-password", "nobody"]).ended(1);
    assert!(talk.contains("nobody"), "{talk}");

    let server = home.quickstart();
    let client = server.client("");
    assert_eq!(sign_in(&client, "admin", &old), 401);
    assert_eq!(sign_in(&client, "admin", &new), 200);
}

#[test]
fn the_audit_log_is_verified_and_a_change_of_it_is_found() {
    let home = Home::new();
    let server = home.quickstart();
    let token = server.said("token").to_owned();
    let organization = server.said("organization_id").to_owned();
    let path = format!("/organizations/{organization}/service_accounts?name=needle");
    server.client(&token).call("POST", &path).ok();
    assert!(server.stop().0.success());
    let (out, talk) = home.on_data(&["admin", "verify-audit"]).ended(0);
    assert_eq!(out, "");
    assert!(talk.starts_with("The audit log is whole: "), "{talk}");

    // An attacker with the file: the name is found in the row and its copies in the log, the hash is not redone.
    let file = home.data().join("claviger.db");
    let forged = replace(&fs::read(&file).unwrap(), *b"needle", *b"thread");
    fs::write(&file, forged).unwrap();
    let (out, talk) = home.on_data(&["admin", "verify-audit"]).ended(1);
    assert!(out.contains(&organization), "{out}");
    assert!(talk.contains("The audit log has 1 fault"), "{talk}");
}

fn replace(bytes: &[u8], from: [u8; 6], to: [u8; 6]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let starts: Vec<usize> =
        bytes.windows(6).enumerate().filter(|(_, w)| *w == from).map(|(at, _)| at).collect();
    assert!(!starts.is_empty());
    for at in starts {
        bytes[at..at + 6].copy_from_slice(&to);
    }
    bytes
}

#[test]
fn keys_made_before_a_new_pepper_and_tokens_of_an_old_signing_key_stay_valid() {
    let home = Home::new();
    let first = home.quickstart();
    let key = first.said("token").to_owned();
    let session = first.client("").post_form("/auth/login", &format!("password={key}")).ok();
    let session = session["access_token"].as_str().unwrap().to_owned();
    let address = first.address().to_owned();
    assert!(first.stop().0.success());
    for command in ["rotate-pepper", "rotate-signing-key"] {
        let (out, talk) = home.on_data(&["admin", command]).ended(0);
        assert!(out.is_empty() && talk.contains(" from now on"), "{talk}");
    }
    // Tokens name the URL of the API, so the server must come back at the same address.
    let server = home.quickstart_at(&address);
    assert!(server.client("").accepts(&key));
    assert!(server.client("").accepts(&session));
}
