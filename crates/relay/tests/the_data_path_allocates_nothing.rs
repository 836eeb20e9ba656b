//! A program of its own, for it counts what its allocator is asked for.
#![allow(clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "behaviour/common/mod.rs"]
mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;

use common::{MEDIA, PEER, World, channel_data, message};
use tertulia_relay::stun::{attribute, message_type};
use tertulia_relay::{BUFFER_MIN, Client, Family, OpenError, Outlet, Place};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts what would be sent.
struct Sink {
    buffer: [u8; BUFFER_MIN],
    sent: usize,
}

impl Outlet for Sink {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn commit(&mut self, _client: &Client, _len: usize) {
        self.sent += 1;
    }

    fn send_to_peer(&mut self, _relayed: SocketAddr, _peer: SocketAddr, _payload: &[u8], _dont_fragment: bool) {
        self.sent += 1;
    }

    fn send_to_media(&mut self, _relayed: SocketAddr, _media: SocketAddr, _payload: &[u8]) {
        self.sent += 1;
    }

    fn open(&mut self, _client: &Client, _family: Family, _even: bool) -> Result<SocketAddr, OpenError> {
        unreachable!("only data comes");
    }

    fn close(&mut self, _relayed: SocketAddr) {
        unreachable!("only data comes");
    }

    fn place(&mut self, _peer: SocketAddr) -> Place {
        Place::Media
    }
}

#[test]
fn data_is_relayed_and_dropped_without_an_allocation() {
    let mut world = World::new();
    let (anna, annas) = world.person_with_allocation(1);
    let (boris, boriss) = world.person_with_allocation(2);
    assert_eq!(world.bind(&anna, 0x4000, PEER), 0);
    assert_eq!(world.bind(&anna, 0x4001, &boriss.to_string()), 0);
    assert_eq!(world.bind(&anna, 0x4002, MEDIA), 0);
    assert_eq!(world.permit(&boris, &[&annas.to_string()]), 0);

    let payload = [7; 1200];
    let mut indication = |peer: &str| {
        message(message_type::SEND_INDICATION, world.next_id(), |writer| {
            writer.xor_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap());
            writer.attribute(attribute::DATA, &payload);
        })
    };
    let from_anna = [
        channel_data(0x4000, &payload),
        channel_data(0x4001, &payload),
        channel_data(0x4002, &payload),
        indication("8.8.8.8:1"),
        // Dropped: no such channel, no permission, broken, no method of ours.
        channel_data(0x4003, &payload),
        indication("1.1.1.1:1"),
        vec![0x40, 0, 0, 9],
        vec![0; 40],
    ];
    let from_peers: [SocketAddr; 3] = [PEER, "8.8.8.8:1", "1.1.1.1:1"].map(|peer| peer.parse().unwrap());
    let stranger = world.person(3).client;

    let mut sink = Sink {
        buffer: [0; BUFFER_MIN],
        sent: 0,
    };
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        for message in &from_anna {
            world.relay.handle_client(anna.client, message, world.now, &mut sink);
            world.relay.handle_client(stranger, message, world.now, &mut sink);
        }
        for peer in from_peers {
            world.relay.handle_peer(annas, peer, &payload, world.now, &mut sink);
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_eq!(sink.sent, 100 * (4 + 2), "what is to be relayed was");
}
