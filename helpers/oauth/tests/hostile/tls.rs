//! Connections without TLS, and certificates.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;

use super::refresh;
use crate::support::server::{Server, read};
use crate::support::{complaint, finish, helper, text};

#[test]
fn a_connection_without_tls_or_with_a_stranger_s_certificate_is_refused() {
    let plain = Server::raw(|_, stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap());
    let said = complaint(&refresh(&plain.url.replace("http:", "https:")));
    let host = plain.host();
    assert_eq!(said, format!("error: no secure connection to `{host}`: it does not speak valid TLS\n"));

    let (host, _) = with_tls();
    let said = complaint(&refresh(&format!("https://{host}/token")));
    assert_eq!(said, format!("error: no secure connection to `{host}`: its certificate is not trusted\n"));
}

#[test]
fn a_certificate_that_the_person_trusts_is_accepted_for_its_own_name_only() {
    let (host, certificate) = with_tls();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, certificate).unwrap();
    let trusting = |host: &str| {
        let mut command = helper(&[]);
        command.env("SSL_CERT_FILE", &file);
        finish(command, &refresh(&format!("https://{host}/token")))
    };
    let output = trusting(&host);
    assert_eq!(text(&output.stderr), "");
    assert!(text(&output.stdout).starts_with("password=sentinel-a\n"));
    let host = host.replace("127.0.0.1", "localhost");
    let said = text(&trusting(&host).stderr);
    assert_eq!(said, format!("error: no secure connection to `{host}`: its certificate is not trusted\n"));
}

/// A server with a certificate for 127.0.0.1 that it made itself.
fn with_tls() -> (String, String) {
    let made = rcgen::generate_simple_self_signed([String::from("127.0.0.1")]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            if read(&mut BufReader::new(&mut stream)).path == "/token" {
                let body = r#"{"access_token":"sentinel-a","token_type":"bearer"}"#;
                let length = body.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (host, made.cert.pem())
}
