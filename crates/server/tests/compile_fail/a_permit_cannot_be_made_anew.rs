//! Its constructor belongs to the decision.
use model::audit::Actor;
use model::{Permit, Scope, Write};

fn forge(actor: Actor) -> Permit<Write> {
    Permit::new(None, Scope::Instance, actor)
}

fn main() {}
