//! An installation to be measured: a data folder with credentials, a running server, and what to send to it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Args;
use crate::cases::{Callers, Case};
use crate::connection::{Connection, Request};
use crate::process::Process;
use crate::seed::{self, Seeded};

/// How often the server is started, for the median.
const STARTS: usize = 9;

/// The configuration: nothing is limited, everything else is as it comes.
pub(crate) const CONFIG: &str = "[limits]\n\
    failed_sign_ins = { per_minute = 0, burst = 0 }\n\
    credential_calls = { per_minute = 0, burst = 0 }\n";

/// A running server with credentials in its database.
pub(crate) struct Installation {
    process: Process,
    address: String,
    pub(crate) credentials: usize,
    pub(crate) cases: Vec<Case>,
    pub(crate) batch: Case,
    /// Requests with tokens that nobody used since the start.
    pub(crate) fresh: Case,
    /// From start to ready, each time.
    pub(crate) starts: Vec<Duration>,
    /// KiB after the start, before the first request.
    pub(crate) idle_memory: u64,
}

impl Installation {
    pub(crate) async fn make(args: &Args, data: &Path, credentials: usize) -> Result<Self> {
        eprintln!("preparing {credentials} credentials");
        let config = data.with_extension("toml");
        fs::write(&config, CONFIG)?;
        let first = Process::start(&args.program, data, &config)?;
        let mut callers = make_callers(&first).await?;
        first.stop()?;
        let Seeded { sample, fresh } = seed::fill(data, credentials).await?;
        let mut starts = Vec::new();
        for _ in 1..STARTS {
            let process = Process::start(&args.program, data, &config)?;
            starts.push(process.took);
            process.stop()?;
        }
        let process = Process::start(&args.program, data, &config)?;
        starts.push(process.took);
        let idle_memory = process.memory()?;
        let address = address(&process)?;
        callers.keys = sample.iter().map(|key| key.expose().to_owned()).collect();
        callers.fresh = fresh.iter().map(|key| key.expose().to_owned()).collect();
        callers.sign_in(&address).await?;
        let (cases, batch, fresh) = (callers.cases(), callers.batch(), callers.each_once());
        Ok(Self { process, address, credentials, cases, batch, fresh, starts, idle_memory })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }
}

pub(crate) fn address(process: &Process) -> Result<String> {
    let url = process.said("console_url")?;
    Ok(url.strip_prefix("http://").context("not a plain URL")?.to_owned())
}

/// Enrolls a workspace, and gives a service account a role in it.
pub(crate) async fn make_callers(process: &Process) -> Result<Callers> {
    let (token, organization) = (process.said("token")?, process.said("organization_id")?);
    let mut connection = Connection::open(&address(process)?).await?;
    let mut call = async |method: &str, path: &str| -> Result<Value> {
        let request = Request { method, path, bearer: Some(token), ..Request::default() }.bytes();
        Ok(serde_json::from_slice(connection.exchange(&request).await?)?)
    };
    let text = |value: &Value, name: &str| -> Result<String> {
        let found = value.get(name).and_then(Value::as_str);
        Ok(found.with_context(|| format!("no {name} in {value}"))?.to_owned())
    };
    let workspace = call("POST", "/workspaces?name=bench&enroll=true").await?;
    let account = call("POST", &format!("/organizations/{organization}/service_accounts?name=bench")).await?;
    let roles = call("GET", &format!("/organizations/{organization}/roles?limit=1000")).await?;
    let is_wanted = |role: &&Value| role.get("name").and_then(Value::as_str) == Some("Workspace Developer");
    let role = roles.as_array().and_then(|roles| roles.iter().find(is_wanted)).context("no such role")?;
    let (workspace_id, account_id) = (text(&workspace, "id")?, text(&account, "id")?);
    let assign = format!("/roles/{}/assignments", text(role, "id")?);
    call("POST", &format!("{assign}?user_id={account_id}&workspace_id={workspace_id}")).await?;
    Ok(Callers {
        client_secret: text(&workspace, "enrollment_key")?,
        workspace: workspace_id,
        account: account_id,
        ..Callers::default()
    })
}
