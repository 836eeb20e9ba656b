//! What may happen.

use proptest::prelude::*;
use tertulia_relay::stun::message_type;

use super::{PEERS, PEOPLE};

#[derive(Debug, Clone)]
pub enum Step {
    Allocate {
        who: u8,
        both: bool,
    },
    Refresh {
        who: u8,
        family: Option<u8>,
        lifetime: u32,
    },
    Permit {
        who: u8,
        peers: Vec<Target>,
    },
    Bind {
        who: u8,
        number: u16,
        peer: Target,
    },
    Send {
        who: u8,
        peer: Target,
    },
    SendOnChannel {
        who: u8,
        number: u16,
    },
    PeerSends {
        to: u8,
        peer: Target,
    },
    Gone {
        who: u8,
    },
    Pass {
        seconds: u64,
    },
    Sweep,
    Bytes {
        who: u8,
        bytes: Vec<u8>,
    },
    /// An authenticated request with whatever inside.
    Odd {
        who: u8,
        kind: u16,
        attributes: Vec<(u16, Vec<u8>)>,
    },
}

#[derive(Debug, Clone)]
pub enum Target {
    Fixed(usize),
    /// The relayed address that was opened so long ago.
    Relayed(usize),
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        3 => (0..PEERS.len()).prop_map(Target::Fixed),
        1 => (0..6usize).prop_map(Target::Relayed),
    ]
}

pub fn steps() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE;
    let number = 0x4000..0x4004u16;
    let kinds = prop::sample::select(vec![
        message_type::ALLOCATE_REQUEST,
        message_type::REFRESH_REQUEST,
        message_type::CREATE_PERMISSION_REQUEST,
        message_type::CHANNEL_BIND_REQUEST,
    ]);
    let attributes = (
        // A FINGERPRINT that does not fit would be dropped without an answer.
        prop_oneof![4 => 0x000C..0x0026u16, 1 => 0..0x8028u16, 1 => 0x8000..0x8003u16],
        prop::collection::vec(any::<u8>(), 0..24),
    );
    prop_oneof![
        4 => (who.clone(), any::<bool>()).prop_map(|(who, both)| Step::Allocate { who, both }),
        2 => (who.clone(), prop::option::of(0..4u8), prop::sample::select(vec![0, 1, 600, 3600, u32::MAX]))
            .prop_map(|(who, family, lifetime)| Step::Refresh { who, family, lifetime }),
        4 => (who.clone(), prop::collection::vec(targets(), 0..4)).prop_map(|(who, peers)| Step::Permit { who, peers }),
        4 => (who.clone(), number.clone(), targets()).prop_map(|(who, number, peer)| Step::Bind { who, number, peer }),
        6 => (who.clone(), targets()).prop_map(|(who, peer)| Step::Send { who, peer }),
        6 => (who.clone(), number).prop_map(|(who, number)| Step::SendOnChannel { who, number }),
        6 => (0..6u8, targets()).prop_map(|(to, peer)| Step::PeerSends { to, peer }),
        1 => who.clone().prop_map(|who| Step::Gone { who }),
        4 => prop::sample::select(vec![1, 60, 299, 300, 301, 600, 4000]).prop_map(|seconds| Step::Pass { seconds }),
        2 => Just(Step::Sweep),
        1 => (who.clone(), prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(who, bytes)| Step::Bytes { who, bytes }),
        2 => (who, kinds, prop::collection::vec(attributes, 0..6))
            .prop_map(|(who, kind, attributes)| Step::Odd { who, kind, attributes }),
    ]
}
