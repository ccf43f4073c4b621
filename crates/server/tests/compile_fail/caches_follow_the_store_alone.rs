//! Nobody but the commit path of the store tells the caches what changed.
use store::Facts;

fn main() {
    let _ = Facts::follow;
}
