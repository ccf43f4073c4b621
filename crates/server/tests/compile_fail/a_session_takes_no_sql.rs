//! A session runs the statements of the store and no others.
use model::Write;
use store::Session;

async fn run(session: &mut Session<Write>) {
    let _ = session.tx.all("SELECT * FROM principals", Vec::new()).await;
}

fn main() {}
