//! What changes something asks for a session that writes; a reading operation has none to give.
use control::organizations;
use model::Read;
use server::call::Call;

async fn remove(call: &mut Call<Read>) {
    let _ = organizations::delete(call.session()).await;
}

fn main() {}
