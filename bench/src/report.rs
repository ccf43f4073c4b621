//! What was found, for people and for machines.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::crowd::CrowdReport;
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
    crowd: Option<CrowdReport>,
    starts: Vec<Duration>,
    idle_memory: u64,
    loaded_memory: u64,
}

impl Report {
    pub(crate) fn new(
        args: &Args,
        big: &Installation,
        cases: Vec<Pair>,
        (first_use, batches): (Measured, Measured),
        crowd: Option<CrowdReport>,
    ) -> Self {
        Self {
            credentials: big.credentials,
            beside: args.beside,
            connections: args.connections,
            cases,
            first_use,
            batches,
            crowd,
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
        if let Some(crowd) = &self.crowd {
            write_crowd(text, crowd);
        }
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
            "organization": self.crowd.as_ref().map(|crowd| json!({
                "shares": crowd.shares,
                "cold_ms": crowd.cold.as_secs_f64() * 1e3,
                "cold_100000_shares_ms": crowd.cold_most.as_secs_f64() * 1e3,
                "first": latencies(&crowd.first),
                "single": latencies(&crowd.single),
                "batch_of_1000": latencies(&crowd.batch),
                "ids_100000": latencies(&crowd.ids),
                "memory_kib": [crowd.memory.0, crowd.memory.1],
            })),
            "idle_memory_kib": self.idle_memory,
            "loaded_memory_kib": self.loaded_memory,
        });
        report.to_string()
    }
}

fn write_crowd(text: &mut String, crowd: &CrowdReport) {
    let (cold, most) = (crowd.cold.as_secs_f64() * 1e3, crowd.cold_most.as_secs_f64() * 1e3);
    let _ = writeln!(
        text,
        "\nan organization of 1,000 people, 100 teams, 11,000 assignments and {} shared resources, one request after the other:\n\n\
         | question | p50 µs | p95 µs | p99 µs | server CPU µs |\n| --- | ---: | ---: | ---: | ---: |",
        crowd.shares
    );
    let rows = [
        ("first about each account", &crowd.first),
        ("one permission", &crowd.single),
        ("1,000 permissions", &crowd.batch),
        ("100,000 allowed ids", &crowd.ids),
    ];
    for (name, run) in rows {
        let (p50, p95, p99) = (run.percentile(0.5), run.percentile(0.95), run.percentile(0.99));
        let _ = writeln!(text, "| {name} | {p50:.0} | {p95:.0} | {p99:.0} | {:.0} |", run.processor());
    }
    let _ = writeln!(
        text,
        "\nthe very first question: {cold:.1} ms; about the account with 100,000 shares: {most:.1} ms\n\
         memory: {} MiB before, {} MiB with all of it known",
        crowd.memory.0 / 1024,
        crowd.memory.1 / 1024
    );
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
