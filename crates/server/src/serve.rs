//! The listener: accepting, TLS, keep-alive, and stopping without dropping what is under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use model::{Error, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::SizeAbove};

use crate::app::App;
use crate::{dialect, routes};

/// How long what is under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(90);

/// All that answers on the listener. A request carries the address it came from as [`ConnectInfo`].
pub fn service(app: &Arc<App>) -> Router {
    // Small answers are not worth compressing, and the hot ones are small.
    let worth_it = DefaultPredicate::new().and(SizeAbove::new(2048));
    routes::router(app)
        .layer(CompressionLayer::new().gzip(true).compress_when(worth_it))
        .layer(CatchPanicLayer::custom(panicked))
}

/// A server that is bound and not yet accepting.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Binds the address; port 0 picks a free one.
    pub async fn bind(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Error::invalid(
                "server.listen",
                format!("cannot listen on {address}: {error}; choose another address"),
            )
        })?;
        let address = listener.local_addr().map_err(Error::internal)?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` turns true, then finishes what is under way.
    pub async fn run(
        self,
        app: Arc<App>,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<()> {
        let router = service(&app);
        let graceful = GracefulShutdown::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => serve_connection(stream, peer, router.clone(), tls.clone(), &graceful),
                    Err(error) => {
                        // Out of file descriptors, or the client is gone already: neither ends the server.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                },
                () = stopped(&mut stop) => break,
            }
        }
        drop(self.listener);
        if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("stopped with requests under way");
        }
        Ok(())
    }
}

/// Returns when the server is told to stop, or nobody is left to tell it.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    tls: Option<TlsAcceptor>,
    graceful: &GracefulShutdown,
) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(axum::body::Body::new)
    });
    let service = TowerToHyperService::new(service);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).keep_alive(true);
    let watcher = graceful.watcher();
    tokio::spawn(async move {
        let served = match tls {
            None => watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await,
            Some(acceptor) => {
                match tokio::time::timeout(Duration::from_secs(10), acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await
                    }
                    _ => return,
                }
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended");
        }
    });
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that the layer calls")]
fn panicked(cause: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let cause = cause.downcast_ref::<&str>().copied().or(text).unwrap_or("no message");
    tracing::error!(cause, "a handler panicked");
    dialect::render(&Error::internal("panic"))
}

/// Serves what is counted on a listener of its own, until `stop` turns true.
#[expect(clippy::disallowed_methods, reason = "metrics are on a listener of their own, outside the API")]
pub async fn serve_metrics(
    app: Arc<App>,
    address: SocketAddr,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::invalid(
            "metrics.listen",
            format!("cannot listen on {address}: {error}; choose another address"),
        )
    })?;
    let text = move || {
        let text = app.metrics.render();
        async move { ([("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")], text) }
    };
    let router = Router::new().route("/metrics", get(text));
    let stopped = async move { stopped(&mut stop).await };
    axum::serve(listener, router).with_graceful_shutdown(stopped).await.map_err(Error::internal)
}
