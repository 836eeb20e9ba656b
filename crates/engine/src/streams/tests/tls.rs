use super::support::*;
use crate::streams::{Protocol, StreamKind, server_config};

fn versions() -> [&'static rustls::SupportedProtocolVersion; 2] {
    [&rustls::version::TLS12, &rustls::version::TLS13]
}

#[test]
fn turn_and_ice_come_out_of_both_versions_of_tls() {
    for version in versions() {
        for (protocol, wire) in [(Protocol::Turn, stun(8)), (Protocol::Ice, framed(&stun(8)))] {
            let (mut rig, authority) = Rig::with_certificate();
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            let mut client = rig.connect_tls(authority.client_with(provider, &[version]));
            client.until_secure(&mut rig);
            for byte in &wire {
                client.write(&[*byte]);
                client.step();
                rig.turn();
            }
            rig.until("message", |rig| rig.messages.len() == 1);
            let (stream, found, bytes) = rig.messages.remove(0);
            assert_eq!((found, bytes), (protocol, stun(8)));

            assert!(rig.streams.send(stream, &stun(4)));
            let answer = if protocol == Protocol::Turn {
                stun(4)
            } else {
                framed(&stun(4))
            };
            client.until_received(&mut rig, answer.len());
            assert_eq!(client.received, answer);

            client.session.send_close_notify();
            client.step();
            rig.until_closed(1);
            assert_eq!(rig.events.len(), 1);
            assert_eq!(rig.streams.counters().stream_tls_handshakes, 1);
        }
    }
}

#[test]
fn alpn_is_chosen_for_stun_only_and_others_are_served_without() {
    let served: [(&[&[u8]], _); 5] = [
        (&[], None),
        (&[b"stun.turn"], Some(&b"stun.turn"[..])),
        (&[b"webrtc", b"stun.nat-discovery"], Some(&b"stun.nat-discovery"[..])),
        (&[b"http/1.1"], None),
        (&[b"something else"], None),
    ];
    for (alpn, chosen) in served {
        let (mut rig, authority) = Rig::with_certificate();
        let mut client = rig.connect_tls(authority.client_with_alpn(alpn));
        client.until_secure(&mut rig);
        assert_eq!(client.session.alpn_protocol(), chosen);
        client.write(&stun(0));
        client.step();
        rig.until_message(&stun(0));
    }
}

#[test]
fn many_messages_of_one_flush_arrive_in_order() {
    let (mut rig, authority) = Rig::with_certificate();
    let mut client = rig.connect_tls(authority.client());
    client.write(&stun(0));
    rig.until("message", |rig| {
        client.step();
        rig.messages.len() == 1
    });
    let stream = rig.messages[0].0;
    rig.streams.keep(stream);
    let messages: Vec<_> = (0..=150u8).map(|n| channel_data(&[n; 1004])).collect();
    assert!(messages.iter().all(|message| rig.streams.send(stream, message)));
    client.until_received(&mut rig, 151 * 1008);
    assert_eq!(client.received, messages.concat());
}

#[test]
fn without_a_certificate_tls_is_refused() {
    let mut rig = Rig::new();
    rig.connect(StreamKind::Tls);
    assert_eq!(
        (rig.streams.counters().dropped_stream_no_certificate, rig.open()),
        (1, 0)
    );
}

#[test]
fn a_new_certificate_is_for_new_handshakes() {
    let (mut rig, old) = Rig::with_certificate();
    let mut first = rig.connect_tls(old.client());
    let new = Authority::new();
    rig.streams
        .set_tls(server_config(&new.chain_pem, &new.key_pem).unwrap());
    first.until_secure(&mut rig);
    rig.connect_tls(new.client()).until_secure(&mut rig);
    let mut late = rig.connect_tls(old.client());
    rig.until("refused by the client", |_| !late.step());
    assert!(late.session.is_handshaking());
}
