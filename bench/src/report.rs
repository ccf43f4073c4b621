//! What was found, for people and for machines.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::installation::Installation;
use crate::load::{Measured, median};
use crate::{Args, Pair};

/// What was found.
pub(crate) struct Report {
    credentials: usize,
    beside: usize,
    connections: usize,
    cases: Vec<Pair>,
    first_use: Measured,
    batches: Measured,
    starts: Vec<Duration>,
    idle_memory: u64,
    loaded_memory: u64,
}

impl Report {
    pub(crate) fn new(
        args: &Args,
        big: &Installation,
        cases: Vec<Pair>,
        first_use: Measured,
        batches: Measured,
    ) -> Self {
        Self {
            credentials: big.credentials,
            beside: args.beside,
            connections: args.connections,
            cases,
            first_use,
            batches,
            starts: big.starts.clone(),
            idle_memory: big.idle_memory,
            loaded_memory: big.process().memory().unwrap_or_default(),
        }
    }

    fn start(&self) -> f64 {
        median(self.starts.iter().map(|took| took.as_secs_f64() * 1e3).collect())
    }

    pub(crate) fn tables(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let (count, beside, connections) = (self.credentials, self.beside, self.connections);
        let _ = writeln!(text, "{count} credentials, {connections} connections\n");
        let _ = writeln!(
            text,
            "| case | requests/s | of the ceiling | p50 µs | p99 µs | server CPU µs | beside {beside} credentials |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        let ceiling = self.cases.first().map(|(ceiling, _)| ceiling);
        for (run, small) in &self.cases {
            let of_ceiling = ceiling.map_or(0.0, |ceiling| run.ratio(ceiling)) * 100.0;
            let beside = small.as_ref().map_or_else(String::new, |small| percent(run.ratio(small)));
            let (name, rate, processor) = (run.name, run.rate(), run.processor());
            let (p50, p99) = (run.percentile(0.5), run.percentile(0.99));
            let _ = writeln!(
                text,
                "| {name} | {rate:.0} | {of_ceiling:.1} % | {p50:.0} | {p99:.0} | {processor:.1} | {beside} |"
            );
        }
        self.write_rest(text);
    }

    fn write_rest(&self, text: &mut String) {
        let (first, batch) = (&self.first_use, &self.batches);
        let _ = writeln!(
            text,
            "\nfirst use of each of {} tokens: {:.0} requests/s, p50 {:.0} µs, p99 {:.0} µs",
            first.requests(),
            first.rate(),
            first.percentile(0.5),
            first.percentile(0.99)
        );
        let _ = writeln!(
            text,
            "1,000 permissions, one after the other: p50 {:.0} µs, p95 {:.0} µs, p99 {:.0} µs; server CPU {:.0} µs",
            batch.percentile(0.5),
            batch.percentile(0.95),
            batch.percentile(0.99),
            batch.processor()
        );
        let _ = writeln!(text, "start to ready: {:.0} ms (median of {})", self.start(), self.starts.len());
        let _ = writeln!(
            text,
            "memory: {} MiB idle after the start, {} MiB after the load",
            self.idle_memory / 1024,
            self.loaded_memory / 1024
        );
    }

    pub(crate) fn json(&self) -> String {
        let ceiling = self.cases.first().map(|(ceiling, _)| ceiling);
        let case = |(run, small): &Pair| -> Value {
            json!({
                "name": run.name,
                "requests": run.requests(),
                "requests_per_second": run.rate(),
                "of_ceiling": ceiling.map(|ceiling| run.ratio(ceiling)),
                "p50_us": run.percentile(0.5),
                "p99_us": run.percentile(0.99),
                "server_cpu_us": run.processor(),
                "beside": small.as_ref().map(|small| run.ratio(small)),
            })
        };
        let latencies = |run: &Measured| -> Value {
            json!({
                "requests": run.requests(),
                "p50_us": run.percentile(0.5),
                "p95_us": run.percentile(0.95),
                "p99_us": run.percentile(0.99),
                "server_cpu_us": run.processor(),
            })
        };
        let report = json!({
            "credentials": self.credentials,
            "beside": self.beside,
            "connections": self.connections,
            "cases": self.cases.iter().map(case).collect::<Vec<_>>(),
            "first_use": latencies(&self.first_use),
            "batch_of_1000": latencies(&self.batches),
            "start_ms": self.start(),
            "idle_memory_kib": self.idle_memory,
            "loaded_memory_kib": self.loaded_memory,
        });
        report.to_string()
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
