//! Runs each target for some seconds on inputs from a seeded generator, without a fuzzer: the stable tools suffice.
//!
//! `cargo run --release --no-default-features --bin smoke -- [SECONDS] [SEED]`

use std::time::{Duration, Instant};

/// Pieces that the inputs are made of, beside random bytes: what the parsers look for.
const PIECES: [&[u8]; 32] = [
    b"ZENPROKEY_",
    b"ZENPROKEY_AaIH9bCIe4mXBslBk-JKgH6LsuBhdYq2Goqlu938odfxSzYc-7yTt_foEcIt",
    b"0b000000-0000-4000-8000-000000000001",
    b"pipeline",
    b":",
    b"/",
    b"*:read",
    b"\n",
    b"&",
    b"=",
    b"n",
    b"b=True",
    b"i=-9223372036854775808",
    b"u=4294967296",
    b"t=2030-01-01T00:00:00Z",
    b"l=",
    b"e=one",
    b"%",
    b"%ff",
    b"+",
    b"\0",
    b"{\"o\":",
    b"{\"l\":[\"",
    b"}",
    b"\"",
    b"1e999",
    b"eyJ",
    b".",
    b"@",
    b"https://",
    "\u{130}".as_bytes(),
    "\u{3a3} ".as_bytes(),
];

/// The generator `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn input(&mut self) -> Vec<u8> {
        let mut input = Vec::new();
        for _ in 0..self.below(12) {
            match self.below(4) {
                0 => input.push(self.next() as u8),
                1 => input.push(b' ' + (self.next() % 95) as u8),
                _ => input.extend_from_slice(PIECES[self.below(PIECES.len())]),
            }
        }
        if !input.is_empty() && self.below(3) == 0 {
            let at = self.below(input.len());
            input[at] = self.next() as u8;
        }
        input
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let (seconds, seed) = (arguments.next().unwrap_or(5), arguments.next().unwrap_or(1));
    for (name, target) in claviger_fuzz::TARGETS {
        let mut random = Random(seed);
        let (started, mut runs) = (Instant::now(), 0_u64);
        while started.elapsed() < Duration::from_secs(seconds) {
            for _ in 0..1000 {
                let input = random.input();
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(&input));
            }
            runs += 1000;
        }
        println!("{name:14} {runs:>10} inputs, no failure");
    }
}
