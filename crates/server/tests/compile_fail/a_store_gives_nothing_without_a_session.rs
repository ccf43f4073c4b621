//! The store itself reads no tables.
use store::{Page, PrincipalFilter, Store};

async fn look(store: &Store) {
    let page = Page { offset: 0, limit: 1 };
    let _ = store.list_principals(PrincipalFilter::default(), page).await;
}

fn main() {}
