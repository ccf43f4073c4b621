//! Whoever opens an operation to everybody says why.
use server::Access;

fn declare() -> Access {
    Access::Public()
}

fn main() {}
