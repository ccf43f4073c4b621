//! What all endpoints have in common: how lists are answered, how things are named and found.

use serde_json::json;

use crate::harness::{Actor, Server};

#[tokio::test]
async fn booleans_are_read_in_the_spellings_of_python_and_of_the_web() {
    let server = Server::new().await;
    server.platform.workspace(&server.cast.admin, &server.cast.home, "ws-two").await;
    let count = async |text: &str| {
        let listed = server.as_(Actor::Member).get("/organizations/home/members");
        listed.query(&[("include_service_accounts", text)]).await.ok().as_array().unwrap().len()
    };
    for (spellings, expected) in [(["True", "true", "1"], 5), (["False", "false", "0"], 4)] {
        for text in spellings {
            assert_eq!(count(text).await, expected, "{text}");
        }
    }
    for text in ["yes", "", "TRUE", "2"] {
        let call = server.as_(Actor::Member).get("/workspaces").query(&[("member_only", text)]);
        call.await.fails(422, "ValueError", "invalid-field");
    }
}

#[tokio::test]
async fn lists_are_bare_arrays_with_the_number_of_all_in_a_header() {
    let server = Server::new().await;
    let admin = server.as_(Actor::Admin);
    admin.post("/users/me/api_keys").query(&[("name", "second")]).await.ok();
    for (path, total) in [
        ("/organizations", 3),
        ("/organizations/home/members", 5),
        ("/organizations/home/service_accounts", 1),
        ("/organizations/home/service_accounts/bot/api_keys", 1),
        ("/organizations/home/workspaces", 1),
        ("/organizations/home/roles", 14),
        ("/workspaces", 1),
        ("/users", 6),
        ("/users/me/api_keys", 2),
    ] {
        let answer = admin.get(path).await;
        let rows = answer.ok();
        let rows = rows.as_array().unwrap_or_else(|| panic!("no array: {answer}"));
        assert_eq!(answer.header("x-total-count"), Some(rows.len().to_string().as_str()), "{answer}");
        assert_eq!(rows.len(), total, "{answer}");
        let mut pages = Vec::new();
        for offset in 0..=total {
            let offset = offset.to_string();
            let page = admin.get(path).query(&[("offset", offset.as_str()), ("limit", "1")]).await;
            assert_eq!(page.header("x-total-count"), Some(total.to_string().as_str()), "{page}");
            pages.extend(page.ok().as_array().unwrap().clone());
        }
        assert_eq!(&pages, rows, "{path}: pages of one, put together");
        let beyond = admin.get(path).query(&[("offset", "0"), ("limit", "100000")]).await;
        assert_eq!(&beyond.ok(), &json!(rows), "too large a limit is cut, not refused");
    }
}

#[tokio::test]
async fn a_page_is_of_a_hundred_unless_more_is_asked_for() {
    let server = Server::new().await;
    let mia = server.as_(Actor::Member);
    for number in 0..101 {
        mia.post("/users/me/api_keys").query(&[("name", format!("key {number:03}").as_str())]).await.ok();
    }
    let first = mia.get("/users/me/api_keys").await;
    assert_eq!((first.ok().as_array().unwrap().len(), first.header("x-total-count")), (100, Some("101")));
    let all = mia.get("/users/me/api_keys").query(&[("limit", "1000")]).await.ok();
    assert_eq!(all.as_array().unwrap().len(), 101);
}

#[tokio::test]
async fn things_are_found_by_id_and_by_name_whatever_its_case() {
    let server = Server::new().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let cast = &server.cast;
    let key = olga.get("/organizations/home/service_accounts/bot/api_keys").await.ok()[0]["id"].clone();
    for (before, name, id, after) in [
        ("/organizations/", "home", cast.home.id.to_string(), ""),
        ("/organizations/", "home", cast.home.id.to_string(), "/members"),
        ("/workspaces/", "ws-one", cast.workspace.id.to_string(), ""),
        ("/organizations/home/workspace/", "ws-one", cast.workspace.id.to_string(), ""),
        ("/organizations/home/service_accounts/", "bot", cast.bot.id.to_string(), ""),
        (
            "/organizations/home/service_accounts/bot/api_keys/",
            "default",
            key.as_str().unwrap().to_owned(),
            "",
        ),
    ] {
        let at = |name: &str| olga.get(&format!("{before}{name}{after}"));
        let found = at(name).await.ok();
        for spelling in [id.clone(), id.to_uppercase(), name.to_uppercase()] {
            assert_eq!(at(&spelling).await.ok(), found, "{before}{spelling}{after}");
        }
        for nothing in ["nothing", "0b000000-0000-4000-8000-000000000001"] {
            at(nothing).await.fails(404, "KeyError", "not-found");
        }
    }
}

#[tokio::test]
async fn workspaces_are_found_by_name_and_by_url_exactly() {
    let server = Server::new().await;
    let (olga, mia) = (server.as_(Actor::OrganizationAdmin), server.as_(Actor::Member));
    let id = server.cast.workspace.id.to_string();
    let url = "https://ws-one.example.com";
    olga.patch("/workspaces/ws-one").json(&json!({"server_url": url})).await.ok();
    for (name, value, found) in [
        ("workspace_name", "ws-one", true),
        ("workspace_name", "WS-One", true),
        ("workspace_name", "ws", false),
        ("tenant_name", "ws-one", true),
        ("workspace_id", id.as_str(), true),
        ("tenant_id", id.as_str(), true),
        ("url", "https://ws-one.example.com", true),
        ("url", "https://ws-one.example.com/", true),
        ("url", "https://ws-one.example.co", false),
        ("status", "pending", true),
        ("status", "available", false),
        ("is_managed", "True", false),
    ] {
        let query = [("offset", "0"), ("limit", "20"), (name, value), ("member_only", "True")];
        let listed = mia.get("/workspaces").query(&query).await.ok();
        assert_eq!(listed.as_array().unwrap().len(), usize::from(found), "{name}={value}: {listed}");
    }
}

#[tokio::test]
async fn tenants_are_workspaces() {
    let server = Server::new().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let both = async |new: &str, old: &str| {
        let (new, old) = (olga.get(new).await, olga.get(old).await);
        assert_eq!((new.status, &new.text), (old.status, &old.text), "{new}{old}");
        new.ok();
    };
    both("/workspaces", "/tenants").await;
    both("/workspaces?workspace_name=ws-one", "/tenants?tenant_name=ws-one").await;
    both("/workspaces/ws-one", "/tenants/ws-one").await;
    both("/workspaces/ws-one/members", "/tenants/ws-one/members").await;
    both("/organizations/home/workspaces", "/organizations/home/tenants").await;
    both("/organizations/home/workspace/ws-one", "/organizations/home/tenant/ws-one").await;
    let names = "/organizations/home/validation";
    both(&format!("{names}/workspace_name/free"), &format!("{names}/tenant_name/free")).await;
    both(&format!("{names}/workspace_name?name=free"), &format!("{names}/tenant_name?name=free")).await;

    let home = server.cast.home.id.to_string();
    let fields = [("name", "old-style"), ("organization_id", home.as_str()), ("enroll", "true")];
    olga.post("/tenants").query(&fields).await.text_at("enrollment_key");
    let one = "/tenants/old-style";
    assert_eq!(olga.patch(one).json(&json!({"description": "x"})).await.ok()["description"], "x");
    assert_eq!(olga.post(&format!("{one}/deactivate")).await.ok()["status"], "deactivated");
    for word in ["activate", "deploy"] {
        assert_eq!(olga.post(&format!("{one}/{word}")).await.ok()["status"], "pending", "{word}");
    }
    assert_eq!(olga.delete(one).await.ok(), json!(null));
    olga.get("/workspaces/old-style").await.expect(404);
    server.as_(Actor::Machine).patch("/tenant_status").await.ok();
    server.as_(Actor::Member).get("/auth/tenant_authorization/ws-one").await.ok();
}

#[tokio::test]
async fn names_can_be_tried_before_they_are_taken() {
    let server = Server::new().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let of_workspace = "/organizations/home/validation/workspace_name";
    for (base, taken) in [("/organizations/validation/name", "Elsewhere"), (of_workspace, "WS-One")] {
        for (name, status) in [("free", 200), (taken, 409), ("no%20/%20name!", 422), ("", 422)] {
            olga.get(&format!("{base}?name={name}")).await.expect(status);
        }
        olga.get(&format!("{base}/free")).await.ok();
        olga.get(&format!("{base}/{taken}")).await.expect(409);
    }
}

#[tokio::test]
async fn a_nul_character_is_refused_wherever_text_is_taken() {
    let server = Server::new().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    for call in [
        server.login(&[("username", "\0"), ("password", "wrong")]),
        olga.get("/organizations/ho%00me"),
        olga.get("/users").query(&[("username", "m\0a")]),
        olga.get("/organizations/home/service_accounts/%00"),
        olga.get("/organizations/home/audit_events").query(&[("action", "\0")]),
        olga.post("/users/me/api_keys").json(&json!({"name": "k", "description": "a\0b"})),
        olga.patch("/users/me").json(&json!({"metadata": {"\0": 1}})),
        olga.patch("/organizations/home").json(&json!({"settings": {"a": ["\0"]}})),
        server.as_(Actor::Machine).post("/usage-event").json(&json!({"feature": "\0", "total": 1})),
    ] {
        let message = call.await.fails(422, "ValueError", "invalid-field");
        assert!(message.ends_with(": has a NUL character in it; leave it out"), "{message}");
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_it() {
    let server = Server::new().await;
    let olga = server.as_(Actor::OrganizationAdmin);
    let encoding = async |path: &str, accepted: &str| {
        let answer = olga.get(path).header("accept-encoding", accepted).await.expect(200);
        answer.header("content-encoding").map(ToOwned::to_owned)
    };
    assert_eq!(encoding("/organizations/home/roles", "gzip").await.as_deref(), Some("gzip"));
    assert_eq!(encoding("/organizations/home/roles", "identity").await, None);
    assert_eq!(encoding("/users/me", "gzip").await, None, "not worth it");
}
