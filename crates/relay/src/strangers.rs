//! How many answers an address gets before it has proved who it is: the sender of a request may be forged.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Instant;

use crate::bucket::Bucket;
use crate::client::Neighbourhood;

/// A fixed table: 64 kB. Addresses that meet in a bucket share it; a seed that nobody knows decides who does. A forger
/// can empty all of them only with as many packets as all of them take, and there is nothing that it could make us
/// forget.
const BUCKETS: usize = 4096;

pub(crate) struct Strangers {
    buckets: Box<[Bucket]>,
    seed: u64,
    per_second: u64,
}

impl Strangers {
    pub fn new(seed: u64, per_second: u32) -> Strangers {
        Strangers {
            buckets: vec![Bucket::default(); BUCKETS].into_boxed_slice(),
            seed,
            per_second: per_second.into(),
        }
    }

    /// Whether this address is answered once more.
    pub fn may_answer(&mut self, address: SocketAddr, now: Instant) -> bool {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        Neighbourhood::of(address).hash(&mut hasher);
        let bucket = &mut self.buckets[hasher.finish() as usize % BUCKETS];
        bucket.take(1, self.per_second, now)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_address_is_answered_so_often_in_a_second() {
        let start = Instant::now();
        let mut strangers = Strangers::new(1, 10);
        let mut answered = |address: &str, at: Duration| {
            let address: SocketAddr = address.parse().unwrap();
            (0..100u16)
                .filter(|port| strangers.may_answer(SocketAddr::new(address.ip(), *port), start + at))
                .count()
        };
        assert_eq!(answered("192.0.2.1:0", Duration::ZERO), 10, "whatever the port");
        assert_eq!(answered("192.0.2.2:0", Duration::ZERO), 10);
        assert_eq!(answered("[2001:db8::1]:0", Duration::ZERO), 10);
        assert_eq!(answered("[2001:db8::2]:0", Duration::ZERO), 0, "one network of 64 bits");
        assert_eq!(answered("[2001:db8:0:1::1]:0", Duration::ZERO), 10);
        assert_eq!(answered("192.0.2.1:0", Duration::from_millis(500)), 5);
    }

    #[test]
    fn a_flood_of_forged_addresses_leaves_the_table_as_large_as_it_was_and_the_limit_in_force() {
        let start = Instant::now();
        let mut strangers = Strangers::new(1, 10);
        let victim: SocketAddr = "192.0.2.1:9".parse().unwrap();
        assert_eq!((0..100).filter(|_| strangers.may_answer(victim, start)).count(), 10);
        for ip in 0..100_000u32 {
            strangers.may_answer(SocketAddr::new(std::net::Ipv4Addr::from_bits(ip << 8).into(), 9), start);
        }
        assert!(!strangers.may_answer(victim, start));
        assert_eq!(strangers.buckets.len(), BUCKETS);
    }

    #[test]
    fn the_seed_decides_who_shares_a_bucket() {
        let start = Instant::now();
        let answered = |seed| {
            let mut strangers = Strangers::new(seed, 1);
            (0..10_000u32)
                .filter(|ip| strangers.may_answer(SocketAddr::new(std::net::Ipv4Addr::from_bits(*ip).into(), 9), start))
                .collect::<Vec<_>>()
        };
        assert_eq!(answered(1), answered(1));
        assert_ne!(answered(1), answered(2));
    }
}
