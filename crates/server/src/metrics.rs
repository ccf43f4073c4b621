//! What is counted, for Prometheus.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// What a request is counted under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The operation.
    pub operation: &'static str,
    /// The status of the answer.
    pub status: u16,
}

/// What an operation's time is counted under.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OperationLabels {
    /// The operation.
    pub operation: &'static str,
}

/// The counters of a server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<OperationLabels, Histogram, fn() -> Histogram>,
    failed_sign_ins: Counter,
    /// Requests under way.
    pub in_flight: Gauge,
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 3.0, 11))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("claviger");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let (failed_sign_ins, in_flight) = (Counter::default(), Gauge::default());
        registry.register("http_requests", "Requests by operation and status", requests.clone());
        registry.register("http_request_seconds", "Time to answer by operation", seconds.clone());
        registry.register("failed_sign_ins", "Sign-ins with wrong credentials", failed_sign_ins.clone());
        registry.register("http_requests_in_flight", "Requests under way", in_flight.clone());
        Self { registry, requests, seconds, failed_sign_ins, in_flight }
    }
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, operation: &'static str, status: u16, took: std::time::Duration) {
        self.requests.get_or_create(&RequestLabels { operation, status }).inc();
        self.seconds.get_or_create(&OperationLabels { operation }).observe(took.as_secs_f64());
    }

    /// Counts a failed sign-in.
    pub fn sign_in_failed(&self) {
        self.failed_sign_ins.inc();
    }

    /// The text that Prometheus reads (`OpenMetrics` 1.0).
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
