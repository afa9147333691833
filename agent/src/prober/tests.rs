use std::{process::Command, sync::Arc};

use pointsman_core::rollout::Unproven;
use pointsman_engine::ports::{Expects, Probe, Speaks};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::{HttpProber, KEY, is_good};

#[test]
fn codes_are_read_as_a_target_group_reads_them() {
    for (codes, status, expected) in [
        ("200", 200, true),
        ("200", 204, false),
        ("200-299", 204, true),
        ("200, 302", 302, true),
        ("200,302", 301, false),
        ("", 200, false),
    ] {
        assert_eq!(is_good(codes, status), expected, "{codes} {status}");
    }
}

fn probe(port: u16, speaks: Speaks, expects: Expects) -> Probe {
    Probe {
        name: "127.0.0.1".to_owned(),
        port,
        speaks,
        host: "shop.example.com".to_owned(),
        path: "/test".to_owned(),
        header: ("X-Pointsman-Side".to_owned(), "mark".to_owned()),
        expects,
    }
}

fn answer(codes: &str, contains: Option<&str>) -> Expects {
    Expects::Answer { codes: codes.to_owned(), contains: contains.map(str::to_owned) }
}

/// Answers every connection's first request with these words; the head of each request is sent on.
async fn server(
    tls: Option<TlsAcceptor>,
    says: String,
) -> (u16, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heads, received) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 4096];
            let head = |read: usize, buffer: &[u8]| String::from_utf8_lossy(&buffer[..read]).into_owned();
            match &tls {
                None => {
                    let mut stream = stream;
                    let read = stream.read(&mut buffer).await.unwrap_or_default();
                    let _ = heads.send(head(read, &buffer));
                    let _ = stream.write_all(says.as_bytes()).await;
                }
                Some(tls) => {
                    // Whoever does not trust the certificate goes away.
                    let Ok(mut stream) = tls.accept(stream).await else { continue };
                    let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
                    let read = stream.read(&mut buffer).await.unwrap_or_default();
                    let _ = heads.send(format!("SNI {name}\n{}", head(read, &buffer)));
                    let _ = stream.write_all(says.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        }
    });
    (port, received)
}

#[tokio::test]
async fn answers_are_judged() {
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready".to_owned();
    let (port, _heads) = server(None, good).await;
    let prober = HttpProber::default();
    for (expects, wanted) in [
        (answer("200", None), Ok(())),
        (answer("200-299", Some("read")), Ok(())),
        (
            answer("200", Some("done")),
            Err(Unproven::Lacks {
                what: "GET /test".to_owned(),
                host: "shop.example.com".to_owned(),
                text: "done".to_owned(),
            }),
        ),
        (
            answer("204", None),
            Err(Unproven::Answered {
                what: "GET /test".to_owned(),
                host: "shop.example.com".to_owned(),
                status: 200,
                wanted: "204".to_owned(),
            }),
        ),
        (
            Expects::WebSocket,
            Err(Unproven::Answered {
                what: "WebSocket /test".to_owned(),
                host: "shop.example.com".to_owned(),
                status: 200,
                wanted: "101".to_owned(),
            }),
        ),
    ] {
        let asked = prober.once(&probe(port, Speaks::Plain, expects.clone())).await;
        assert_eq!(asked, wanted, "{expects:?}");
    }
}

#[tokio::test]
async fn a_websocket_opens_with_the_key_of_its_request() {
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    for (accept, is_open) in [(KEY.1, true), ("another", false)] {
        let (port, mut heads) =
            server(None, format!("{upgrade}Sec-WebSocket-Accept: {accept}\r\n\r\n")).await;
        let asked = HttpProber::default().once(&probe(port, Speaks::Plain, Expects::WebSocket)).await;
        assert_eq!(asked.is_ok(), is_open, "{asked:?}");
        let head = heads.recv().await.unwrap().to_lowercase();
        assert!(head.contains("upgrade: websocket") && head.contains("x-pointsman-side: mark"), "{head}");
    }
}

/// A certificate for the host that nobody here trusts.
fn certificate() -> TlsAcceptor {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=shop.example.com", "-addext", "subjectAltName=DNS:shop.example.com"])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder.path())
        .output()
        .expect("openssl is there (Debian: apt-get install openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificates = CertificateDer::pem_file_iter(folder.path().join("certificate.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates.map(Result::unwrap).collect(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn tls_names_the_host_and_believes_only_who_is_trusted() {
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned();
    let (port, mut heads) = server(Some(certificate()), good).await;
    // A proxy for HTTP is none for TLS.
    let prober = HttpProber { proxy: Some("127.0.0.1:1".to_owned()) };
    let asked = prober.once(&probe(port, Speaks::Tls, answer("200", None))).await;
    assert!(
        matches!(&asked, Err(Unproven::Untrusted { host, .. }) if host == "shop.example.com"),
        "{asked:?}"
    );
    assert_eq!(prober.once(&probe(port, Speaks::AnyTls, answer("200", None))).await, Ok(()));
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("SNI shop.example.com\nGET /test "), "{head}");
    assert!(head.to_lowercase().contains("host: shop.example.com"), "{head}");
}
