//! Nor does a key, but as the secret that it reveals.
use model::Key;

fn print(key: &Key) -> String {
    key.to_string()
}

fn main() {}
