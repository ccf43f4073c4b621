//! `claviger quickstart`.

use std::net::SocketAddr;
use std::path::PathBuf;

use control::bootstrap::FirstStart;
use model::{Error, Result};
use serde_json::json;

use super::{print, say};
use crate::config::{Config, ConfigArgs};
use crate::runtime::{self, Bound};

/// Starts a server and, the first time, makes an administrator, an organization and a token.
///
/// The password and the token are printed once and stored nowhere in clear. Later starts reuse the data.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  claviger quickstart
  claviger quickstart --data ./my-data --listen 127.0.0.1:9000
  claviger quickstart --listen 127.0.0.1:0 --json | head -1")]
pub(crate) struct Args {
    /// The folder of the database and of the key files.
    #[arg(long, value_name = "DIR", default_value = "./claviger-data")]
    data: PathBuf,
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE", env = "CLAVIGER_CONFIG")]
    config: Option<PathBuf>,
    /// Prints one line of JSON when the server is ready, and nothing else.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let step = |text: &str| {
        if !args.json {
            say(&format!("  {text}"));
        }
    };
    let arguments =
        ConfigArgs { config: args.config.clone(), data: Some(args.data.clone()), database_url: None };
    let mut config = Config::load(&arguments)?;
    if !args.json && config.log.level == "info" {
        // The greeting is for people; the log would bury it.
        "warn".clone_into(&mut config.log.level);
    }
    runtime::start_log(&config)?;
    step(&format!("opening the database in {}", args.data.display()));
    let bound = runtime::bind(&config, args.listen).await?;
    let platform = &bound.app.platform;
    let first = if platform.is_empty().await? {
        step("first start: making the administrator, an organization and a token");
        Some(platform.first_start().await?)
    } else {
        None
    };
    step(&format!("ready at {}", bound.app.settings.public_url));
    if args.json {
        print(&machine_line(&bound, first.as_ref()).await?)?;
    } else {
        print(&greeting(&bound, first.as_ref()))?;
    }
    drop(first);
    runtime::serve(bound).await
}

async fn machine_line(bound: &Bound, first: Option<&FirstStart>) -> Result<String> {
    let settings = &bound.app.settings;
    let organization = match first {
        Some(first) => Some((first.organization.id, first.organization.name.clone())),
        None => bound.app.platform.first_organization().await?,
    };
    let (id, name) = organization.unzip();
    let line = json!({
        "console_url": settings.public_url,
        "api_url": settings.api_url,
        "username": control::bootstrap::ADMIN,
        "password": first.map(|first| first.password.expose()),
        "token": first.map(|first| first.token.expose()),
        "organization_id": id,
        "organization_name": name,
    });
    serde_json::to_string(&line).map_err(Error::internal)
}

fn greeting(bound: &Bound, first: Option<&FirstStart>) -> String {
    let settings = &bound.app.settings;
    let (console, api) = (&settings.public_url, &settings.api_url);
    let Some(first) = first else {
        return format!(
            "\nClaviger is running again on its data; secrets are shown at the first start only.\n\n  \
             Console   {console}\n  API       {api}\n\nStop it with Ctrl-C.\n"
        );
    };
    let (username, password) = (&first.username, first.password.expose());
    let token = first.token.expose();
    format!(
        "
Claviger is running.

  Console       {console}
  API           {api}
  Username      {username}
  Password      {password}
  Organization  {organization}
  Token         {token}

Password and token are shown now and never again.

See who you are:

  curl -H \"Authorization: Bearer {token}\" {api}/users/me

Enroll a workspace (prints its id and enrollment key; how to start its server is in the README):

  curl -X POST -H \"Authorization: Bearer {token}\" \"{api}/workspaces?name=my-workspace&enroll=true\"

Connect the ZenML client to it:

  export ZENML_PRO_API_URL={api}
  echo {token} | zenml login my-workspace --api-key

Stop the server with Ctrl-C.
",
        organization = first.organization.name,
    )
}
