//! A session cannot be put together from parts.
use model::Write;
use store::Session;

fn main() {
    let _ = Session::<Write>::new;
}
