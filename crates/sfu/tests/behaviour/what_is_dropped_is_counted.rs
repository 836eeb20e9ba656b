//! Datagrams that belong to nobody, lie, or come too early change nothing and are counted by reason.

use crate::common::{FRAME, Wire, World, credentials, is_media};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{CloseReason, Path};

fn path(remote: SocketAddr) -> Path {
    Path {
        remote,
        local: [203, 0, 113, 5].into(),
        socket: 0,
    }
}

#[test]
fn strangers_get_no_answer() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.watch(bob, 20, source);
    let heard: Rc<RefCell<Vec<Vec<u8>>>> = Rc::default();
    let log = heard.clone();
    world.lose_upstream = Box::new(move |_, datagram| {
        if is_media(datagram) {
            log.borrow_mut().push(datagram.to_vec());
        }
        false
    });
    world.send_frame(alice, source, true, &[500]);
    let mut wire = Wire::default();
    let stranger = path(SocketAddr::from(([192, 0, 2, 66], 6666)));
    let genuine = heard.borrow()[0].clone();
    let mut forged = genuine.clone();
    *forged.last_mut().unwrap() ^= 1;
    forged[3] = forged[3].wrapping_add(1);
    let address = world.client(alice).address;
    let now = world.now;
    for (from, datagram) in [
        (stranger, genuine.clone()),
        (stranger, vec![22, 254, 253, 0]),
        (stranger, vec![0, 1, 0, 0]),
        (stranger, vec![99]),
        (stranger, vec![]),
        (path(address), forged),
        (path(address), genuine),
        (path(address), vec![0x80, 96]),
    ] {
        world
            .sfu
            .handle_datagram(from, &mut datagram.clone(), now, now, &mut wire);
    }
    world.sfu.flush(now, &mut wire);
    assert!(wire.sent.is_empty());
    let counters = world.counters();
    assert_eq!(counters.dropped_unknown_address, 2);
    assert_eq!(counters.dropped_bad_stun, 1);
    assert_eq!(counters.dropped_bad_auth, 1);
    assert_eq!(counters.dropped_replayed, 1);
    assert_eq!(counters.dropped_malformed, 3);
    assert_eq!(
        counters.entries().find(|(name, _)| *name == "dropped_replayed"),
        Some(("dropped_replayed", 1))
    );
}

#[test]
fn checks_with_a_wrong_password_are_counted() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    assert_eq!(world.counters().dropped_bad_stun, 0);
    let mut guess = credentials("server", bob);
    guess.pwd = "guessed".repeat(4);
    let mut api = world.client(bob).rtc.direct_api();
    api.set_remote_ice_credentials(str0m::IceCreds {
        ufrag: guess.ufrag,
        pass: guess.pwd,
    });
    world.run(Duration::from_secs(5));
    assert!(world.counters().dropped_bad_stun > 0);
    assert!(world.stats(alice).is_some());
}

#[test]
fn a_client_that_falls_silent_is_gone_and_costs_nothing_more() {
    let mut world = World::new();
    let alice = world.connect(1);
    world.lose_upstream = Box::new(|_, _| true);
    world.run(Duration::from_secs(40));
    let end = Event::Disconnected {
        connection: alice,
        reason: CloseReason::ConsentExpired,
    };
    assert!(world.events.contains(&end), "{:?}", world.events);
    world.run(Duration::from_secs(30));
    assert_eq!(world.sfu.poll_timeout(), None);
}

#[test]
fn commands_about_what_is_gone_are_ignored() {
    let mut world = World::new();
    let alice = world.connect(1);
    let source = world.publish_video(alice, 10);
    let slot = world.watch(alice, 20, source);
    world.command(Command::Close { connection: alice });
    world.command(Command::RemoveSource { source });
    world.command(Command::PauseSlot { slot, paused: true });
    world.command(Command::Close { connection: alice });
    assert_eq!(world.counters().commands_ignored, 3);
    assert_eq!(world.counters().connections_closed, 1);
}

#[test]
fn media_follows_the_client_to_another_address() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.watch(bob, 20, source);
    world.send_frame(alice, source, true, &[500]);
    let (ours, theirs) = (credentials("renewed", bob), credentials("moved", bob));
    world.command(Command::RestartIce {
        connection: bob,
        local: ours.clone(),
        remote: theirs.clone(),
    });
    let moved = SocketAddr::from(([198, 51, 100, 77], 7777));
    let client = world.client(bob);
    client.address = moved;
    client
        .rtc
        .add_local_candidate(str0m::Candidate::host(moved, "udp").unwrap());
    let mut api = client.rtc.direct_api();
    api.set_local_ice_credentials(str0m::IceCreds {
        ufrag: theirs.ufrag,
        pass: theirs.pwd,
    });
    api.set_remote_ice_credentials(str0m::IceCreds {
        ufrag: ours.ufrag,
        pass: ours.pwd,
    });
    for _ in 0..120 {
        world.send_frame(alice, source, false, &[500]);
        world.run(FRAME);
    }
    let stats = world.stats(bob).expect("it is still there");
    assert_eq!(stats.path.map(|path| path.remote), Some(moved));
    assert_eq!(world.counters().path_changes, 1);
}

#[test]
fn a_viewer_who_says_nothing_but_nominates_another_of_our_addresses_is_served_from_there() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.watch(bob, 20, source);
    // Nothing but checks: media would tell where it comes from.
    world.lose_upstream = Box::new(move |client, datagram| client == bob && datagram[0] > 3);
    let other = std::net::IpAddr::from([203, 0, 113, 6]);
    world.reached = other;
    for _ in 0..300 {
        world.send_frame(alice, source, false, &[500]);
        world.run(FRAME);
    }
    let stats = world.stats(bob).expect("it is still there");
    assert_eq!(stats.path.map(|path| path.local), Some(other));
}
