//! The least HTTP client that tells an answer from half of one.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A server that hangs must fail the test, not stop it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A caller of an API with one bearer.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    address: String,
    api: String,
    /// The part of the API that is meant, after its base.
    part: String,
    bearer: String,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, if the status is 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.body
    }
}

impl Client {
    pub(crate) fn new(api_url: &str, bearer: &str) -> Self {
        let (address, base) = api_url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self {
            address: address.to_owned(),
            api: format!("/{base}"),
            part: String::new(),
            bearer: bearer.to_owned(),
        }
    }

    /// The same server with another bearer.
    pub(crate) fn with(&self, bearer: &str) -> Self {
        Self { bearer: bearer.to_owned(), ..self.clone() }
    }

    /// The same caller at a part of the API: paths go on from there.
    pub(crate) fn under(&self, part: &str) -> Self {
        Self { part: part.to_owned(), ..self.clone() }
    }

    /// The same caller at the whole API.
    pub(crate) fn at_base(&self) -> Self {
        self.under("")
    }

    /// Sends a request and reads the answer. An error tells nothing about what the server did.
    pub(crate) fn send(&self, method: &str, path: &str) -> io::Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let path = format!("{}{}{path}", self.api, self.part);
        stream.write_all(request(&self.address, method, &path, &self.bearer).as_bytes())?;
        read_answer(&mut stream)
    }

    /// Sends a form, without a bearer.
    #[track_caller]
    pub(crate) fn post_form(&self, path: &str, form: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (address, base, length) = (&self.address, &self.api, form.len());
        let head = format!("POST {base}{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close");
        let kind = "content-type: application/x-www-form-urlencoded";
        write!(stream, "{head}\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{form}").unwrap();
        read_answer(&mut stream).unwrap()
    }

    /// As [`Self::send`], of a server that is expected to live.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str) -> Answer {
        self.send(method, path).unwrap()
    }

    /// Whether a bearer is one of somebody.
    #[track_caller]
    pub(crate) fn accepts(&self, bearer: &str) -> bool {
        match self.with(bearer).call("GET", "/users/me").status {
            200 => true,
            401 => false,
            other => panic!("unexpected status {other}"),
        }
    }
}

/// The text of a request on a connection of its own.
pub(crate) fn request(host: &str, method: &str, path: &str, bearer: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {bearer}\r\nuser-agent: test\r\n\
         content-length: 0\r\nconnection: close\r\n\r\n"
    )
}

/// Reads an answer to its end. One that was cut off is an error.
pub(crate) fn read_answer(stream: &mut impl Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(io::Error::other)?;
    parse(&text).ok_or_else(|| io::Error::other(format!("cut off: {text:?}")))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let is_whole = length.parse() == Ok(body.len());
    is_whole.then(|| Answer { status, body: serde_json::from_str(body).unwrap() })
}
