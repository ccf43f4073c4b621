//! Runs each target for some seconds on generated inputs, without a fuzzer: the stable tools suffice.
//!
//! `cargo run --release --no-default-features --bin smoke -- [SECONDS] [SEED]`

use std::time::{Duration, Instant};

use claviger_fuzz::{Inputs, TARGETS};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let (seconds, seed) = (arguments.next().unwrap_or(5), arguments.next().unwrap_or(1));
    for (name, target) in TARGETS {
        let mut inputs = Inputs::new(seed);
        let (started, mut runs) = (Instant::now(), 0_u64);
        while started.elapsed() < Duration::from_secs(seconds) {
            for input in inputs.by_ref().take(1000) {
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(&input));
            }
            runs += 1000;
        }
        println!("{name:14} {runs:>10} inputs, no failure");
    }
}
