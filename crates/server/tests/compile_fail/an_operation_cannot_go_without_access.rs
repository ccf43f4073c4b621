//! Who may is an argument, so that it cannot be forgotten.
use http::Method;
use server::Operation;
use server::call::{Call, Memory};
use server::input::Nothing;
use server::reply::Done;

async fn run(_: &mut Call<Memory>, _: Nothing) -> model::Result<Done> {
    Ok(Done)
}

fn declare() -> Operation {
    Operation::new("open_door", (Method::GET, "/door"), run)
}

fn main() {}
