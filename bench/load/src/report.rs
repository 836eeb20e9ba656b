//! Figures of a run, and whether they may be believed.

use serde_json::{Map, Value, json};

/// The generator is too slow where its threads, or its sending, exceed these.
const LATENESS_MAX_US: u32 = 5_000;
const BUSY_MAX: f64 = 0.9;

/// Of a list of durations; `None` of an empty one.
pub fn quantile(values: &mut [u32], part: f64) -> Option<u32> {
    if values.is_empty() {
        return None;
    }
    let at = ((values.len() - 1) as f64 * part).round() as usize;
    Some(*values.select_nth_unstable(at).1)
}

/// p50, p99 and the highest, in milliseconds with two digits.
pub fn quantiles_ms(values: &mut [u32]) -> Value {
    let mut ms = |part| quantile(values, part).map(|us| round(f64::from(us) / 1000.0, 2));
    json!({"p50": ms(0.5), "p99": ms(0.99), "max": ms(1.0)})
}

pub fn round(value: f64, digits: i32) -> f64 {
    let factor = 10f64.powi(digits);
    (value * factor).round() / factor
}

/// What a run counted.
#[derive(Debug, Default)]
pub struct Tally {
    pub expected: u64,
    pub received: u64,
    pub forwarded: u64,
    pub dropped: u64,
    /// Of the dropped ones those that are never asked for again: sound.
    pub not_repairable: u64,
    pub nacked: u64,
    pub repaired: u64,
    pub duplicates: u64,
    pub strange: u64,
    pub unsealed: u64,
    pub feedback_sent: u64,
    pub pli_received: u64,
    pub key_frames: u64,
    pub resent: u64,
    pub socket_drops: u64,
    pub server_drops: u64,
    pub missing_flows: u64,
    pub lost_clients: u64,
    pub busy: f64,
    pub packet_delays: Vec<u32>,
    pub frame_delays: Vec<u32>,
    pub lateness: Vec<u32>,
    pub join_latency: Vec<u32>,
    pub connect_latency: Vec<u32>,
    pub faults: Vec<String>,
}

impl Tally {
    /// Whether the server lost packets, tracks or connections, and nothing else is amiss: then the figures are those of a server
    /// that could not hold the load.
    pub fn is_overload(&mut self) -> bool {
        let lost = self.expected.saturating_sub(self.received) > self.not_repairable;
        let reasons = usize::from(lost) + usize::from(self.missing_flows > 0) + usize::from(self.lost_clients > 0);
        reasons > 0 && self.invalid().len() == reasons
    }

    /// Why the figures may not be believed; empty when they may.
    pub fn invalid(&mut self) -> Vec<String> {
        let mut reasons = Vec::new();
        let lost = self.expected.saturating_sub(self.received);
        let mut check = |bad: bool, reason: String| reasons.extend(bad.then_some(reason));
        check(self.expected == 0, "no packet was sent in the measured time".into());
        check(
            lost > self.not_repairable,
            format!("{lost} of {} packets lost", self.expected),
        );
        check(self.strange > 0, format!("{} payloads that nobody sent", self.strange));
        check(
            self.unsealed > 0,
            format!("{} packets could not be decrypted", self.unsealed),
        );
        check(self.duplicates > 0, format!("{} packets came twice", self.duplicates));
        check(
            self.missing_flows > 0,
            format!("{} tracks never reached a viewer", self.missing_flows),
        );
        check(
            self.lost_clients > 0,
            format!("{} connections were lost", self.lost_clients),
        );
        check(
            self.socket_drops > 0,
            format!("the generator's sockets overflowed by {}", self.socket_drops),
        );
        check(
            self.busy > BUSY_MAX,
            format!("a thread of the generator was {:.0} % busy", self.busy * 100.0),
        );
        let late = quantile(&mut self.lateness, 0.99).unwrap_or(0);
        check(
            late > LATENESS_MAX_US,
            format!("the generator sent {:.1} ms late (p99)", f64::from(late) / 1000.0),
        );
        check(
            !self.faults.is_empty(),
            format!("signalling: {}", self.faults.first().cloned().unwrap_or_default()),
        );
        reasons
    }

    /// Everything that was counted.
    pub fn figures(&mut self) -> Map<String, Value> {
        let lost = self.expected.saturating_sub(self.received);
        let value = json!({
            "packets_expected": self.expected,
            "packets_forwarded": self.forwarded,
            "loss": round(lost as f64 / self.expected.max(1) as f64, 6),
            "packet_delay_ms": quantiles_ms(&mut self.packet_delays),
            "frame_delay_ms": quantiles_ms(&mut self.frame_delays),
            "join_ms": quantiles_ms(&mut self.join_latency),
            "connect_ms": quantiles_ms(&mut self.connect_latency),
            "dropped_on_purpose": self.dropped,
            "nacked": self.nacked,
            "repaired": self.repaired,
            "feedback_sent": self.feedback_sent,
            "pli_received": self.pli_received,
            "key_frames": self.key_frames,
            "resent_to_server": self.resent,
            "server_socket_drops": self.server_drops,
            "generator": {
                "busy": round(self.busy, 3),
                "send_lateness_ms": quantiles_ms(&mut self.lateness),
                "socket_drops": self.socket_drops,
            },
        });
        value.as_object().cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_values() {
        let mut values: Vec<u32> = (0..=100).rev().collect();
        assert_eq!(
            (quantile(&mut values, 0.5), quantile(&mut values, 0.99)),
            (Some(50), Some(99))
        );
        assert_eq!(quantile(&mut [], 0.5), None);
    }

    #[test]
    fn a_lost_packet_makes_a_run_invalid() {
        let mut tally = Tally {
            expected: 10,
            received: 10,
            ..Tally::default()
        };
        assert!(tally.invalid().is_empty());
        tally.received = 9;
        assert_eq!(tally.invalid(), ["1 of 10 packets lost"]);
        assert!(tally.is_overload());
        tally.busy = 1.0;
        assert!(!tally.is_overload());
    }
}
