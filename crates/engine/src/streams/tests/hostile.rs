use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::ConnectionTrafficSecrets;
use rustls::crypto::aws_lc_rs as provider;
use socket2::SockRef;

use super::support::*;
use crate::streams::stream::QUEUE;
use crate::streams::{HANDSHAKES_PER_TURN, Protocol, StreamKind};

/// The same bytes in every run, with no pattern that a parser could like.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[test]
fn random_bytes_end_a_stream_of_any_kind() {
    for kind in [StreamKind::Turn, StreamKind::Ice, StreamKind::Tls] {
        for seed in 1..20 {
            let (mut rig, _authority) = Rig::with_certificate();
            let mut client = rig.connect(kind);
            // The stream may be gone before all of it is written.
            let _ = client.write_all(&noise(seed, 70_000));
            rig.until_closed(1);
            let counters = rig.streams.counters();
            assert_eq!(
                counters.dropped_stream_tls + counters.dropped_stream_unframed,
                1,
                "{kind:?}, {seed}"
            );
        }
    }
}

#[test]
fn random_bytes_inside_of_tls_end_the_stream() {
    for seed in 1..10 {
        let (mut rig, authority) = Rig::with_certificate();
        let mut client = rig.connect_tls(authority.client());
        let mut bytes = noise(seed, 20_000);
        bytes[0] = 0x80;
        client.write(&bytes);
        rig.until("closed", |rig| {
            client.step();
            rig.open() == 0
        });
        assert_eq!(rig.streams.counters().dropped_stream_unknown, 1);
    }
}

#[test]
fn a_message_that_is_too_large_ends_the_stream_at_its_length() {
    for (kind, bytes) in [
        (StreamKind::Turn, &[0x40, 0x00, 0x10, 0x00][..]),
        (StreamKind::Ice, &[0x08, 0x01][..]),
    ] {
        let mut rig = Rig::new();
        let mut client = rig.connect(kind);
        client.write_all(bytes).unwrap();
        rig.until_closed(1);
        assert_eq!(rig.streams.counters().dropped_stream_unframed, 1);
    }
}

#[test]
fn a_reset_in_the_middle_of_a_message_is_counted() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Turn);
    client.write_all(&[&stun(0)[..], &stun(40)[..30]].concat()).unwrap();
    rig.until_message(&stun(0));
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    rig.until_closed(1);
    assert_eq!(rig.streams.counters().dropped_stream_cut, 1);
    assert_eq!(rig.events.len(), 1, "whoever took the first message hears of it");
}

/// Sends more than the stream takes; gives how many were taken.
fn overfill(rig: &mut Rig, stream: u32, message: &[u8]) -> usize {
    let mut taken = 0;
    for _ in 0..20_000 {
        taken += usize::from(rig.streams.send(stream, message));
        rig.streams.flush();
        let waiting = rig.streams.table[&stream].link.out.len();
        assert!(waiting <= QUEUE, "{waiting} bytes wait");
    }
    let dropped = rig.streams.counters().dropped_stream_full;
    assert!(dropped > 0 && dropped as usize + taken == 20_000);
    taken
}

#[test]
fn a_peer_that_never_reads_costs_bounded_memory_and_then_gets_whole_messages() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Ice);
    client.write_all(&framed(&stun(0))).unwrap();
    let stream = rig.until_message(&stun(0));
    rig.streams.keep(stream);
    let message = noise(7, 1200);
    let taken = overfill(&mut rig, stream, &message);

    client.set_nonblocking(true).unwrap();
    let mut received = Vec::new();
    rig.until("all that was taken", |_| {
        let mut chunk = vec![0; 1 << 16];
        while let Ok(len @ 1..) = client.read(&mut chunk) {
            received.extend_from_slice(&chunk[..len]);
        }
        received.len() >= taken * 1202
    });
    assert_eq!(received, framed(&message).repeat(taken));
    assert!(rig.streams.send(stream, &message), "there is room again");
}

#[test]
fn a_peer_that_never_reads_costs_bounded_memory_behind_tls_as_well() {
    let (mut rig, authority) = Rig::with_certificate();
    let mut client = rig.connect_tls(authority.client());
    client.write(&stun(0));
    rig.until("first message", |rig| {
        client.step();
        !rig.messages.is_empty()
    });
    let stream = rig.messages[0].0;
    rig.streams.keep(stream);
    let message = channel_data(&noise(8, 1196));
    let taken = overfill(&mut rig, stream, &message);
    client.until_received(&mut rig, taken * 1200);
    assert_eq!(client.received, message.repeat(taken));
}

#[test]
fn who_has_proved_nothing_gets_little_room() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Turn);
    client.write_all(&stun(0)).unwrap();
    let stream = rig.until_message(&stun(0));
    let before_flush = (0..1000).filter(|_| rig.streams.send(stream, &stun(80))).count();
    assert_eq!(before_flush, (16 << 10) / 100);
    rig.streams.keep(stream);
    assert!(rig.streams.send(stream, &stun(80)));
}

#[test]
fn tls_in_tls_is_refused() {
    let (mut rig, authority) = Rig::with_certificate();
    let mut hello = Vec::new();
    rig.connect_tls(authority.client())
        .session
        .write_tls(&mut hello)
        .unwrap();
    let mut client = rig.connect_tls(authority.client());
    client.write(&hello);
    rig.until("refused", |rig| {
        client.step();
        rig.streams.counters().dropped_stream_unknown == 1
    });
}

#[test]
fn handshakes_are_few_in_one_turn() {
    let (mut rig, authority) = Rig::with_certificate();
    let mut clients: Vec<_> = (0..30).map(|_| rig.connect_tls(authority.client())).collect();
    clients.iter_mut().for_each(|client| _ = client.step());
    let mut before = 0;
    let mut turns = 0;
    rig.until("all answered", |rig| {
        let answered = clients
            .iter_mut()
            .filter_map(|client| client.socket.peek(&mut [0]).ok())
            .count();
        assert!(answered <= before + HANDSHAKES_PER_TURN);
        turns += usize::from(answered > before);
        before = answered;
        answered == 30 && rig.open() == 30
    });
    assert!(turns >= 30 / HANDSHAKES_PER_TURN);
}

#[test]
fn a_client_that_renegotiates_over_and_over_is_put_out() {
    let (mut rig, authority) = Rig::with_certificate();
    let only_aes_128 = rustls::crypto::CryptoProvider {
        cipher_suites: vec![provider::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
        ..provider::default_provider()
    };
    let mut config = authority.client_with(only_aes_128, &[&rustls::version::TLS12]);
    config.enable_secret_extraction = true;
    let mut hello = Vec::new();
    rig.connect_tls(config.clone()).session.write_tls(&mut hello).unwrap();
    let mut client = rig.connect_tls(config);
    client.write(&stun(0));
    rig.until("first message", |rig| {
        client.step();
        rig.messages.len() == 1
    });
    rig.until("the hello's own client gone", |rig| rig.open() == 1);

    let secrets = client.session.dangerous_extract_secrets().unwrap();
    let (sequence, ConnectionTrafficSecrets::Aes128Gcm { key, iv }) = secrets.tx else {
        panic!("the only suite was AES-128-GCM")
    };
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref()).unwrap());
    client.socket.set_nonblocking(false).unwrap();
    for sequence in sequence..sequence + 4 {
        // Refused by an alert, and then by the end of the connection.
        let _ = client
            .socket
            .write_all(&sealed_handshake(&key, iv.as_ref(), sequence, &hello[5..]));
        rig.turn();
    }
    rig.until_closed(2);
    assert_eq!(rig.streams.counters().dropped_stream_tls, 1);
}

/// A handshake record of TLS 1.2 with AES-GCM (RFC 5288, section 3).
fn sealed_handshake(key: &LessSafeKey, iv: &[u8], sequence: u64, message: &[u8]) -> Vec<u8> {
    let mut nonce: [u8; 12] = iv.try_into().unwrap();
    for (byte, count) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
        *byte ^= count;
    }
    let head = [22, 3, 3];
    let len = (message.len() as u16).to_be_bytes();
    let covered = [&sequence.to_be_bytes()[..], &head, &len].concat();
    let mut sealed = message.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(covered), &mut sealed)
        .unwrap();
    let len = (sealed.len() as u16 + 8).to_be_bytes();
    [&head[..], &len, &nonce[4..], &sealed].concat()
}

#[test]
fn a_socket_that_is_none_of_tcp_is_refused() {
    let mut rig = Rig::new();
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    rig.streams.adopt(socket.into(), StreamKind::Turn, rig.now);
    assert_eq!((rig.streams.counters().dropped_stream_socket, rig.open()), (1, 0));
}

#[test]
fn one_stream_that_floods_leaves_others_their_turn() {
    let mut rig = Rig::new();
    let mut flood: TcpStream = rig.connect(StreamKind::Ice);
    flood.set_nonblocking(true).unwrap();
    let mut quiet = rig.connect(StreamKind::Ice);
    let burst = framed(&[0; 1000]).repeat(500);
    while flood.write(&burst).is_ok() {}
    quiet.write_all(&framed(b"quiet")).unwrap();
    rig.turn();
    assert!(rig.messages.contains(&(1, Protocol::Ice, b"quiet".to_vec())));
    assert!(rig.messages.len() < 100, "{} messages in one turn", rig.messages.len());
}
