//! The session is of the kind that was decided.
use model::audit::Origin;
use model::{Permit, Read, Write};
use store::Store;

async fn open(store: &Store, permit: Permit<Read>) {
    let _ = store.begin::<Write>(permit, Origin::default()).await;
}

fn main() {}
