//! The server as a process: started, timed, weighed, stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A running server. Dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    /// The line it wrote when it was ready.
    pub(crate) ready: Value,
    /// From the start of the process to that line.
    pub(crate) took: Duration,
}

impl Process {
    /// Starts `claviger quickstart` on a data folder, without rate limits.
    pub(crate) fn start(program: &Path, data: &Path, config: &Path) -> Result<Self> {
        let started = now();
        let mut child = Command::new(program)
            .args(["quickstart", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .arg("--config")
            .arg(config)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(data.with_extension("log"))?)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let took = started.elapsed();
        let Ok(ready) = serde_json::from_str(&line) else {
            // The process has written the reason and ended.
            child.wait()?;
            bail!("no server: {}", fs::read_to_string(data.with_extension("log"))?);
        };
        Ok(Self { child, ready, took })
    }

    /// A text of the line that said the server is ready.
    pub(crate) fn said(&self, name: &str) -> Result<&str> {
        self.ready.get(name).and_then(Value::as_str).with_context(|| format!("the server told no {name}"))
    }

    /// Tells it to stop, and waits until it did.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &pid]).status()?;
        if !sent.success() || !self.child.wait()?.success() {
            bail!("the server did not stop in order");
        }
        Ok(())
    }

    /// The time that its threads have spent on a processor.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the two.
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            let spent = text.split(' ').next().and_then(|number| number.parse::<u64>().ok());
            nanoseconds += spent.unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The memory that it holds now, in KiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The present moment of the real clock.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
