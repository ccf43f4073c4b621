//! Stopping in order.

use std::net::TcpStream;

use crate::program::{Home, Running};

/// The key of the first start, as somebody sees it who signed in with the password: no use of the key.
fn first_key(server: &Running, password: &str) -> serde_json::Value {
    let form = format!("username=admin&password={password}");
    let session = server.client("").post_form("/auth/login", &form).ok();
    let client = server.client(session["access_token"].as_str().unwrap());
    client.call("GET", "/users/me/api_keys/quickstart").ok()
}

#[test]
fn a_server_that_is_told_to_stop_writes_last_uses_and_ends_with_success() {
    let home = Home::new();
    let server = home.quickstart();
    let password = server.said("password").to_owned();
    assert!(first_key(&server, &password)["last_login"].is_null());
    let client = server.client(server.said("token"));
    client.call("GET", "/users/me").ok();
    let (status, _) = server.stop();
    assert_eq!(status.code(), Some(0));
    assert!(client.send("GET", "/health").is_err(), "nobody listens any more");
    assert!(!home.data().join("claviger.db-wal").exists(), "the file alone holds all there is");

    let server = home.quickstart();
    let key = first_key(&server, &password);
    assert_eq!(key["last_used_user_agent"], "test");
    assert_eq!(key["last_used_ip"], "127.0.0.1");
    assert!(key["last_login"].is_string());
}

#[test]
fn an_idle_connection_does_not_hold_the_server_up() {
    let home = Home::new();
    let server = home.quickstart();
    let idle = TcpStream::connect(server.address()).unwrap();
    assert!(server.stop().0.success());
    drop(idle);
}
