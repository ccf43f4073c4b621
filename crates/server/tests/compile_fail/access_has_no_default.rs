//! And nothing stands in for it.
use server::Access;

fn declare() -> Access {
    Access::default()
}

fn main() {}
