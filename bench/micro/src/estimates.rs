//! What bandwidth estimation costs a packet: telling the estimator that it was sent, and reading the feedback on it. The
//! parsing of the feedback is not counted. Every estimator takes its turn with a frame of five packets, as viewers do in a
//! fan-out; in the cold rows something else has used the caches before each round.
//!
//! `tertulia-bench-estimates [ROUNDS]` prints nanoseconds per packet: the median of so many rounds (1000).

use std::hint::black_box;
use std::time::{Duration, Instant};

use tertulia_bwe::{Config, Estimator};

const ESTIMATORS: [usize; 3] = [1, 100, 500];
const PACKET: usize = 1130;
const FRAME: u16 = 5;
/// Frames to each feedback.
const FRAMES: u16 = 2;
const FRAME_INTERVAL: Duration = Duration::from_millis(31);
/// More than the caches of most machines hold.
const EVICTION: usize = 64 << 20;
const LINE: usize = 64;
/// Rounds until everything has its size.
const WARM_UP: u64 = 100;

struct Bench {
    estimators: Vec<Estimator>,
    begin: Instant,
    now: Instant,
    number: u16,
}

impl Bench {
    fn new(estimators: usize) -> Bench {
        let now = Instant::now();
        Bench {
            estimators: (0..estimators)
                .map(|_| Estimator::new(Config::default(), now))
                .collect(),
            begin: now,
            now,
            number: 0,
        }
    }

    /// Two frames and a feedback for each estimator; how long sending and feedback took.
    fn round(&mut self) -> (Duration, Duration) {
        let first = self.number;
        let started = Instant::now();
        for _ in 0..FRAMES {
            self.now += FRAME_INTERVAL;
            for estimator in &mut self.estimators {
                (0..FRAME).for_each(|i| estimator.sent(self.number.wrapping_add(i), PACKET, self.now));
            }
            self.number = self.number.wrapping_add(FRAME);
        }
        let sent = started.elapsed();
        let arrived = self.now.duration_since(self.begin).as_micros() as i64;
        let heard = self.now + Duration::from_millis(20);
        let started = Instant::now();
        for estimator in &mut self.estimators {
            let statuses = (0..FRAMES * FRAME).map(|i| {
                let frames_before = i64::from(FRAMES - 1 - i / FRAME);
                let arrival = arrived - frames_before * FRAME_INTERVAL.as_micros() as i64 + i64::from(i % FRAME) * 500;
                (first.wrapping_add(i), Some(arrival))
            });
            estimator.feedback(statuses, heard);
            black_box(estimator.estimate());
        }
        (sent, started.elapsed())
    }
}

/// Nanoseconds per packet of sending and of feedback.
fn measure(estimators: usize, rounds: u64, cold: bool) -> (f64, f64) {
    let mut bench = Bench::new(estimators);
    (0..WARM_UP).for_each(|_| {
        bench.round();
    });
    let mut eviction = vec![0u8; if cold { EVICTION } else { 0 }];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        eviction
            .iter_mut()
            .step_by(LINE)
            .for_each(|byte| *byte = byte.wrapping_add(1));
        black_box(&eviction);
        let (sent, feedback) = bench.round();
        times[0].push(sent);
        times[1].push(feedback);
    }
    let packets = (estimators * usize::from(FRAMES * FRAME)) as f64;
    let [sent, feedback] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64 / packets
    });
    (sent, feedback)
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000)
        .max(1);
    println!(
        "An estimator takes {} bytes, and 8 for each packet in flight.\n",
        size_of::<Estimator>()
    );
    print!("| ns per packet, sent + feedback |");
    ESTIMATORS.iter().for_each(|count| print!(" {count} estimators |"));
    println!("\n|---|{}", "---|".repeat(ESTIMATORS.len()));
    for (cold, name) in [(false, "warm caches"), (true, "cold caches")] {
        print!("| {name} |");
        for count in ESTIMATORS {
            let (sent, feedback) = measure(count, if cold { rounds / 10 + 1 } else { rounds }, cold);
            print!(" {sent:.0} + {feedback:.0} |");
        }
        println!();
    }
}
