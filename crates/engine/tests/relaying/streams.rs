//! Streams that the engine adopts: their allocations end with them, and TLS shows what is inside.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tertulia_engine::{CertificateError, Engine, Event, StreamKind};

use crate::common::{counter_reaches, events_until, until};
use crate::turn::{Framed, Turn, adopted, relay_engine};

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Gives the engine a certificate; connections made by what comes back trust it.
pub fn certified(engine: &Engine) -> impl Fn() -> Tls {
    let issued = rcgen::generate_simple_self_signed(["tertulia.example".to_owned()]).expect("a certificate");
    engine
        .set_certificate(
            issued.cert.pem().as_bytes(),
            issued.signing_key.serialize_pem().as_bytes(),
        )
        .expect("taken");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(issued.cert.der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let stream = adopted_by(engine);
    move || {
        let name = ServerName::try_from("tertulia.example").unwrap();
        let mut tls = StreamOwned::new(ClientConnection::new(config.clone(), name).unwrap(), stream());
        until("handshake", || {
            match tls.conn.complete_io(&mut tls.sock) {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
            }
            (!tls.conn.is_handshaking()).then_some(())
        });
        tls
    }
}

fn adopted_by(engine: &Engine) -> impl Fn() -> TcpStream {
    move || adopted(engine, StreamKind::Tls)
}

#[test]
fn an_allocation_ends_with_its_stream() {
    let engine = relay_engine(1);
    let mut ana = Turn::tcp(&engine, "ana");
    ana.allocate(None).unwrap();
    counter_reaches(&engine, "relay_allocations", 1);
    assert_eq!(engine.counters()["streams"], 1);
    drop(ana);
    until("end of the allocation", || {
        let counters = engine.counters();
        (counters["relay_allocations"] == 0 && counters["streams"] == 0).then_some(())
    });
}

#[test]
fn clients_meet_over_tls() {
    let engine = relay_engine(1);
    let connect = certified(&engine);
    let (mut ana, mut bob) = (Turn::by(Framed::new(connect()), "ana"), Turn::udp(&engine, "bob"));
    let (at_ana, at_bob) = (ana.allocate(None).unwrap(), bob.allocate(None).unwrap());
    ana.bind(0x4000, at_bob).unwrap();
    bob.bind(0x4000, at_ana).unwrap();
    for i in 0..50u8 {
        ana.send(at_bob, &[i; 1001]);
        assert_eq!(bob.expect(), (at_ana, vec![i; 1001]));
        bob.send(at_ana, &[i; 999]);
        assert_eq!(ana.expect(), (at_bob, vec![i; 999]));
    }
}

#[test]
fn http_inside_of_tls_is_handed_out_in_the_clear() {
    let engine = relay_engine(1);
    let mut tls = certified(&engine)();
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut events = events_until(&engine, "HTTP", |event| matches!(event, Event::Http { .. }));
    let Some(Event::Http { socket, remote, local }) = events.pop() else {
        panic!("{events:?}")
    };
    assert_eq!(remote, tls.sock.local_addr().unwrap());
    assert_eq!(local, tls.sock.peer_addr().unwrap());
    let mut inside = UnixStream::from(socket);
    let mut request = [0; 64];
    let len = until("request", || inside.read(&mut request).ok());
    assert_eq!(&request[..len], b"GET / HTTP/1.1\r\n\r\n");
    inside.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let mut answer = [0; 64];
    let len = until("answer", || tls.read(&mut answer).ok());
    assert_eq!(&answer[..len], b"HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn a_certificate_that_is_none_is_refused_and_the_old_one_stays() {
    let engine = relay_engine(1);
    let connect = certified(&engine);
    let refused = engine.set_certificate(b"no PEM", b"no PEM");
    assert_eq!(refused, Err(CertificateError::NoCertificate));
    connect();
}
