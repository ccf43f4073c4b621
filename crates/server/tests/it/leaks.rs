//! Secrets stay where they belong: in the one answer that shows them. Not in the log, however much is logged, not
//! in the database, not in what is counted, not in an answer to anything else.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serde_json::json;
use testkit::Raw;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{Actor, Server};
use crate::tour::{TYPED, Tour};

/// What is typed where it does not belong.
const MISPLACED: &str = "typed in the wrong place";

/// The log of the whole process, as chatty as it can be. Other tests write into it as well; that is welcome.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn record() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let all = tracing_subscriber::fmt().with_ansi(false).with_max_level(LevelFilter::TRACE);
            all.with_writer(log.clone()).try_init().expect("somebody else has the log");
            log
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every row of every table, as text; what is bytes, in hexadecimal.
async fn dump(raw: &mut Raw) -> String {
    let mut rows = Vec::new();
    if matches!(raw, Raw::Postgres(_)) {
        let tables = raw.texts("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await;
        for table in tables {
            rows.extend(raw.texts(&format!("SELECT t::text FROM \"{table}\" t")).await);
        }
    } else {
        for table in raw.texts("SELECT name FROM sqlite_master WHERE type = 'table'").await {
            for column in raw.texts(&format!("SELECT name FROM pragma_table_info('{table}')")).await {
                let texts = format!("SELECT hex(\"{column}\") FROM \"{table}\"");
                rows.extend(raw.texts(&texts).await);
            }
        }
    }
    rows.join("\n").to_lowercase()
}

fn holds(dump: &str, secret: &str) -> bool {
    let in_hexadecimal = secret.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    dump.contains(&secret.to_lowercase()) || dump.contains(&in_hexadecimal)
}

/// Requests that fail, with secrets in them where they belong and where they do not.
async fn fail_with(server: &Server, secret: &str) {
    let (nobody, admin) = (server.as_(Actor::Nobody), server.as_(Actor::Admin));
    let misplaced = json!({"username": "x y", "password": secret, "name": "k", "token": secret});
    let calls = [
        nobody.post("/auth/login").form(&[("username", "mia"), ("password", &format!("{secret}!"))]),
        nobody.post("/auth/login").form(&[("username", secret), ("password", "wrong")]),
        nobody.post("/auth/login").query(&[("password", secret)]),
        nobody.post("/auth/login").body("application/json", format!("{{\"password\": \"{secret}\"")),
        nobody.post("/auth/login").body("text/plain", secret.as_bytes()),
        nobody.get("/users/me").header("authorization", &format!("Basic {secret}")),
        nobody.get("/users/me").header("authorization", &format!("Bearer {secret}!")),
        nobody.get("/users/me").header("cookie", &format!("zenml-cp-session={secret}!")),
        admin.post("/users").query(&[("username", "x y"), ("password", secret)]),
        admin.post("/users").json(&misplaced),
        admin.post("/users/me/api_keys").json(&misplaced),
        admin.post("/users/me/password").json(&json!({"current_password": secret, "new_password": secret})),
        admin.post("/users/me/password").json(&json!({"current_password": [secret], "new_password": 1})),
    ];
    for call in calls {
        let answer = call.await;
        assert!(answer.status.is_client_error(), "{answer}");
        assert!(!answer.text.contains(secret), "told back: {answer}");
    }
}

#[tokio::test]
async fn no_secret_is_anywhere_but_in_the_answer_that_shows_it() {
    let log = Log::record();
    let server = Server::new().await;
    let (bot, workspace) = (server.cast.bot.bearer.expose(), server.cast.workspace.id.to_string());
    Tour::of(&server).await;
    server.as_(Actor::Bot).get("/auth/api_token").await.ok();
    server.as_(Actor::Member).get("/auth/workspace_authorization/ws-one").await.ok();
    let client = [("client_id", workspace.as_str()), ("client_secret", server.cast.enrollment_key.expose())];
    server.login(&client).await.ok();
    for secret in [MISPLACED, bot, server.started.token.expose(), server.cast.enrollment_key.expose()] {
        fail_with(&server, secret).await;
    }
    // A failure of ours is logged with all its causes.
    let mut raw = server.platform.store.raw().await;
    server.app.platform.store.flush().await.unwrap();
    let dump = dump(&mut raw).await;
    raw.execute("DROP TABLE credential").await;
    server.as_(Actor::Member).post("/users/me/api_keys").query(&[("name", "k")]).await.expect(500);

    let (log, counted) = (log.text(), server.app.metrics.render());
    for known in ["failed", "refused", "INSERT INTO credential"] {
        assert!(log.contains(known), "the log was not recorded: no '{known}' in it");
    }
    assert!(holds(&dump, "mia") && holds(&dump, "laptop"), "the database was not read");
    assert!(counted.contains("create_access_token"), "nothing was counted");
    let secrets = server.secrets();
    assert!(secrets.len() > 20, "the tour shows more than {}", secrets.len());
    for secret in secrets.iter().map(String::as_str).chain(TYPED).chain([MISPLACED]) {
        // Not a word that a random part of is said either.
        let tail = &secret[secret.len() - secret.len().min(20)..];
        for (place, text) in [("log", &log), ("metrics", &counted)] {
            assert!(!text.contains(tail), "'{secret}' is in the {place}");
        }
        assert!(!holds(&dump, tail), "'{secret}' is in the database");
    }
    for typed in TYPED.into_iter().chain([MISPLACED, bot, server.cast.enrollment_key.expose()]) {
        assert_eq!(server.requests_answered_with(typed), Vec::<String>::new(), "'{typed}' is told back");
    }
}
