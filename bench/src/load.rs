//! The load: each connection sends its next request when it has the answer to the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::cases::Case;
use crate::connection::Connection;
use crate::installation::Installation;
use crate::process::{Process, now};

/// Connections to a server, opened once.
pub(crate) struct Pool {
    connections: Vec<Connection>,
}

/// What a slice of time gave.
pub(crate) struct Slice {
    took: Duration,
    processor: Duration,
    latencies: Vec<Duration>,
}

/// What a case gave, slice by slice.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    slices: Vec<Slice>,
}

impl Pool {
    pub(crate) async fn open(address: &str, count: usize) -> Result<Self> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Connection::open(address).await?);
        }
        Ok(Self { connections })
    }

    /// Sends the requests of a case, in turn, for some time.
    pub(crate) async fn slice(&mut self, case: &Case, server: &Process, seconds: f64) -> Result<Slice> {
        let limit = Duration::from_secs_f64(seconds);
        self.send(&case.requests, server, move |started, _| started.elapsed() < limit).await
    }

    /// Sends each request of a case once.
    pub(crate) async fn once(&mut self, case: &Case, server: &Process) -> Result<Slice> {
        let count = case.requests.len();
        self.send(&case.requests, server, move |_, number| number < count).await
    }

    /// Sends requests while `go_on` says so of the beginning and of how many were begun.
    async fn send(
        &mut self,
        requests: &[Vec<u8>],
        server: &Process,
        go_on: impl Fn(Instant, usize) -> bool + Send + Sync + Clone + 'static,
    ) -> Result<Slice> {
        let requests: Arc<[Vec<u8>]> = requests.into();
        let next = Arc::new(AtomicUsize::new(0));
        let (started, before) = (now(), server.processor_time()?);
        let mut tasks = JoinSet::new();
        for connection in self.connections.drain(..) {
            let (requests, next, go_on) = (requests.clone(), next.clone(), go_on.clone());
            tasks.spawn(
                async move { work(connection, &requests, &next, |count| go_on(started, count)).await },
            );
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            let (connection, mut own) = done??;
            self.connections.push(connection);
            latencies.append(&mut own);
        }
        let took = started.elapsed();
        let processor = server.processor_time()?.saturating_sub(before);
        Ok(Slice { took, processor, latencies })
    }
}

async fn work(
    mut connection: Connection,
    requests: &[Vec<u8>],
    next: &AtomicUsize,
    go_on: impl Fn(usize) -> bool,
) -> Result<(Connection, Vec<Duration>)> {
    let mut latencies = Vec::with_capacity(4096);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if !go_on(number) {
            return Ok((connection, latencies));
        }
        let request = requests.get(number % requests.len()).context("a case without requests")?;
        let sent = now();
        connection.exchange(request).await?;
        latencies.push(sent.elapsed());
    }
}

/// Uses each fresh token once.
pub(crate) async fn each_once(installation: &Installation, connections: usize) -> Result<Measured> {
    let case = &installation.fresh;
    let count = case.requests.len();
    let mut measured = Measured::new(case.name);
    if count > 0 {
        let mut pool = Pool::open(installation.address(), connections).await?;
        measured
            .add(pool.send(&case.requests, installation.process(), move |_, number| number < count).await?);
    }
    Ok(measured)
}

/// Sends batches one after the other over one connection: nothing waits for anything else.
pub(crate) async fn batches(installation: &Installation, seconds: f64) -> Result<Measured> {
    let mut pool = Pool::open(installation.address(), 1).await?;
    let mut measured = Measured::new(installation.batch.name);
    pool.slice(&installation.batch, installation.process(), 0.5).await?;
    measured.add(pool.slice(&installation.batch, installation.process(), seconds).await?);
    Ok(measured)
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
impl Measured {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, slices: Vec::new() }
    }

    pub(crate) fn add(&mut self, slice: Slice) {
        self.slices.push(slice);
    }

    pub(crate) fn requests(&self) -> usize {
        self.slices.iter().map(|slice| slice.latencies.len()).sum()
    }

    /// Requests per second, the median of the slices.
    pub(crate) fn rate(&self) -> f64 {
        median(self.slices.iter().map(Slice::rate).collect())
    }

    /// How fast it was beside another case of the same turns, the median of the turns.
    pub(crate) fn ratio(&self, other: &Self) -> f64 {
        median(self.slices.iter().zip(&other.slices).map(|(own, other)| own.rate() / other.rate()).collect())
    }

    /// Microseconds of the server's processor time for a request.
    pub(crate) fn processor(&self) -> f64 {
        let spent: Duration = self.slices.iter().map(|slice| slice.processor).sum();
        spent.as_secs_f64() * 1e6 / self.requests().max(1) as f64
    }

    /// The latency that this share of the requests did not exceed, in microseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let all = self.slices.iter().flat_map(|slice| &slice.latencies);
        let mut all: Vec<f64> = all.map(|latency| latency.as_secs_f64() * 1e6).collect();
        at_share(&mut all, share)
    }
}

impl Slice {
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
    fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }
}

/// The middle of some numbers; none have the middle zero.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    at_share(&mut numbers, 0.5)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index below the length"
)]
fn at_share(numbers: &mut [f64], share: f64) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let at = (numbers.len().saturating_sub(1) as f64 * share).round() as usize;
    numbers.get(at).copied().unwrap_or_default()
}
