//! Its connections cannot be had.
use store::Store;

fn look(store: &Store) {
    let _ = &store.inner;
}

fn main() {}
