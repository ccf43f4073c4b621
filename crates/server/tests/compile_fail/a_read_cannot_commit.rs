//! A session that a reading permit opened has nothing that makes a change final.
use model::Read;
use store::Session;

async fn finish(session: Session<Read>) {
    let _ = session.commit().await;
}

fn main() {}
