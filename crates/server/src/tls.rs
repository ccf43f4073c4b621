//! TLS with a certificate and a key from files.

use std::path::Path;
use std::sync::Arc;

use model::{Error, Result};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Reads a certificate chain and its key, both PEM, into an acceptor of TLS 1.2 and 1.3.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable("tls.certificate", certificate, &error))?;
    if chain.is_empty() {
        return Err(Error::invalid(
            "tls.certificate",
            format!("{} holds no certificate", certificate.display()),
        ));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("tls.key", key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| Error::invalid("tls.key", format!("does not fit the certificate: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn unreadable(field: &str, path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::invalid(field, format!("cannot read {}: {error}", path.display()))
}
