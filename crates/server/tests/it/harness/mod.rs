//! A server of one's own, with people in it, and the means to talk to it.

mod answer;
mod call;
mod cast;
mod shown;

use std::sync::Arc;

use axum::Router;
use control::bootstrap::FirstStart;
use model::Secret;
use server::{App, Settings};
use testkit::{TestClock, TestPlatform};

pub(crate) use answer::Answer;
pub(crate) use call::{Call, Client};
pub(crate) use cast::{Actor, Cast};
use shown::Shown;

/// Where the server is reached; also what its tokens name as their issuer.
pub(crate) const URL: &str = "https://claviger.test";

/// A server on a database of its own. Its clock stands still until it is told to move.
pub(crate) struct Server {
    pub(crate) app: Arc<App>,
    pub(crate) clock: TestClock,
    pub(crate) platform: TestPlatform,
    /// The administrator's first password and token.
    pub(crate) started: FirstStart,
    /// Who is there, and what belongs to whom.
    pub(crate) cast: Cast,
    router: Router,
    shown: Shown,
}

impl Server {
    /// A server with the settings it has out of the box.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let platform = TestPlatform::new().await;
        let started = platform.first_start().await.expect("the first start failed");
        let cast = Cast::enter(&platform, &started).await;
        let mut settings = Settings::new(URL);
        change(&mut settings);
        let app = server::app(platform.platform.clone(), settings).expect("cannot put the server together");
        let router = server::service(&app);
        let clock = platform.clock.clone();
        Self { app, clock, platform, started, cast, router, shown: Shown::default() }
    }

    /// Talks to the server as that one does: with its session, or the bot with its key.
    pub(crate) fn as_(&self, actor: Actor) -> Client<'_> {
        Client::new(self, self.cast.bearer(actor).map(|bearer| bearer.expose().to_owned()))
    }

    /// Talks to the server with that bearer.
    pub(crate) fn bearing(&self, bearer: &str) -> Client<'_> {
        Client::new(self, Some(bearer.to_owned()))
    }

    /// Signs in with those fields of the form, as nobody yet.
    pub(crate) fn login<'a>(&'a self, form: &[(&str, &str)]) -> Call<'a> {
        self.as_(Actor::Nobody).post("/auth/login").form(form)
    }

    /// A session had with that key or token.
    pub(crate) async fn session_of(&self, key: &str) -> String {
        self.login(&[("password", key)]).await.text_at("access_token")
    }

    /// Whether the bearer is let in.
    pub(crate) async fn holds(&self, bearer: &str) -> bool {
        let answer = self.bearing(bearer).get("/users/me").await;
        match answer.status.as_u16() {
            200 => true,
            401 => false,
            _ => panic!("neither let in nor refused: {answer}"),
        }
    }

    /// The requests whose answers hold the text.
    pub(crate) fn requests_answered_with(&self, text: &str) -> Vec<String> {
        self.shown.requests_answered_with(text)
    }

    /// Every secret there is: those that the server showed, and those that its people brought along.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let own = [&self.started.password, &self.started.token].into_iter().chain(self.cast.bearers());
        let own = own.map(|secret: &Secret| secret.expose().to_owned());
        own.chain(self.shown.secrets()).chain([testkit::PASSWORD.to_owned()]).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.shown.check_shown_once();
        }
    }
}
