//! A connection that is kept: writes a prepared request, reads the answer, and does no more.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot reach {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 4096] })
    }

    /// Sends a request and returns the body of the answer, whose status must be 200.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let room = self.buffer.get_mut(filled..).unwrap_or_default();
            let read = self.stream.read(room).await?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            filled += read;
            let seen = self.buffer.get(..filled).unwrap_or_default();
            if let Some((start, end)) = extent(seen)?
                && filled >= end
            {
                return Ok(self.buffer.get(start..end).unwrap_or_default());
            }
        }
    }
}

/// Where the body begins and ends, once the whole head is there.
fn extent(seen: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = seen.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = seen.get(..head).unwrap_or_default();
    if !text.starts_with(b"HTTP/1.1 200 ") {
        bail!("unexpected answer: {}", String::from_utf8_lossy(seen));
    }
    Ok(Some((head + 4, head + 4 + length(text).context("an answer without a length")?)))
}

fn length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length: ";
    let line = head.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(NAME))?;
    std::str::from_utf8(line).ok()?.trim_end().parse().ok()
}

/// A request as it goes over the wire.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: &'a str,
}

impl Request<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (method, path) = (self.method, self.path);
        let mut text = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: claviger-bench\r\naccept: */*\r\n"
        );
        // Writing to a string cannot fail.
        if let Some(bearer) = self.bearer {
            let _ = write!(text, "authorization: Bearer {bearer}\r\n");
        }
        if let Some(kind) = self.content_type {
            let length = self.body.len();
            let _ = write!(text, "content-type: {kind}\r\ncontent-length: {length}\r\n");
        }
        text.push_str("\r\n");
        text.push_str(self.body);
        text.into_bytes()
    }
}
