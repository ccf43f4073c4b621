//! Where the API is found: at three bases, and what else is at the root.

use serde_json::json;

use crate::harness::{Actor, Server};

#[tokio::test]
async fn the_api_is_the_same_at_every_base() {
    let server = Server::new().await;
    let mia = || server.as_(Actor::Member);
    let clients = [
        mia(),
        mia().at("/api"),
        mia().at("").header("host", "api.localhost"),
        mia().at("").header("host", "API.localhost:8080"),
    ];
    for client in &clients {
        assert_eq!(client.get("/users/me").await.ok()["username"], "mia");
        assert_eq!(client.get("/workspaces/ws-one").await.ok()["name"], "ws-one");
        assert_eq!(client.get("/health").await.ok(), "OK");
        assert_eq!(client.get("/ready").await.ok(), "OK");
        assert_eq!(client.get("/server/info").await.ok()["name"], "claviger");
        assert_eq!(client.get("/openapi.json").await.ok()["openapi"], "3.1.0");
        client.put("/users/me").await.fails(405, "MethodNotAllowedError", "method-not-allowed");
        client.get("/nothing").await.fails(404, "KeyError", "not-found");
        let form = [("username", "mia"), ("password", testkit::PASSWORD)];
        client.post("/auth/login").form(&form).await.ok();
        client.patch("/users/me").json(&json!({"name": "Mia"})).await.ok();
    }
}

#[tokio::test]
async fn hosts_are_listed_to_have_the_api_at_their_root() {
    let server = Server::with(|settings| settings.api_hosts = vec!["api.claviger.test:8443".to_owned()]);
    let server = server.await;
    let at = |host: &str| server.as_(Actor::Member).at("").header("host", host).get("/users/me");
    at("api.claviger.test:8443").await.ok();
    for other in ["claviger.test", "api.localhost", "api.claviger.test", "evil-api.claviger.test:8443", ""] {
        at(other).await.fails(404, "KeyError", "not-found");
    }
}

#[tokio::test]
async fn elsewhere_the_root_shows_the_console() {
    let server = Server::new().await;
    let browser = server.as_(Actor::Nobody).at("").header("host", "claviger.test");
    for path in ["/", "/login", "/organizations/1", "/workspaces/ws-one", "/devices/verify", "/settings"] {
        let page = browser.get(path).await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{page}");
        assert!(page.text.contains("https://claviger.test/api/v1"), "{page}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
    browser.get("/workspaces-not").await.fails(404, "KeyError", "not-found");
    for probe in ["/health", "/ready"] {
        assert_eq!(browser.get(probe).await.ok(), "OK");
    }
}

#[tokio::test]
async fn the_base_leads_to_the_page_of_the_document() {
    let server = Server::new().await;
    for base in ["/api/v1", "/api"] {
        let client = server.as_(Actor::Nobody).at(base);
        let answer = client.get("").await.expect(307);
        assert_eq!(answer.header("location"), Some("https://claviger.test/api/v1/docs/index.html"));
        let page = client.get("/docs/index.html").await.expect(200);
        assert!(page.text.contains("swagger"), "{page}");
        client.get("/docs/nothing.js").await.fails(404, "KeyError", "not-found");
    }
}
