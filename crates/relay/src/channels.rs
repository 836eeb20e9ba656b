//! Which numbers stand for which peers (RFC 8656, section 12).

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::channel_data::CHANNEL_DATA_FIRST_BYTES;

/// Those that can be told by their first byte, see [`CHANNEL_DATA_FIRST_BYTES`].
pub(crate) const NUMBERS: RangeInclusive<u16> = {
    let (first, last) = (*CHANNEL_DATA_FIRST_BYTES.start(), *CHANNEL_DATA_FIRST_BYTES.end());
    u16::from_be_bytes([first, 0])..=u16::from_be_bytes([last, 0xFF])
};
const LIFETIME: Duration = Duration::from_secs(600);

/// Two orders of the same, for packets come from both sides.
#[derive(Default)]
pub(crate) struct Channels {
    /// Sorted by number.
    bound: Vec<Channel>,
    /// Sorted by peer.
    by_peer: Vec<(SocketAddr, u16)>,
}

struct Channel {
    number: u16,
    peer: SocketAddr,
    expires: Instant,
}

/// Why a number cannot stand for a peer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The number stands for another peer, or the peer has another number.
    Taken,
    Full,
}

impl Channels {
    pub fn peer(&self, number: u16, now: Instant) -> Option<SocketAddr> {
        let channel = &self.bound[self.position(number).ok()?];
        (now < channel.expires).then_some(channel.peer)
    }

    pub fn number(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let (_, number) = self.by_peer[self.position_of(peer).ok()?];
        self.peer(number, now).map(|_| number)
    }

    /// Whether [`bind`](Channels::bind) may follow. Forgets what has ended.
    pub fn check(&mut self, number: u16, peer: SocketAddr, max: usize, now: Instant) -> Result<(), Conflict> {
        self.retain(|channel| now < channel.expires);
        match (self.peer(number, now), self.number(peer, now)) {
            (Some(bound), _) if bound == peer => Ok(()),
            (None, None) if self.bound.len() < max => Ok(()),
            (None, None) => Err(Conflict::Full),
            _ => Err(Conflict::Taken),
        }
    }

    /// Binds or refreshes what was checked.
    pub fn bind(&mut self, number: u16, peer: SocketAddr, now: Instant) {
        let channel = Channel {
            number,
            peer,
            expires: now + LIFETIME,
        };
        match self.position(number) {
            Ok(at) => self.bound[at] = channel,
            Err(at) => self.bound.insert(at, channel),
        }
        if let Err(at) = self.position_of(peer) {
            self.by_peer.insert(at, (peer, number));
        }
    }

    /// The relayed address of these peers' family is no more.
    pub fn forget(&mut self, is_forgotten: impl Fn(SocketAddr) -> bool) {
        self.retain(|channel| !is_forgotten(channel.peer));
    }

    fn retain(&mut self, keep: impl Fn(&Channel) -> bool) {
        let before = self.bound.len();
        self.bound.retain(keep);
        if self.bound.len() != before {
            let Channels { bound, by_peer } = self;
            by_peer.retain(|(_, number)| bound.binary_search_by_key(number, |channel| channel.number).is_ok());
        }
    }

    fn position(&self, number: u16) -> Result<usize, usize> {
        self.bound.binary_search_by_key(&number, |channel| channel.number)
    }

    fn position_of(&self, peer: SocketAddr) -> Result<usize, usize> {
        self.by_peer.binary_search_by_key(&peer, |(peer, _)| *peer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([9, 9, 9, 9], port))
    }

    #[test]
    fn a_number_and_a_peer_belong_together_until_their_time_ends() {
        let start = Instant::now();
        let mut channels = Channels::default();
        assert_eq!(channels.check(0x4000, peer(1), 9, start), Ok(()));
        channels.bind(0x4000, peer(1), start);
        assert_eq!(channels.check(0x4000, peer(1), 9, start), Ok(()), "a refresh");
        assert_eq!(channels.check(0x4000, peer(2), 9, start), Err(Conflict::Taken));
        assert_eq!(channels.check(0x4001, peer(1), 9, start), Err(Conflict::Taken));
        assert_eq!(channels.peer(0x4000, start), Some(peer(1)));
        assert_eq!(channels.number(peer(1), start), Some(0x4000));

        let end = start + LIFETIME;
        assert_eq!(
            (channels.peer(0x4000, end), channels.number(peer(1), end)),
            (None, None)
        );
        assert_eq!(channels.check(0x4001, peer(1), 9, end), Ok(()));
        channels.bind(0x4001, peer(1), end);
        assert_eq!(channels.number(peer(1), end), Some(0x4001));
    }

    #[test]
    fn there_are_no_more_than_allowed() {
        let start = Instant::now();
        let mut channels = Channels::default();
        channels.bind(0x4000, peer(1), start);
        assert_eq!(channels.check(0x4001, peer(2), 1, start), Err(Conflict::Full));
        assert_eq!(channels.check(0x4000, peer(1), 1, start), Ok(()));
        assert_eq!(channels.check(0x4001, peer(2), 1, start + LIFETIME), Ok(()));
    }

    proptest! {
        #[test]
        fn both_orders_agree_with_a_plain_table(steps in proptest::collection::vec((0x4000u16..0x4004, 1u16..5, 0u64..400), 1..40)) {
            let start = Instant::now();
            let (mut channels, mut model, mut now) = (Channels::default(), HashMap::new(), start);
            for (number, port, seconds) in steps {
                now += Duration::from_secs(seconds);
                model.retain(|_, (_, expires)| now < *expires);
                let bound = model.get(&number).map(|(peer, _)| *peer);
                let taken = model.values().any(|(bound, _)| *bound == peer(port));
                let allowed = bound == Some(peer(port)) || bound.is_none() && !taken;
                prop_assert_eq!(channels.check(number, peer(port), 9, now).is_ok(), allowed);
                if allowed {
                    channels.bind(number, peer(port), now);
                    model.insert(number, (peer(port), now + LIFETIME));
                }
                for number in 0x4000..0x4004 {
                    prop_assert_eq!(channels.peer(number, now), model.get(&number).map(|(peer, _)| *peer));
                }
                for port in 1..5 {
                    let expected = model.iter().find(|(_, (bound, _))| *bound == peer(port)).map(|(number, _)| *number);
                    prop_assert_eq!(channels.number(peer(port), now), expected);
                }
            }
        }
    }
}
