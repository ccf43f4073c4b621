//! A permit has no fields that others can fill in.
use model::audit::Actor;
use model::{Permit, Scope, Visibility, Write};

fn forge(actor: Actor) -> Permit<Write> {
    Permit {
        permission: None,
        scope: Scope::Instance,
        visibility: Visibility::All,
        actor,
        mode: std::marker::PhantomData,
    }
}

fn main() {}
