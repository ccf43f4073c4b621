//! The real clock, real randomness, and the files that hold keys.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind as IoKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Clock, Entropy, Env, Error, Result, Secret, Timestamp};
use store::MasterKey;
use zeroize::Zeroizing;

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the real time comes in")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "the one place where real randomness comes in"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        // Without randomness there are no secrets: going on would hand out guessable keys.
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the system gives no randomness: {error}");
        }
    }
}

/// The real world.
pub(crate) fn env() -> Env {
    Env { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
}

/// Makes the data folder, for its owner alone.
pub(crate) fn create_data_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        Error::invalid(
            "data",
            format!("cannot make the folder {}: {error}; choose another with --data", path.display()),
        )
    })
}

/// The master key that was given, or the one in the file, or a new one written there.
pub(crate) fn master_key(given: Option<&Secret>, file: &Path, env: &Env) -> Result<MasterKey> {
    if let Some(text) = given {
        return parse(text.expose(), "keys.master_key");
    }
    match read_private(file) {
        Ok(text) => parse(&text, &file.display().to_string()),
        Err(error) if error.kind() == IoKind::NotFound => create(file, env),
        Err(error) => Err(unusable(file, &error)),
    }
}

fn parse(text: &str, origin: &str) -> Result<MasterKey> {
    let wrong = || {
        Error::invalid(origin, "must be 32 random bytes in base64, as `openssl rand -base64 32` makes them")
    };
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| wrong())?);
    let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| wrong())?;
    Ok(MasterKey::new(Zeroizing::new(bytes)))
}

fn read_private(file: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut handle = OpenOptions::new().read(true).open(file)?;
    let mode = handle.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        let message = format!("others can read it (mode {:o}); run chmod 600 on it", mode & 0o777);
        return Err(std::io::Error::new(IoKind::PermissionDenied, message));
    }
    let mut text = Zeroizing::new(String::new());
    handle.read_to_string(&mut text)?;
    Ok(text)
}

fn create(file: &Path, env: &Env) -> Result<MasterKey> {
    let bytes = Zeroizing::new(env.bytes::<32>());
    let text = Zeroizing::new(STANDARD.encode(*bytes));
    // `create_new`: of two that start at once one makes the key, the other reads it at its next try.
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let written = opened.and_then(|mut handle| {
        handle.write_all(text.as_bytes())?;
        handle.write_all(b"\n")?;
        handle.sync_all()
    });
    written.map_err(|error| unusable(file, &error))?;
    Ok(MasterKey::new(bytes))
}

fn unusable(file: &Path, error: &std::io::Error) -> Error {
    Error::invalid("keys.master_key_file", format!("cannot use {}: {error}", file.display()))
}
