//! Starting and stopping: from a configuration to a server that answers, and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use control::{Passwords, Platform};
use model::{Error, Result};
use server::serve::stopped;
use server::{App, Server, serve_metrics, tls};
use store::{Options, Store};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{Config, LogFormat};
use crate::outside;

/// How often other nodes' changes are looked for when nothing was heard of them.
const POLL: Duration = Duration::from_millis(250);
/// How often last-used times are written.
const FLUSH: Duration = Duration::from_secs(15);
/// How often what has expired is cleared away.
const TIDY: Duration = Duration::from_mins(10);
/// The age at which a new signing key takes over, in minutes.
const SIGNING_KEY_MINUTES: i64 = 90 * 24 * 60;
/// How long an old signing key still verifies, in minutes: longer than any token lives.
const SIGNING_KEY_GRACE_MINUTES: i64 = 24 * 60;

/// Turns the log on.
pub(crate) fn start_log(config: &Config) -> Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log.level).map_err(|error| {
        Error::invalid("log.level", format!("cannot be read: {error}; use info, or debug"))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
    };
    started.map_err(Error::internal)
}

/// Opens the store that the configuration names.
pub(crate) async fn open_store(config: &Config) -> Result<Store> {
    outside::create_data_folder(&config.data.0)?;
    let env = outside::env();
    let master = outside::master_key(config.keys.master_key.as_ref(), &config.master_key_file(), &env)?;
    let mut options = Options::new(config.database_url());
    options.connections = config.database.connections;
    Store::open(&options, env, master).await
}

/// A server that is bound, its store open, and not yet accepting.
pub(crate) struct Bound {
    pub app: Arc<App>,
    pub address: SocketAddr,
    server: Server,
    tls: Option<tokio_rustls::TlsAcceptor>,
    metrics: Option<SocketAddr>,
    signals: Signals,
}

/// The signals that end the server. Awaited from before anybody is told that it is ready: from then on a
/// supervisor may send one, and unawaited it would end the process in the middle of whatever it does.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let awaited = |kind| signal(kind).map_err(Error::internal);
        Ok(Self {
            terminate: awaited(SignalKind::terminate())?,
            interrupt: awaited(SignalKind::interrupt())?,
        })
    }

    async fn received(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Opens everything that a running server needs.
pub(crate) async fn bind(config: &Config, listen: SocketAddr) -> Result<Bound> {
    let signals = Signals::new()?;
    let tls = config.tls().map(|(certificate, key)| tls::acceptor(certificate, key)).transpose()?;
    let server = Server::bind(listen).await?;
    let address = server.address();
    let store = open_store(config).await?;
    let settings = config.settings(address);
    let passwords = Passwords::new(store.env())?;
    let platform = Platform::new(store, settings.api_url.clone(), passwords);
    let app = server::app(platform, settings)?;
    Ok(Bound { app, address, server, tls, metrics: config.metrics.listen, signals })
}

/// Serves until the process is told to stop (SIGINT, SIGTERM), then ends in order: requests under way are
/// finished, last-used times are written, the database is closed.
pub(crate) async fn serve(bound: Bound) -> Result<()> {
    let Bound { app, address, server, tls, metrics, signals } = bound;
    let store = app.platform.store.clone();
    let follower = store.follow(POLL).await?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    if let Some(listen) = metrics {
        tasks.spawn(serve_metrics(app.clone(), listen, stopped.clone()));
    }
    tasks.spawn(keep_house(app.clone(), stopped.clone()));
    tasks.spawn(server.run(app, tls, stopped));
    tracing::info!(%address, "listening");
    let outcome = tokio::select! {
        () = signals.received() => Ok(()),
        Some(ended) = tasks.join_next() => ended.map_err(Error::internal).flatten(),
    };
    tracing::info!("stopping");
    // Nobody listens any more if all tasks ended already.
    let _ = stop.send(true);
    while tasks.join_next().await.is_some() {}
    follower.abort();
    let closed = store.close().await;
    outcome.and(closed)
}

/// The work beside requests: writing last-used times, clearing away, renewing the signing key.
async fn keep_house(app: Arc<App>, mut stop: watch::Receiver<bool>) -> Result<()> {
    let (mut flush, mut tidy) = (tokio::time::interval(FLUSH), tokio::time::interval(TIDY));
    loop {
        let done = tokio::select! {
            () = stopped(&mut stop) => return Ok(()),
            _ = flush.tick() => app.platform.store.flush().await,
            _ = tidy.tick() => tidy_up(&app).await,
        };
        if let Err(error) = done {
            tracing::error!(?error, "housekeeping failed; it is tried again");
        }
    }
}

async fn tidy_up(app: &App) -> Result<()> {
    app.limits.tidy();
    app.platform.store.tidy().await?;
    app.platform.renew_signing_key(SIGNING_KEY_MINUTES, SIGNING_KEY_GRACE_MINUTES).await
}
