//! WebRTC clients (str0m) that reach the server through an allocation, or by a stream.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use tertulia_engine::{Engine, StreamKind};
use tertulia_relay::stun::{Message, message_type, xor_mapped_address};

use crate::common::client::{Client, Road};
use crate::common::counter_reaches;
use crate::common::talk::{connect, is_heard, publish};
use crate::turn::{Relayed, Turn, adopted, relay_engine};

/// ICE over TCP (RFC 6544): each datagram with its length before it (RFC 4571).
struct IceStream {
    stream: TcpStream,
    server: SocketAddr,
    held: Vec<u8>,
}

impl IceStream {
    fn to(engine: &Engine) -> IceStream {
        IceStream {
            stream: adopted(engine, StreamKind::Ice),
            server: engine.addresses()[0],
            held: vec![],
        }
    }
}

impl Road for IceStream {
    fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    fn send(&mut self, datagram: &[u8], _: SocketAddr) {
        let framed = [&(datagram.len() as u16).to_be_bytes(), datagram].concat();
        self.stream.write_all(&framed).expect("written");
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let mut read = [0; 1 << 16];
        match self.stream.read(&mut read) {
            Ok(len) => self.held.extend_from_slice(&read[..len]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        let len = usize::from(u16::from_be_bytes(*self.held.first_chunk()?));
        if self.held.len() < 2 + len {
            return None;
        }
        buffer[..len].copy_from_slice(&self.held[2..2 + len]);
        self.held.drain(..2 + len);
        Some((len, self.server))
    }
}

/// Everybody talks with everybody of their room, and no datagram is lost; one room a worker.
fn media_flows(engine: &Engine, workers: u64, join: impl Fn(u64, u64) -> Client) {
    let mut rooms: Vec<(Client, Client)> = (0..workers)
        .map(|room| (join(2 * room, room), join(2 * room + 1, room)))
        .collect();
    let mut everybody: Vec<&mut Client> = rooms.iter_mut().flat_map(|(a, b)| [a, b]).collect();
    connect(engine, &mut everybody);
    for (room, (a, b)) in rooms.iter_mut().enumerate() {
        let room = room as u64;
        publish(engine, (2 * room, a), (2 * room + 1, b));
        is_heard((2 * room, a), b, 100, 50);
    }
    counter_reaches(engine, "rtp_out", 50 * workers);
    let counters = engine.counters();
    for loss in [
        "dropped_worker_behind",
        "dropped_front_behind",
        "dropped_send_full",
        "dropped_send_error",
        "relay_dropped_media_full",
    ] {
        assert_eq!(counters[loss], 0, "{loss}");
    }
}

#[test]
fn media_flows_through_allocations_on_every_worker() {
    for workers in [1, 3] {
        let engine = relay_engine(workers as usize);
        let media = engine.addresses()[0];
        media_flows(&engine, workers, |connection, room| {
            let turn = Turn::udp(&engine, &connection.to_string());
            Client::join_by(Relayed::to(media, turn), &engine, connection, room)
        });
        let counters = engine.counters();
        assert!(counters["relay_media_in"] >= 50 * workers && counters["relay_media_out"] >= 50 * workers);
        assert_eq!(counters["relay_ports_in"] + counters["relay_ports_out"], 0);
    }
}

#[test]
fn media_flows_through_allocations_over_tcp_on_every_worker() {
    for workers in [1, 3] {
        let engine = relay_engine(workers as usize);
        let media = engine.addresses()[0];
        media_flows(&engine, workers, |connection, room| {
            let turn = Turn::tcp(&engine, &connection.to_string());
            Client::join_by(Relayed::to(media, turn), &engine, connection, room)
        });
        assert_eq!(engine.counters()["dropped_stream_full"], 0);
    }
}

#[test]
fn media_flows_by_ice_over_tcp_on_every_worker() {
    for workers in [1, 3] {
        let engine = crate::common::engine(workers as usize);
        media_flows(&engine, workers, |connection, room| {
            Client::join_by(IceStream::to(&engine), &engine, connection, room)
        });
        assert_eq!(engine.counters()["datagrams_in"], 0, "no UDP at all");
    }
}

/// A relayed stranger is told its relayed address, and reaches no second relay behind the first.
#[test]
fn through_an_allocation_there_is_a_binding_answer_and_no_turn() {
    let engine = relay_engine(1);
    let media = engine.addresses()[0];
    let mut ana = Turn::udp(&engine, "ana");
    let relayed = ana.allocate(None).unwrap();
    ana.bind(0x4000, media).unwrap();
    ana.send(media, b"\x00\x01\x00\x00\x21\x12\xa4\x42transaction!");
    let (from, answer) = ana.expect();
    assert_eq!(from, media);
    let message = Message::parse(&answer).expect("well-framed");
    assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
    assert_eq!(xor_mapped_address(&message), Some(relayed));

    ana.send(media, b"\x00\x03\x00\x00\x21\x12\xa4\x42transaction!");
    ana.send(media, b"\x40\x00\x00\x04data");
    counter_reaches(&engine, "dropped_turn", 2);
    assert_eq!(engine.counters()["relay_allocations"], 1);
}
