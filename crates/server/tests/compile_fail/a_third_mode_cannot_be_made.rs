//! There is reading and writing; nobody adds a mode that is neither.
struct Anything;

impl model::Mode for Anything {
    const WRITES: bool = true;
}

fn main() {}
