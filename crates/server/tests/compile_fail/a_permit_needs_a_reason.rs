//! The program itself gives one of the listed reasons, not a text of its own.
use model::{Permit, Read};

fn forge() -> Permit<Read> {
    Permit::system("because")
}

fn main() {}
