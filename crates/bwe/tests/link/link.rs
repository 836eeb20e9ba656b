//! The narrowest link of a way: a queue that drops what does not fit, and what the rest of the way does.

use std::collections::VecDeque;

use crate::random::Random;

pub const MS: i64 = 1_000;
pub const S: i64 = 1_000_000;

#[derive(Debug, Clone, Copy)]
pub struct Packet {
    /// Whose it is; the first number that is no flow's is the elastic one's; `None`: cross traffic of a fixed rate.
    pub flow: Option<usize>,
    pub number: u16,
    pub bytes: usize,
}

#[derive(Debug, Clone)]
pub struct Link {
    /// Bits a second from these times on, ascending.
    pub capacity: Vec<(i64, f64)>,
    /// Bytes that may wait.
    pub queue_max: usize,
    /// One way; the same back.
    pub propagation: i64,
    /// Each packet is delayed by up to that much more; the order is kept.
    pub jitter: i64,
    /// What arrives waits for the next multiple of this, as on a radio link that sends in turns.
    pub turn: i64,
    /// Part of the packets that is lost behind the queue, from these times on.
    pub loss: Vec<(i64, f64)>,
    /// Bits a second of cross traffic from these times on, in packets of 1200 bytes.
    pub cross: Vec<(i64, f64)>,
}

impl Link {
    pub fn new(capacity: f64) -> Link {
        Link {
            capacity: vec![(0, capacity)],
            queue_max: 50_000,
            propagation: 20 * MS,
            jitter: 0,
            turn: 1,
            loss: vec![(0, 0.0)],
            cross: vec![(0, 0.0)],
        }
    }
}

/// The value of a schedule at a time.
pub fn at(schedule: &[(i64, f64)], time: i64) -> f64 {
    schedule
        .iter()
        .rev()
        .find(|(since, _)| *since <= time)
        .map_or(0.0, |(_, value)| *value)
}

/// When so many bytes are through that begin at `time`, as the capacity changes on the way.
fn carried(capacity: &[(i64, f64)], bytes: usize, time: i64) -> i64 {
    let (mut bits, mut time) = (bytes as f64 * 8.0, time);
    for (until, _) in capacity {
        if *until <= time {
            continue;
        }
        let part = at(capacity, time) * (until - time) as f64 / S as f64;
        if part >= bits {
            break;
        }
        (bits, time) = (bits - part, *until);
    }
    time + (bits / at(capacity, time) * S as f64) as i64
}

#[derive(Debug)]
pub struct Bottleneck {
    pub link: Link,
    random: Random,
    waiting: VecDeque<(i64, Packet)>,
    bytes: usize,
    free_at: i64,
    last_arrival: i64,
    cross_sent: f64,
}

impl Bottleneck {
    pub fn new(link: Link, seed: u64) -> Bottleneck {
        Bottleneck {
            link,
            random: Random(seed),
            waiting: VecDeque::new(),
            bytes: 0,
            free_at: 0,
            last_arrival: 0,
            cross_sent: 0.0,
        }
    }

    /// False: there is no room for it.
    pub fn push(&mut self, time: i64, packet: Packet) -> bool {
        if self.bytes + packet.bytes > self.link.queue_max {
            return false;
        }
        self.bytes += packet.bytes;
        self.waiting.push_back((time, packet));
        true
    }

    /// How long a packet that comes now would wait.
    pub fn delay(&self, time: i64) -> i64 {
        carried(&self.link.capacity, self.bytes, self.free_at.max(time)) - time
    }

    /// Lets time pass until `time`; what leaves the queue arrives, with the time of it.
    pub fn advance(&mut self, time: i64, mut arrive: impl FnMut(Packet, i64)) {
        self.cross_sent += at(&self.link.cross, time) / 1000.0;
        while self.cross_sent >= 1200.0 * 8.0 {
            self.cross_sent -= 1200.0 * 8.0;
            let packet = Packet {
                flow: None,
                number: 0,
                bytes: 1200,
            };
            self.push(time - MS / 2, packet);
        }
        while let Some(&(came, packet)) = self.waiting.front() {
            let begin = self.free_at.max(came);
            if begin >= time {
                return;
            }
            self.waiting.pop_front();
            self.bytes -= packet.bytes;
            self.free_at = carried(&self.link.capacity, packet.bytes, begin);
            let jitter = self.random.between(0.0, self.link.jitter as f64) as i64;
            let arrival = (self.free_at + self.link.propagation + jitter).max(self.last_arrival);
            let arrival = arrival + (-arrival).rem_euclid(self.link.turn);
            if self.random.fraction() >= at(&self.link.loss, begin) {
                self.last_arrival = arrival;
                arrive(packet, arrival);
            }
        }
    }
}
