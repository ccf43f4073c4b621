//! Nor has it anything that makes a change.
use model::{Principal, Read};
use store::Session;

async fn change(session: &mut Session<Read>, principal: &Principal) {
    let _ = session.update_principal(principal).await;
}

fn main() {}
