//! Hashes are compared in constant time, by the one function that does, and not with `==`.
use model::SecretHash;

fn equal(one: &SecretHash, two: &SecretHash) -> bool {
    one == two
}

fn main() {}
