//! `claviger openapi`.

use model::{Error, Result};
use server::{Settings, openapi, operations};

use super::print;

pub(crate) fn run() -> Result<()> {
    let document = openapi::document(operations(), &Settings::new("http://localhost:8080"))?;
    print(&serde_json::to_string_pretty(&document).map_err(Error::internal)?)
}
