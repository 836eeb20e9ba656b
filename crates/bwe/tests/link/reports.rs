//! A client that sends receiver reports, with or without an estimate of its own, and the sender's half that it makes do with.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use tertulia_bwe::{Config, Echo, Estimator};

use crate::flow::Filling;
use crate::link::{Bottleneck, Link, MS, Packet, S};
use crate::random::Random;
use crate::source::{Sender, Source};

/// Whose a packet is.
const MEDIA: usize = 0;
const PROBE: usize = 1;
const REPORT: usize = 2;
const REPORT_BYTES: usize = 80;
const REPORT_INTERVAL: i64 = S;
/// While the answer to one is waited for that left behind a probe.
const REPORT_INTERVAL_LONG: i64 = 2500 * MS;

/// What is known a tenth of a second after the other.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub time: i64,
    pub estimate: f64,
    pub pictures: f64,
}

/// What the client sends back.
#[derive(Debug, Clone, Copy)]
struct Said {
    lost: f64,
    /// The last sender report that came, by its number, and for how long that was held.
    answers: Option<(u16, i64)>,
    remb: Option<u64>,
}

/// How the client estimates what it can take.
#[derive(Debug, Clone, Copy)]
pub enum Remb {
    None,
    Fixed(u64),
    /// As draft-alvestrand-rmcat-congestion has it: 8 % more a second up to one and a half of what comes, 0.85 of that where it queues.
    Measured,
}

pub struct Talk {
    pub estimator: Estimator,
    pub link: Bottleneck,
    pub moments: Vec<Moment>,
    sender: Sender,
    epoch: Instant,
    time: i64,
    random: Random,
    number: u16,
    filling: Option<Filling>,
    /// When sender reports left.
    reports: Vec<i64>,
    report_due: i64,
    /// Packets that left, and whether the queue had room for them.
    sent: Vec<(i64, bool)>,
    /// When those left that did not arrive yet.
    flying: VecDeque<i64>,
    /// Behind the queue.
    coming: VecDeque<(i64, Packet)>,
    receiver: Receiver,
    /// On their way back.
    answers: VecDeque<(i64, Said)>,
}

struct Receiver {
    kind: Remb,
    due: i64,
    /// Media, by number: the highest, and how many there were.
    highest: Option<u64>,
    received: u64,
    /// Both at the last report.
    before: (u64, u64),
    report: Option<(u16, i64)>,
    bytes: usize,
    /// Delay of the fastest packet, and of the slowest since the last report.
    fastest: i64,
    slowest: i64,
    estimate: Option<f64>,
}

impl Receiver {
    fn arrive(&mut self, packet: Packet, delay: i64, time: i64) {
        match packet.flow {
            Some(REPORT) => self.report = Some((packet.number, time)),
            Some(MEDIA) => {
                let highest = self.highest.get_or_insert(u64::from(packet.number));
                *highest += u64::from(packet.number.wrapping_sub(*highest as u16));
                self.received += 1;
            }
            _ => {}
        }
        self.bytes += packet.bytes;
        self.fastest = self.fastest.min(delay);
        self.slowest = self.slowest.max(delay);
    }

    fn report(&mut self, since: i64, time: i64) -> Said {
        let now = (self.highest.map_or(0, |highest| highest + 1), self.received);
        let (expected, received) = (now.0 - self.before.0, now.1 - self.before.1);
        self.before = now;
        let incoming = self.bytes as f64 * 8.0 * S as f64 / (time - since) as f64;
        let queues = self.slowest > self.fastest + 60 * MS;
        (self.bytes, self.slowest) = (0, 0);
        let before = *self.estimate.get_or_insert(incoming);
        let after = match queues {
            true => before.min(0.85 * incoming),
            false => before.max((before * 1.08f64.powf((time - since) as f64 / S as f64)).min(1.5 * incoming + 10e3)),
        };
        self.estimate = Some(after);
        Said {
            lost: if expected > 0 {
                1.0 - received as f64 / expected as f64
            } else {
                0.0
            },
            answers: self.report.map(|(number, came)| (number, time - came)),
            remb: match self.kind {
                Remb::None => None,
                Remb::Fixed(bitrate) => Some(bitrate),
                Remb::Measured => Some(after as u64),
            },
        }
    }
}

impl Talk {
    pub fn new(link: Link, source: Source, kind: Remb) -> Talk {
        let epoch = Instant::now();
        let mut sender = Sender::new(source, 77);
        // What their bursts lose is not lost by trying.
        sender.key_frame_factor = 1.0;
        Talk {
            estimator: Estimator::new(Config::default(), epoch),
            link: Bottleneck::new(link, 4711),
            moments: Vec::new(),
            sender,
            epoch,
            time: 0,
            random: Random(78),
            number: 0,
            filling: None,
            reports: Vec::new(),
            report_due: 0,
            sent: Vec::new(),
            flying: VecDeque::new(),
            coming: VecDeque::new(),
            receiver: Receiver {
                kind,
                due: S,
                highest: None,
                received: 0,
                before: (0, 0),
                report: None,
                bytes: 0,
                fastest: i64::MAX,
                slowest: 0,
                estimate: None,
            },
            answers: VecDeque::new(),
        }
    }

    pub fn run_until(&mut self, seconds: i64) {
        let mut reported = self.time;
        while self.time < seconds * S {
            self.send();
            self.time += MS;
            let coming = &mut self.coming;
            self.link
                .advance(self.time, |packet, arrival| coming.push_back((arrival, packet)));
            while let Some(&(arrival, packet)) = self.coming.front().filter(|(arrival, _)| *arrival <= self.time) {
                self.coming.pop_front();
                let left = self.flying.pop_front().expect("nothing is lost behind the queue");
                self.receiver.arrive(packet, arrival - left, arrival);
            }
            if self.time >= self.receiver.due {
                self.receiver.due = self.time + self.random.between(500.0, 1500.0) as i64 * MS;
                let said = self.receiver.report(reported, self.time);
                reported = self.time;
                self.answers.push_back((self.time + self.link.link.propagation, said));
            }
            if self.time % (100 * MS) == 0 {
                self.moments.push(Moment {
                    time: self.time,
                    estimate: self.estimate(),
                    pictures: self.sender.bitrate(),
                });
            }
        }
    }

    fn estimate(&self) -> f64 {
        self.estimator.estimate().bitrate as f64
    }

    fn send(&mut self) {
        let now = self.epoch + Duration::from_micros(self.time as u64);
        while let Some(&(_, said)) = self.answers.front().filter(|(due, _)| *due <= self.time) {
            self.answers.pop_front();
            self.hear(said, now);
        }
        if self.estimator.poll_timeout().is_some_and(|due| due <= now) {
            self.estimator.handle_timeout(now);
        }
        let wanted = self.sender.adapt(self.estimate(), self.time);
        self.estimator.wants(wanted, now);
        if self.filling.is_none() {
            let probe = self.estimator.poll_probe(now);
            self.filling = probe.map(|probe| Filling::new(probe, self.time));
        }
        let mut packets = Vec::new();
        self.sender.poll(self.estimate(), self.time, &mut packets);
        let media = packets.len();
        if let Some(filling) = &mut self.filling {
            filling.fill(self.time, &mut packets);
            if filling.is_over(self.time) {
                self.filling = None;
                self.report_due = self.time;
            }
        }
        for (i, bytes) in packets.into_iter().enumerate() {
            self.estimator.sent_unnumbered(bytes, now);
            let flow = Some(if i < media { MEDIA } else { PROBE });
            let number = self.number;
            self.number = self.number.wrapping_add(u16::from(i < media));
            let has_room = self.push(Packet { flow, number, bytes });
            self.sent.push((self.time, has_room));
        }
        if self.time >= self.report_due && self.filling.is_none() {
            let number = self.reports.len() as u16;
            self.reports.push(self.time);
            self.push(Packet {
                flow: Some(REPORT),
                number,
                bytes: REPORT_BYTES,
            });
            self.report_due = self.time
                + match self.estimator.awaits_echo() {
                    true => REPORT_INTERVAL_LONG,
                    false => REPORT_INTERVAL,
                };
        }
    }

    /// False: there was no room for it.
    fn push(&mut self, packet: Packet) -> bool {
        let has_room = self.link.push(self.time, packet);
        if has_room {
            self.flying.push_back(self.time);
        }
        has_room
    }

    fn hear(&mut self, said: Said, now: Instant) {
        let last = self.reports.len().wrapping_sub(1) as u16;
        let echo = said
            .answers
            .filter(|(number, _)| *number == last)
            .map(|(number, held)| {
                let left = self.reports[usize::from(number)];
                Echo {
                    asked: self.epoch + Duration::from_micros(left as u64),
                    round_trip: Duration::from_micros((self.time - left - held) as u64),
                }
            });
        self.estimator.report(said.lost as f32, echo, now);
        if let Some(remb) = said.remb {
            self.estimator.remb(remb, now);
        }
    }

    /// The first time from `since` on, in seconds, at which something holds.
    pub fn first(&self, since: f64, holds: impl Fn(&Moment) -> bool) -> Option<f64> {
        let since = (since * S as f64) as i64;
        let found = self.moments.iter().find(|moment| moment.time >= since && holds(moment));
        found.map(|moment| moment.time as f64 / S as f64)
    }

    pub fn mean(&self, seconds: Range<i64>) -> f64 {
        let within = self
            .moments
            .iter()
            .filter(|moment| seconds.contains(&(moment.time / S)));
        let estimates: Vec<f64> = within.map(|moment| moment.estimate).collect();
        estimates.iter().sum::<f64>() / estimates.len() as f64
    }

    /// The highest part of the packets of any second between these that the queue had no room for.
    pub fn worst_loss(&self, seconds: Range<i64>) -> f64 {
        let (mut worst, mut begin, mut lost): (f64, usize, usize) = (0.0, 0, 0);
        for (end, &(time, has_room)) in self.sent.iter().enumerate() {
            lost += usize::from(!has_room);
            while self.sent[begin].0 <= time - S {
                lost -= usize::from(!self.sent[begin].1);
                begin += 1;
            }
            if seconds.contains(&(time / S)) {
                worst = worst.max(lost as f64 / (end + 1 - begin) as f64);
            }
        }
        worst
    }

    /// Says what was measured; if that is not as it should be, with the way that the talk took.
    pub fn check(&self, holds: bool, measured: &str) {
        println!("    {measured}");
        let way = self.moments.iter().filter(|moment| moment.time % (S / 2) == 0);
        let way: Vec<String> = way
            .map(|moment| {
                let (time, estimate) = (moment.time as f64 / S as f64, moment.estimate / 1e3);
                format!("{time:8.1} {estimate:8.0} {:8.0}", moment.pictures / 1e3)
            })
            .collect();
        assert!(holds, "{measured}\n    time estimate pictures\n{}", way.join("\n"));
    }
}
