//! An operation that is answered from memory was not given a permit, and so no way to the database.
use server::call::{Call, Memory};

fn look(call: &mut Call<Memory>) {
    let _ = call.session();
}

fn main() {}
