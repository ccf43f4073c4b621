//! Inputs for the targets from a seeded generator: enough to find that a target or a parser is broken, without a fuzzer.

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

/// A seeded generator of inputs (`SplitMix64`).
pub struct Inputs(u64);

impl Inputs {
    /// The inputs that follow from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        let [byte, ..] = self.number().to_le_bytes();
        byte
    }
}

impl Iterator for Inputs {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut input = Vec::new();
        for _ in 0..self.below(12) {
            match self.below(4) {
                0 => input.push(self.byte()),
                1 => input.push(b' ' + self.byte() % 95),
                _ => input.extend_from_slice(PIECES[self.below(PIECES.len())]),
            }
        }
        if !input.is_empty() && self.below(3) == 0 {
            let at = self.below(input.len());
            input[at] = self.byte();
        }
        Some(input)
    }
}
