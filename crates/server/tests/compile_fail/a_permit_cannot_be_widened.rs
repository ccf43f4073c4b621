//! What was decided for one thing cannot be turned to another.
use model::{Permit, Scope, Visibility, Write};

fn widen(permit: &mut Permit<Write>) {
    permit.scope = Scope::Instance;
    permit.visibility = Visibility::All;
}

fn main() {}
