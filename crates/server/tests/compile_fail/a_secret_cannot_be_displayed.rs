//! A secret goes into no message.
use model::Secret;

fn print(secret: &Secret) -> String {
    format!("the key is {secret}")
}

fn main() {}
