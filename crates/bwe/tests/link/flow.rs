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
pub struct Filling {
    probe: Probe,
    begin: i64,
    sent: usize,
    next: i64,
}

impl Filling {
    pub fn new(probe: Probe, begin: i64) -> Filling {
        Filling {
            probe,
            begin,
            sent: 0,
            next: begin,
        }
    }

    /// Adds to the packets that leave now what is lacking.
    pub fn fill(&mut self, time: i64, packets: &mut Vec<usize>) {
        self.sent += packets.iter().sum::<usize>();
        if time < self.next {
            return;
        }
        self.next += BATCH_INTERVAL;
        let passed = (time - self.begin + BATCH_INTERVAL) as f64 / S as f64;
        while (self.sent as f64) < self.probe.bitrate as f64 / 8.0 * passed {
            packets.push(PROBE_PACKET);
            self.sent += PROBE_PACKET;
        }
    }

    pub fn is_over(&self, time: i64) -> bool {
        time - self.begin >= self.probe.duration.as_micros() as i64
    }
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
            self.filling = Some(Filling::new(probe, time));
        }
        let mut packets = Vec::new();
        self.sender.poll(self.estimate(), time, &mut packets);
        if let Some(filling) = &mut self.filling {
            filling.fill(time, &mut packets);
        }
        self.filling.take_if(|filling| filling.is_over(time));
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
}
