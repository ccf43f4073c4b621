//! `claviger serve`, and TLS.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http::{Answer, Client, read_answer, request};
use crate::program::{Home, program};

/// A certificate for localhost and its key, made for these tests and good for a hundred years.
const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/files/certificate.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/files/key.pem");

/// `claviger serve` on a free port. Dropped, it is killed.
struct Served {
    child: Child,
    log: BufReader<ChildStderr>,
    /// What it said before it was ready.
    said: String,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts a server and waits for the line of its log that names the address.
    fn start(home: &Home, config: &str) -> Self {
        let file = home.write("claviger.toml", &format!("[log]\nformat = \"json\"\n{config}"));
        let mut command = program(["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--data").arg(home.data()).arg("--config").arg(file);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut served = Self { child, log, said: String::new(), address: String::new() };
        while served.address.is_empty() {
            served.read_line();
        }
        served
    }

    fn read_line(&mut self) {
        let mut line = String::new();
        assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "no server: {}", self.said);
        let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        event["fields"]["address"].as_str().unwrap_or_default().clone_into(&mut self.address);
        self.said.push_str(&line);
    }

    fn client(&self) -> Client {
        Client::new(&format!("http://{}/api/v1", self.address), "")
    }
}

#[test]
fn a_server_without_anybody_serves_and_tells_how_to_begin() {
    let home = Home::new();
    let served = Served::start(&home, "");
    assert_eq!(served.client().call("GET", "/health").ok(), "OK");
    assert!(served.said.contains("claviger admin create-administrator"), "{}", served.said);
}

#[test]
fn a_password_in_the_configuration_makes_the_administrator() {
    let home = Home::new();
    let served = Served::start(&home, "[bootstrap]\nadmin_password = \"correct horse battery\"");
    let client = served.client();
    let form = |password: &str| format!("username=admin&password={password}");
    assert_eq!(client.post_form("/auth/login", &form("correct+horse+battery")).status, 200);
    assert_eq!(client.post_form("/auth/login", &form("wrong")).status, 401);
}

#[test]
fn with_a_certificate_the_server_speaks_tls_and_nothing_else() {
    let home = Home::new();
    let served = Served::start(&home, &format!("[tls]\ncertificate = \"{CERTIFICATE}\"\nkey = \"{KEY}\""));
    assert_eq!(over_tls(&served.address, "/api/v1/health").ok(), "OK");
    let info = over_tls(&served.address, "/api/v1/server/info").ok();
    assert_eq!(info["url"], format!("https://{}", served.address));
    assert!(served.client().send("GET", "/health").is_err());
}

fn over_tls(address: &str, path: &str) -> Answer {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(CERTIFICATE).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    stream.write_all(request("localhost", "GET", path, "").as_bytes()).unwrap();
    read_answer(&mut stream).unwrap()
}

#[test]
fn files_that_are_no_certificate_or_key_are_told() {
    let home = Home::new();
    let nothing = home.write("nothing.pem", "");
    let refused = |certificate: &Path, key: &Path| {
        let (certificate, key) = (certificate.display(), key.display());
        let file =
            home.write("tls.toml", &format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\""));
        home.on_data(&["serve", "--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()]).ended(1).1
    };
    let talk = refused(&nothing, Path::new(KEY));
    assert!(talk.contains("tls.certificate") && talk.contains("nothing.pem"), "{talk}");
    let talk = refused(Path::new(CERTIFICATE), &nothing);
    assert!(talk.contains("tls.key") && talk.contains("nothing.pem"), "{talk}");
    let talk = refused(Path::new("/nowhere.pem"), Path::new(KEY));
    assert!(talk.contains("tls.certificate") && talk.contains("/nowhere.pem"), "{talk}");
}
