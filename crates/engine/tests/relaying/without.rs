//! What an engine does that has no relay, and one that serves only this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, UdpSocket};

use tertulia_engine::{EngineConfig, StreamKind};
use tertulia_relay::stun::{Message, message_type, xor_mapped_address};

use crate::common::{counter_reaches, engine, exchange, start, until};
use crate::streams::certified;
use crate::turn::{Framed, Turn, Wire, adopted, relay_config};

const BINDING: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";
const ALLOCATE: &[u8] = b"\x00\x03\x00\x00\x21\x12\xa4\x42transaction!";
const CHANNEL_DATA: &[u8] = b"\x40\x00\x00\x04data";

#[test]
fn without_a_relay_stun_is_answered_and_turn_is_dropped_and_counted() {
    let engine = engine(1);
    let client = crate::common::client_socket();
    let response = exchange(&client, engine.addresses()[0], BINDING);
    let message = Message::parse(&response).expect("well-framed");
    assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
    assert_eq!(xor_mapped_address(&message), Some(client.local_addr().unwrap()));

    for (count, turn) in [ALLOCATE, CHANNEL_DATA].into_iter().enumerate() {
        client.send_to(turn, engine.addresses()[0]).unwrap();
        counter_reaches(&engine, "dropped_turn", count as u64 + 1);
    }
    let mut stream = adopted(&engine, StreamKind::Turn);
    stream.write_all(&[ALLOCATE, CHANNEL_DATA].concat()).unwrap();
    counter_reaches(&engine, "dropped_turn", 4);
}

#[test]
fn without_a_relay_stun_is_answered_over_tcp_and_tls_as_well() {
    let engine = engine(1);
    let tcp = adopted(&engine, StreamKind::Turn);
    let local = tcp.local_addr().unwrap();
    is_told_its_address(&mut Framed::new(tcp), local);
    let tls = certified(&engine)();
    let local = tls.sock.local_addr().unwrap();
    is_told_its_address(&mut Framed::new(tls), local);
    counter_reaches(&engine, "stun_answered", 4);
    assert_eq!(engine.counters()["dropped_turn"], 0);
}

#[test]
fn a_stranger_by_ice_over_tcp_is_told_his_own_address_and_not_that_by_which_ice_knows_his_stream() {
    let engine = engine(1);
    let mut stream = adopted(&engine, StreamKind::Ice);
    let local = stream.local_addr().unwrap();
    stream
        .write_all(&[&(BINDING.len() as u16).to_be_bytes(), BINDING].concat())
        .unwrap();
    let (mut answer, mut len) = (vec![0; 256], 0);
    until("answer", || {
        len += stream.read(&mut answer[len..]).unwrap_or(0);
        (len >= 2 && len >= 2 + usize::from(u16::from_be_bytes([answer[0], answer[1]]))).then_some(())
    });
    let message = Message::parse(&answer[2..len]).expect("well-framed");
    assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
    assert_eq!(xor_mapped_address(&message), Some(local));
}

fn is_told_its_address<S: Read + Write>(wire: &mut Framed<S>, local: SocketAddr) {
    for _ in 0..2 {
        wire.send(BINDING);
        let answer = until("answer", || wire.receive());
        let message = Message::parse(&answer).expect("well-framed");
        assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
        assert_eq!(xor_mapped_address(&message), Some(local));
    }
}

#[test]
fn answers_and_indications_that_nobody_waits_for_are_dropped_and_counted() {
    let engine = crate::turn::relay_engine(1);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    // Binding indication, Binding success, Allocate success.
    for (count, kind) in [0x0011u16, 0x0101, 0x0103].into_iter().enumerate() {
        let mut message = BINDING.to_vec();
        message[..2].copy_from_slice(&kind.to_be_bytes());
        client.send_to(&message, engine.addresses()[0]).unwrap();
        counter_reaches(&engine, "dropped_stun", count as u64 + 1);
    }
}

#[test]
fn a_server_for_this_machine_relays_on_this_machine() {
    let engine = start(EngineConfig {
        local_only: true,
        relay: Some(relay_config()),
        ..EngineConfig::default()
    });
    let (mut ana, mut bob) = (Turn::udp(&engine, "ana"), Turn::tcp(&engine, "bob"));
    let (at_ana, at_bob) = (ana.allocate(None).unwrap(), bob.allocate(None).unwrap());
    ana.bind(0x4000, at_bob).unwrap();
    bob.permit(at_ana.ip()).unwrap();
    ana.send(at_bob, b"here");
    assert_eq!(bob.expect(), (at_ana, b"here".to_vec()));
}
