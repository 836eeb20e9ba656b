//! Clients that send REMB or receiver reports alone.

use std::time::{Duration, Instant};

use tertulia_bwe::{Config, Echo, Estimator};

struct Client {
    estimator: Estimator,
    now: Instant,
}

impl Client {
    fn new() -> Client {
        let now = Instant::now();
        Client {
            estimator: Estimator::new(Config::default(), now),
            now,
        }
    }

    /// A report each second, and an estimate with it. There is nothing with which a probe could be made.
    fn seconds(&mut self, count: u32, lost: f32, remb: Option<u64>) -> u64 {
        for _ in 0..count {
            let round_trip = Duration::from_millis(50);
            let asked = self.now;
            self.now += Duration::from_secs(1);
            self.estimator.report(lost, Some(Echo { asked, round_trip }), self.now);
            if let Some(remb) = remb {
                self.estimator.remb(remb, self.now);
            }
            let _ = self.estimator.poll_probe(self.now);
        }
        self.estimator.estimate().bitrate
    }
}

#[test]
fn the_receivers_estimate_counts() {
    let mut client = Client::new();
    assert_eq!(client.seconds(5, 0.0, Some(900_000)), 900_000);
    assert_eq!(client.seconds(5, 0.0, Some(400_000)), 400_000);
    assert_eq!(client.estimator.estimate().round_trip, Some(Duration::from_millis(50)));
}

#[test]
fn a_receiver_that_sees_little_does_not_keep_the_next_layer_away() {
    let mut client = Client::new();
    client.estimator.wants(550_000, client.now);
    assert_eq!(client.seconds(20, 0.0, Some(280_000)), 550_000);
    client.estimator.wants(9_000_000, client.now);
    assert_eq!(client.seconds(60, 0.0, Some(280_000)), 700_000);
}

#[test]
fn reports_without_loss_raise_it_and_with_loss_lower_it() {
    let mut client = Client::new();
    client.estimator.wants(1_000_000, client.now);
    assert_eq!(client.seconds(60, 0.0, None), 1_000_000);
    let lossy = client.seconds(10, 0.3, None);
    assert!(lossy < 500_000, "{lossy}");
    assert_eq!(client.seconds(60, 0.0, None), 1_000_000);
}

#[test]
fn beside_transport_wide_feedback_they_are_not_heard() {
    let mut client = Client::new();
    client.answered(200);
    let before = client.estimator.estimate().bitrate;
    client.estimator.remb(10_000, client.now);
    client.estimator.report(0.9, None, client.now);
    assert_eq!(client.estimator.estimate().bitrate, before);
}

#[test]
fn feedback_on_sound_alone_says_nothing_of_pictures_that_leave_without_numbers() {
    let mut client = Client::new();
    client.estimator.sent_unnumbered(1000, client.now);
    client.answered(200);
    client.estimator.remb(100_000, client.now);
    assert_eq!(client.estimator.estimate().bitrate, 300_000, "it saw little yet");
    client.estimator.remb(80_000, client.now);
    assert_eq!(client.estimator.estimate().bitrate, 80_000);
    client.now += Duration::from_secs(10);
    client.answered(1);
    assert!(client.estimator.estimate().bitrate > 350_000, "there are none any more");
}

impl Client {
    /// So many packets with numbers, of 400 kbit/s, arrive.
    fn answered(&mut self, count: u16) {
        for i in 0..count {
            self.now += Duration::from_millis(10);
            self.estimator.sent(i, 500, self.now);
            let arrivals = [(i, Some(i64::from(i) * 10_000))];
            self.estimator.feedback(arrivals.into_iter(), self.now);
        }
    }
}
