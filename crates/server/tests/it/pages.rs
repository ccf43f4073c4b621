//! What is served beside the operations: the base of the API with its documentation, and paths that nothing is at.

use crate::harness::{Actor, Server, URL};

#[tokio::test]
async fn the_base_of_the_api_leads_to_its_documentation() {
    let server = Server::new().await;
    let nobody = server.as_(Actor::Nobody);
    let page = format!("{URL}/api/v1/docs/index.html");
    for (base, path) in [("/api/v1", ""), ("/api/v1", "/"), ("/api", ""), ("/api", "/")] {
        let answer = nobody.clone().at(base).get(path).await.expect(307);
        assert_eq!(answer.header("location"), Some(page.as_str()), "{answer}");
    }
    let shown = nobody.get("/docs/index.html").await.expect(200);
    assert_eq!(shown.header("content-type"), Some("text/html"), "{shown}");
    assert_eq!(shown.header("x-frame-options"), Some("DENY"), "{shown}");
}

#[tokio::test]
async fn the_base_of_the_api_is_the_root_of_its_own_hosts() {
    let server = Server::with(|settings| settings.api_hosts = vec!["api.claviger.test".to_owned()]).await;
    let there = server.as_(Actor::Nobody).at("").header("host", "api.claviger.test:8080");
    there.get("/").await.expect(307);
    there.get("/server/info").await.ok();
    let elsewhere = server.as_(Actor::Nobody).at("").header("host", "claviger.test");
    let console = elsewhere.get("/").await.expect(200);
    assert_eq!(console.header("content-type"), Some("text/html; charset=utf-8"), "{console}");
    elsewhere.get("/server/info").await.fails(404, "KeyError", "not-found");
}

#[tokio::test]
async fn a_path_that_nothing_is_at_is_told_so() {
    let server = Server::new().await;
    let nobody = server.as_(Actor::Nobody);
    for path in ["/nothing", "/users/", "//users", "/docs/nothing.html", "/docs/../index.html"] {
        nobody.get(path).await.fails(404, "KeyError", "not-found");
    }
    nobody.post("/docs/index.html").await.expect(405);
    nobody.put("/users/me").await.fails(405, "MethodNotAllowedError", "method-not-allowed");
}
