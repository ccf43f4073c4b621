//! What an operation does cannot be called, nor replaced: the gate alone starts it.
use server::Operation;

fn start(operation: &Operation) {
    let _ = &operation.run;
}

fn main() {}
