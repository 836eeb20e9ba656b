//! Cross traffic that takes what it can get, until a packet is dropped: TCP as Reno made it.

use std::collections::VecDeque;

use crate::link::{Bottleneck, MS, Packet};

const PACKET: usize = 1200;
/// The window is halved once for the losses within such a time.
const RECOVERY: i64 = 100 * MS;

#[derive(Debug)]
pub struct Elastic {
    /// When it begins.
    pub since: i64,
    /// Packets that may be on their way.
    window: f64,
    threshold: f64,
    flying: usize,
    acknowledged: VecDeque<i64>,
    halved: i64,
    pub bytes: u64,
}

impl Elastic {
    pub fn new(since: i64) -> Elastic {
        Elastic {
            since,
            window: 4.0,
            threshold: f64::MAX,
            flying: 0,
            acknowledged: VecDeque::new(),
            halved: 0,
            bytes: 0,
        }
    }

    pub fn arrive(&mut self, time: i64, back: i64) {
        self.bytes += PACKET as u64;
        self.acknowledged.push_back(time + back);
    }

    pub fn step(&mut self, flow: usize, time: i64, link: &mut Bottleneck) {
        while self.acknowledged.front().is_some_and(|due| *due <= time) {
            self.acknowledged.pop_front();
            self.flying -= 1;
            self.window += if self.window < self.threshold {
                1.0
            } else {
                1.0 / self.window
            };
        }
        while time >= self.since && self.flying < self.window as usize {
            let packet = Packet {
                flow: Some(flow),
                number: 0,
                bytes: PACKET,
            };
            if link.push(time, packet) {
                self.flying += 1;
                continue;
            }
            if time - self.halved >= RECOVERY {
                self.window = (self.window / 2.0).max(2.0);
                (self.threshold, self.halved) = (self.window, time);
            }
            return;
        }
    }
}
