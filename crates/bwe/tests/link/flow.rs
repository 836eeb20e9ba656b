//! One client: the sender's half with the estimator under test, and the client that answers.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tertulia_bwe::{Config, Estimator, Probe};

use crate::link::{Bottleneck, MS, Packet, S};
use crate::receiver::{Feedback, Receiver};
use crate::source::{Sender, Source};

const PROBE_PACKET: usize = 1130;
const BATCH_INTERVAL: i64 = 5 * MS;

/// A probe that is being filled.
#[derive(Debug)]
struct Filling {
    probe: Probe,
    begin: i64,
    sent: usize,
    next: i64,
}

#[derive(Debug)]
pub struct Flow {
    pub estimator: Estimator,
    pub sender: Sender,
    pub receiver: Receiver,
    epoch: Instant,
    number: u16,
    /// On their way back: when they come, and what they say.
    answers: VecDeque<(i64, Feedback)>,
    filling: Option<Filling>,
    pub probes: usize,
    /// Called for each feedback on its way back.
    pub hears: fn(i64) -> bool,
}

impl Flow {
    pub fn new(config: Config, source: Source, seed: u64) -> Flow {
        let epoch = Instant::now();
        Flow {
            estimator: Estimator::new(config, epoch),
            sender: Sender::new(source, seed),
            receiver: Receiver::new(seed + 1),
            epoch,
            number: 65_000,
            answers: VecDeque::new(),
            filling: None,
            probes: 0,
            hears: |_| true,
        }
    }

    pub fn estimate(&self) -> f64 {
        self.estimator.estimate().bitrate as f64
    }

    /// Sends what is due and hears what has come back.
    pub fn step(&mut self, at: usize, time: i64, link: &mut Bottleneck) {
        let now = self.epoch + Duration::from_micros(time as u64);
        if let Some(feedback) = self.receiver.poll(time).filter(|_| (self.hears)(time)) {
            self.answers.push_back((time + link.link.propagation, feedback));
        }
        while self.answers.front().is_some_and(|(due, _)| *due <= time)
            && let Some((_, feedback)) = self.answers.pop_front()
        {
            self.estimator.feedback(feedback.into_iter(), now);
        }
        if self.estimator.poll_timeout().is_some_and(|due| due <= now) {
            self.estimator.handle_timeout(now);
        }
        let wanted = self.sender.adapt(self.estimate(), time);
        self.estimator.wants(wanted, now);
        if let Some(probe) = self.estimator.poll_probe(now) {
            self.probes += 1;
            self.filling = Some(Filling {
                probe,
                begin: time,
                sent: 0,
                next: time,
            });
        }
        let mut packets = Vec::new();
        self.sender.poll(self.estimate(), time, &mut packets);
        self.fill(time, &mut packets);
        for bytes in packets {
            self.estimator.sent(self.number, bytes, now);
            let packet = Packet {
                flow: Some(at),
                number: self.number,
                bytes,
            };
            link.push(time, packet);
            self.number = self.number.wrapping_add(1);
        }
    }

    fn fill(&mut self, time: i64, packets: &mut Vec<usize>) {
        let Some(filling) = &mut self.filling else {
            return;
        };
        filling.sent += packets.iter().sum::<usize>();
        if time >= filling.next {
            filling.next += BATCH_INTERVAL;
            let passed = (time - filling.begin + BATCH_INTERVAL) as f64 / S as f64;
            while (filling.sent as f64) < filling.probe.bitrate as f64 / 8.0 * passed {
                packets.push(PROBE_PACKET);
                filling.sent += PROBE_PACKET;
            }
        }
        if time - filling.begin >= filling.probe.duration.as_micros() as i64 {
            self.filling = None;
        }
    }
}
