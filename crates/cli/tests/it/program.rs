//! Runs the program: to its end, or as a server that is spoken to.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::http::Client;

/// A folder of one's own, with the data folder of an installation in it.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The data folder. It does not exist before the first start.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs a command on the data folder to its end.
    pub(crate) fn on_data(&self, arguments: &[&str]) -> Finished {
        let data = self.data();
        let data = ["--data".as_ref(), data.as_os_str()];
        run(arguments.iter().map(AsRef::as_ref).chain(data))
    }

    /// Starts `claviger quickstart` on the data folder, and returns when it is ready.
    pub(crate) fn quickstart(&self) -> Running {
        self.quickstart_at("127.0.0.1:0")
    }

    /// The same, on a given address.
    pub(crate) fn quickstart_at(&self, address: &str) -> Running {
        let mut command = program(["quickstart", "--json", "--listen", address]);
        self.start(command.arg("--data").arg(self.data()))
    }

    /// Starts a server and reads the line that says it is ready.
    fn start(&self, command: &mut Command) -> Running {
        let log = self.path("log");
        let mut child = command.stderr(File::create(&log).unwrap()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str(&line) else {
            panic!("no server: {:?}\n{}", child.wait().unwrap(), fs::read_to_string(&log).unwrap());
        };
        Running { child, stdout, ready, log }
    }
}

/// A call of the program that sees nothing of the environment of the tests.
pub(crate) fn program<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// What a run of the program left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// What was written, if the exit code is the expected one.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> (String, String) {
        assert_eq!(self.code, Some(code), "{self:?}");
        (self.stdout, self.stderr)
    }
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Finished {
    run_command(&mut program(arguments))
}

/// Runs a prepared call of the program to its end.
pub(crate) fn run_command(command: &mut Command) -> Finished {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A server that is ready. Dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    ready: Value,
    log: PathBuf,
}

impl Running {
    /// A text of the line that said the server is ready.
    #[track_caller]
    pub(crate) fn said(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.ready))
    }

    /// The line that said the server is ready.
    pub(crate) fn ready(&self) -> &Value {
        &self.ready
    }

    /// A caller with this bearer.
    pub(crate) fn client(&self, bearer: &str) -> Client {
        Client::new(self.said("api_url"), bearer)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.said("console_url").strip_prefix("http://").unwrap()
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Kills the server: it gets no chance to tidy up (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the server to stop, as a supervisor does (SIGTERM), and waits for its end.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        // The shell's own `kill`: the standard library cannot send signals, and a program of that name may be absent.
        let sent = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &pid]).status().unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
