//! What a client receives, without a WebRTC stack: streams, their gaps, and what has to be asked for again.

use std::collections::BTreeMap;

use tertulia_sfu::rtcp::ReportBlock;
use tertulia_sfu::rtp::{RtpHeader, SequenceUnwrapper};

use crate::clock;

/// How often a lost packet is asked for, and how long after the last time, in µs.
const NACK_TRIES: u32 = 10;
const NACK_INTERVAL: u64 = 50_000;
/// Gaps longer than this are not asked for.
const GAP_MAX: u64 = 512;

#[derive(Debug, Clone, Copy)]
struct Missing {
    tries: u32,
    due: u64,
}

/// One receiving section: a media stream and its RTX stream.
#[derive(Debug)]
pub struct Stream {
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
    pub video: bool,
    sequence: SequenceUnwrapper,
    first: u64,
    received: u64,
    missing: BTreeMap<u64, Missing>,
    /// Transit time of the last packet and the jitter, in units of the stream's clock (RFC 3550 §6.4.1).
    transit: i64,
    jitter: f64,
    expected_before: u64,
    received_before: u64,
    /// The middle of the last sender report's time, and when it came.
    last_sr: Option<(u32, u64)>,
    /// Packets asked for; packets that came as RTX and were missing; packets given up.
    pub nacked: u64,
    pub repaired: u64,
    pub given_up: u64,
}

impl Stream {
    pub fn new(ssrc: u32, rtx_ssrc: Option<u32>, video: bool) -> Stream {
        Stream {
            ssrc,
            rtx_ssrc,
            video,
            sequence: SequenceUnwrapper::new(),
            first: 0,
            received: 0,
            missing: BTreeMap::new(),
            transit: 0,
            jitter: 0.0,
            expected_before: 0,
            received_before: 0,
            last_sr: None,
            nacked: 0,
            repaired: 0,
            given_up: 0,
        }
    }

    /// Takes note of a media packet and of the gap before it.
    pub fn take(&mut self, header: &RtpHeader, arrived: u64) {
        let before = self.sequence.highest();
        let number = self.sequence.unwrap(header.sequence_number);
        self.received += 1;
        if before.is_none() {
            self.first = number;
        }
        self.take_gap(before, number, arrived);
        self.missing.remove(&number);
        let clock = if self.video { 90 } else { 48 };
        let transit = (arrived * clock / 1000) as i64 - i64::from(header.timestamp);
        let change = if before.is_some() {
            (transit - self.transit).abs()
        } else {
            0
        };
        self.transit = transit;
        // A new publisher in the section moves the clock: no jitter.
        if change < 90_000 {
            self.jitter += (change as f64 - self.jitter) / 16.0;
        }
    }

    /// Takes note of a packet that came again (RFC 4588): `original` is its number in the media stream. False: it was here already, so
    /// it is there to try how wide the way is.
    pub fn take_repair(&mut self, original: u16, arrived: u64) -> bool {
        let before = self.sequence.highest();
        let number = self.sequence.unwrap(original);
        // The last before a pause comes again before any packet showed the gap, where feedback told the server of the loss.
        let is_ahead = before.is_some_and(|before| number > before);
        if is_ahead {
            self.take_gap(before, number, arrived);
        }
        let is_new = is_ahead || self.missing.remove(&number).is_some();
        self.repaired += u64::from(is_new);
        self.received += u64::from(is_new);
        is_new
    }

    fn take_gap(&mut self, before: Option<u64>, number: u64, arrived: u64) {
        let before = before.filter(|&before| self.video && number > before + 1 && number - before < GAP_MAX);
        if let Some(before) = before {
            let new = Missing { tries: 0, due: arrived };
            self.missing.extend((before + 1..number).map(|number| (number, new)));
        }
    }

    pub fn has_gaps(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Numbers to ask for now. Those asked for often enough are given up.
    pub fn wanted(&mut self, now: u64) -> Vec<u16> {
        let (mut wanted, mut given_up) = (Vec::new(), 0);
        self.missing.retain(|&number, missing| {
            if missing.due > now {
                return true;
            }
            if missing.tries == NACK_TRIES {
                given_up += 1;
                return false;
            }
            *missing = Missing {
                tries: missing.tries + 1,
                due: now + NACK_INTERVAL,
            };
            wanted.push(number as u16);
            true
        });
        self.given_up += given_up;
        self.nacked += wanted.len() as u64;
        wanted
    }

    pub fn take_sender_report(&mut self, ntp: u64, now: u64) {
        self.last_sr = Some(((ntp >> 16) as u32, now));
    }

    /// For the receiver report; `None` before the first packet.
    pub fn report(&mut self, now: u64) -> Option<ReportBlock> {
        let highest = self.sequence.highest()?;
        let expected = highest - self.first + 1;
        let (expected_now, received_now) = (expected - self.expected_before, self.received - self.received_before);
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost_now = expected_now.saturating_sub(received_now);
        let (last_sr, delay) = match self.last_sr {
            Some((middle, at)) => (middle, ((now - at) * 65_536 / 1_000_000) as u32),
            None => (0, 0),
        };
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: (lost_now * 256 / expected_now.max(1)).min(255) as u8,
            cumulative_lost: (expected as i64 - self.received as i64) as i32,
            highest_sequence: (highest - (1 << 16)) as u32,
            jitter: self.jitter as u32,
            last_sr,
            delay_since_last_sr: delay,
        })
    }
}

/// Arrivals that the next transport-wide feedback tells of.
#[derive(Debug)]
pub struct Arrivals {
    sequence: SequenceUnwrapper,
    received: Vec<(u64, i64)>,
    base: Option<u64>,
    count: u8,
    /// Arrival times count from here: the field for them is short.
    origin: u64,
}

impl Arrivals {
    pub fn new() -> Arrivals {
        let origin = clock::now_us();
        Arrivals {
            sequence: SequenceUnwrapper::new(),
            received: Vec::new(),
            base: None,
            count: 0,
            origin,
        }
    }

    pub fn take(&mut self, number: u16, arrived: u64) {
        let number = self.sequence.unwrap(number);
        self.received.push((number, arrived.saturating_sub(self.origin) as i64));
    }

    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }

    /// Writes feedback on all arrivals, packet by packet: `write(serial, base, arrivals)` returns how many it took.
    pub fn report(&mut self, mut write: impl FnMut(u8, u64, &[(u64, i64)]) -> usize) {
        self.received.sort_unstable();
        self.received.dedup_by_key(|entry| entry.0);
        let base = self.base.unwrap_or(0);
        let late = self.received.partition_point(|entry| entry.0 < base);
        let mut rest = &self.received[late..];
        while let Some(first) = rest.first() {
            let base = self.base.unwrap_or(first.0);
            let taken = write(self.count, base, rest);
            if taken == 0 {
                break;
            }
            self.count = self.count.wrapping_add(1);
            self.base = Some(rest[taken - 1].0 + 1);
            rest = &rest[taken..];
        }
        self.received.clear();
    }
}
