//! A private PostgreSQL server for one run of the tests.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::need;

const OLDEST: u32 = 15;
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
const GUARD: &str = include_str!("postgres-guard.sh");
/// The longest path a unix socket may have is 107 bytes on Linux and 103 on macOS; the socket's name takes 19 of them.
const LONGEST_FOLDER: usize = 80;
/// Another program may take the free port before the server does.
const TRIES: u32 = 3;

/// A running cluster; dropping it stops it and removes its folder.
pub(crate) struct Cluster {
    guard: Child,
    /// The guard stops the server when this end closes; see `postgres-guard.sh`.
    lifeline: Option<ChildStdin>,
    folder: PathBuf,
    url: String,
}

impl Cluster {
    /// Starts a server on a free port of the loopback address, installing PostgreSQL first where that is possible.
    pub(crate) fn start(target: &Path) -> Result<Self> {
        let programs = programs()?;
        eprintln!("  PostgreSQL programs: {}", programs.display());
        let owner = Owner::find()?;
        let mut last = None;
        for _ in 0..TRIES {
            match Self::try_start(&programs, target, owner) {
                Ok(cluster) => {
                    eprintln!("  private server on {}", cluster.place());
                    return Ok(cluster);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no try was made")?).context("PostgreSQL did not start")
    }

    /// The URL of the maintenance database, with the right to create others.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn place(&self) -> &str {
        self.url.rsplit('@').next().unwrap_or_default()
    }

    fn try_start(programs: &Path, target: &Path, owner: Owner) -> Result<Self> {
        let folder = owner.folder(target)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let password = password()?;
        let mut guard = owner
            .command("sh")
            .args(["-c", GUARD, "postgres-guard"])
            .args([programs, &folder])
            .arg(port.to_string())
            // Ctrl-C at the terminal must not kill the guard before it has stopped the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a shell")?;
        let mut lifeline = guard.stdin.take().context("the guard has no input")?;
        writeln!(lifeline, "{password}")?;
        let answers = guard.stdout.take().context("the guard has no output")?;
        let mut answer = String::new();
        BufReader::new(answers).read_line(&mut answer)?;
        let url = format!("postgres://claviger:{password}@127.0.0.1:{port}/postgres");
        let cluster = Self { guard, lifeline: Some(lifeline), folder, url };
        if answer.trim_end() != "ready" {
            bail!("the server on port {port} did not become ready; its log is above");
        }
        Ok(cluster)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("the PostgreSQL server's guard cannot be waited for: {error}");
        }
        // The guard has emptied it, and removed it too where it may.
        _ = fs::remove_dir(&self.folder);
    }
}

/// The user who runs the server.
#[derive(Clone, Copy)]
struct Owner {
    /// Only root has to give its rights up: PostgreSQL refuses to run with them.
    become_user: Option<(u32, u32)>,
}

impl Owner {
    fn find() -> Result<Self> {
        if !need::is_root()? {
            return Ok(Self { become_user: None });
        }
        let users = fs::read_to_string("/etc/passwd").context("cannot read the list of users")?;
        let found = ["postgres", "nobody"].iter().find_map(|name| ids(&users, name));
        let ids = found.context(
            "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`. \
             This line makes one: useradd --system postgres",
        )?;
        Ok(Self { become_user: Some(ids) })
    }

    fn command(self, program: &str) -> Command {
        let mut command = Command::new(program);
        // The current folder may be closed to that user.
        command.current_dir("/");
        if let Some((user, group)) = self.become_user {
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes an empty folder for this run that the user can reach: in the target folder if possible.
    fn folder(self, target: &Path) -> Result<PathBuf> {
        let name = format!("claviger-postgres-{}", std::process::id());
        let shared = target.join("test-postgres");
        fs::create_dir_all(&shared)?;
        for parent in [shared, std::env::temp_dir()] {
            let folder = parent.join(&name);
            if folder.as_os_str().len() > LONGEST_FOLDER {
                continue;
            }
            // A run that was killed leaves an empty folder, and numbers of processes come again.
            _ = fs::remove_dir(&folder);
            // It fails when the folder exists, so nobody can have prepared it in a shared temporary folder.
            DirBuilder::new()
                .mode(0o700)
                .create(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            if let Some((user, group)) = self.become_user {
                chown(&folder, Some(user), Some(group))?;
            }
            if self.reaches(&folder)? {
                return Ok(folder);
            }
            fs::remove_dir(&folder)?;
        }
        bail!(
            "the user of the PostgreSQL server can write neither to the target folder nor to the temporary folder"
        )
    }

    fn reaches(self, folder: &Path) -> Result<bool> {
        let mut test = self.command("test");
        Ok(test.arg("-w").arg(folder).status().context("cannot run `test`")?.success())
    }
}

/// Reads a user's and its group's number from the lines of `/etc/passwd`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields =
        users.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?;
    let user = fields.nth(2)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some((user, group))
}

/// Loopback is open to every user of the machine, and a superuser of the server can run programs.
fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn programs() -> Result<PathBuf> {
    if let Some(folder) = find_programs() {
        return Ok(folder);
    }
    need::install(&format!("PostgreSQL {OLDEST} or newer"), &["postgresql"])?;
    find_programs().with_context(|| {
        format!(
            "the system's package `postgresql` holds no server of version {OLDEST} or newer; \
             Debian 12 does: sudo apt-get install --yes postgresql"
        )
    })
}

/// Finds the newest server that is whole and new enough. Debian keeps the programs out of PATH, a folder to a version.
fn find_programs() -> Option<PathBuf> {
    let in_path = need::find_program("postgres").and_then(|path| path.canonicalize().ok());
    let mut folders: Vec<PathBuf> =
        in_path.iter().filter_map(|path| path.parent()).map(PathBuf::from).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    let whole = folders.into_iter().filter(|folder| PROGRAMS.iter().all(|name| folder.join(name).is_file()));
    let new =
        whole.filter_map(|folder| Some((major_version(&folder)?, folder))).filter(|found| found.0 >= OLDEST);
    new.max().map(|found| found.1)
}

fn major_version(folder: &Path) -> Option<u32> {
    let answer = Command::new(folder.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8(answer.stdout).ok()?)
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian …)`, and `17beta1` too.
fn parse_version(answer: &str) -> Option<u32> {
    let version = answer.split(") ").nth(1)?;
    let digits = version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(parse_version("postgres: not found\n"), None);
    }

    #[test]
    fn users_are_read() {
        let users = "root:x:0:0::/:/bin/sh\npostgres:x:101:104:admin,,,:/srv/db:/bin/sh\n";
        assert_eq!(ids(users, "postgres"), Some((101, 104)));
        assert_eq!(ids(users, "post"), None);
        assert_eq!(ids("broken:x\n", "broken"), None);
    }

    #[test]
    fn passwords_differ() {
        assert_ne!(password().unwrap(), password().unwrap());
    }
}
