//! The parts of a running server, passed to every call.

use std::fmt::Write as _;
use std::net::IpAddr;

use bytes::Bytes;
use control::Platform;
use control::projects::Candidates;
use uuid::Uuid;

use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::settings::Settings;

/// The parts of a running server.
#[derive(Debug)]
pub struct App {
    /// The use cases and the store.
    pub platform: Platform,
    /// What the server was told.
    pub settings: Settings,
    /// The rate limits.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Metrics,
    /// Who may just have made a project.
    pub project_candidates: Candidates,
    /// Names this installation to clients.
    pub server_id: Uuid,
    /// The OpenAPI document, rendered.
    pub openapi: Bytes,
}

impl App {
    /// The parts, put together.
    pub fn new(platform: Platform, settings: Settings, openapi: Bytes) -> Self {
        let limits = Limits::new(settings.failed_sign_ins, settings.credential_calls);
        let server_id = platform.tokens.installation_id();
        let (metrics, project_candidates) = (Metrics::default(), Candidates::default());
        Self { platform, settings, limits, metrics, project_candidates, server_id, openapi }
    }

    /// Lends an address as text without allocating.
    pub(crate) fn ip_text(ip: IpAddr, with: impl FnOnce(&str)) {
        let mut text = StackText { bytes: [0; 48], length: 0 };
        // An address always fits.
        let _ = write!(text, "{ip}");
        with(text.as_str());
    }
}

/// A short text on the stack.
struct StackText {
    bytes: [u8; 48],
    length: usize,
}

impl StackText {
    fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl std::fmt::Write for StackText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let slot = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        slot.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
