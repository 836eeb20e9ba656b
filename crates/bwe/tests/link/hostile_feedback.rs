//! Clients that lie.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use tertulia_bwe::{Config, Echo, Estimator};

#[derive(Debug, Clone)]
enum Step {
    Send {
        skipped: u16,
        bytes: usize,
    },
    Wait(u64),
    Feedback(Vec<(u16, Option<i64>)>),
    /// So many numbers from one on, arrived at the same time.
    Flood(u16, i64),
    Remb(u64),
    Report(f32, u64),
    Wants(u64),
    Unnumbered(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let time = prop_oneof![any::<i64>(), -1_000_000..1_000_000i64];
    let status = (any::<u16>(), proptest::option::of(time.clone()));
    prop_oneof![
        4 => (prop_oneof![9 => Just(0), 1 => any::<u16>()], prop_oneof![0..2000usize, any::<usize>()])
            .prop_map(|(skipped, bytes)| Step::Send { skipped, bytes }),
        4 => prop_oneof![0..200_000u64, 0..100_000_000_000u64].prop_map(Step::Wait),
        4 => proptest::collection::vec(status, 0..50).prop_map(Step::Feedback),
        1 => (any::<u16>(), time).prop_map(|(first, arrival)| Step::Flood(first, arrival)),
        1 => any::<u64>().prop_map(Step::Remb),
        1 => (prop_oneof![any::<f32>(), Just(f32::NAN)], any::<u64>()).prop_map(|(lost, time)| Step::Report(lost, time)),
        1 => any::<u64>().prop_map(Step::Wants),
        1 => any::<u16>().prop_map(|bytes| Step::Unnumbered(bytes.into())),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_the_estimate_stays_between_its_bounds(steps in proptest::collection::vec(step(), 1..200)) {
        let mut now = Instant::now();
        let config = Config { start: 300_000, min: 50_000, max: 5_000_000 };
        let (mut estimator, mut number) = (Estimator::new(config, now), 0u16);
        for step in steps {
            match step {
                Step::Send { skipped, bytes } => {
                    number = number.wrapping_add(1).wrapping_add(skipped);
                    estimator.sent(number, bytes, now);
                }
                Step::Wait(micros) => now += Duration::from_micros(micros),
                Step::Feedback(statuses) => estimator.feedback(statuses.into_iter(), now),
                Step::Flood(first, arrival) => {
                    let statuses = (0..u32::MAX).map(|i| (first.wrapping_add(i as u16), Some(arrival)));
                    estimator.feedback(statuses, now);
                }
                Step::Remb(bitrate) => estimator.remb(bitrate, now),
                Step::Report(lost, time) => {
                    let round_trip = Duration::from_micros(time);
                    estimator.report(lost, Some(Echo { asked: now, round_trip }), now);
                }
                Step::Unnumbered(bytes) => estimator.sent_unnumbered(bytes, now),
                Step::Wants(bitrate) => estimator.wants(bitrate, now),
            }
            if let Some(probe) = estimator.poll_probe(now) {
                prop_assert!(probe.bitrate <= config.max);
            }
            if estimator.poll_timeout().is_some_and(|due| due <= now) {
                estimator.handle_timeout(now);
            }
            let estimate = estimator.estimate();
            prop_assert!((config.min..=config.max).contains(&estimate.bitrate), "{estimate:?}");
            prop_assert!((0.0..=1.0).contains(&estimate.loss), "{estimate:?}");
        }
    }

    /// Whatever it says about arrivals: no more than 1.5 times what was sent, unless a probe was.
    #[test]
    fn lies_about_arrivals_do_not_lift_the_estimate(arrivals in proptest::collection::vec(any::<i64>(), 600), speed in 1..100i64) {
        let begin = Instant::now();
        let mut estimator = Estimator::new(Config::default(), begin);
        let mut random = arrivals.iter();
        // 400 kbit/s for a minute; half the time a clock that is too slow, then one without any sense.
        for i in 0..6000u32 {
            let now = begin + Duration::from_millis(u64::from(i) * 10);
            estimator.sent(i as u16, 500, now);
            if i % 10 == 9 {
                let mut lie = |n: u32| if i < 3000 { i64::from(n) * 10_000 / speed } else { *random.next().unwrap_or(&0) };
                let statuses: Vec<_> = (i - 9..=i).map(|n| (n as u16, Some(lie(n)))).collect();
                estimator.feedback(statuses.into_iter(), now);
            }
        }
        prop_assert!(estimator.estimate().bitrate <= 1_500_000, "{:?}", estimator.estimate());
    }
}
