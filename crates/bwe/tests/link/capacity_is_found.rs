//! The estimate comes near to what the link carries, and the picture to what fits.

use crate::link::{Link, MS};
use crate::run::{Run, layers, many_layers};
use crate::source::Source;

/// The estimate from 20 s on is between 70 and 105 % of `capacity` on the whole, and never far off.
fn finds(capacity: f64, source: Source) {
    let mut run = Run::with(Link::new(capacity), source);
    run.run_until(60);
    let part = run.mean(20.0..60.0) / capacity;
    run.check(
        (0.70..1.05).contains(&part),
        &format!("{part:.2} of {:.1} Mbit/s, the mean estimate", capacity / 1e6),
    );
    let parts = run.within(0, 20.0..60.0).map(|moment| moment.estimate / capacity);
    let (low, high) = parts.fold((f64::MAX, 0.0), |(low, high): (f64, f64), part| {
        (low.min(part), high.max(part))
    });
    run.check(
        low > 0.5 && high < 1.25,
        &format!("between {low:.2} and {high:.2} of it, each estimate"),
    );
}

#[test]
fn of_300_kbit_a_second() {
    finds(300e3, many_layers());
}

#[test]
fn of_500_kbit_a_second() {
    finds(500e3, many_layers());
}

#[test]
fn of_1_mbit_a_second() {
    finds(1e6, many_layers());
}

#[test]
fn of_3_mbit_a_second() {
    finds(3e6, many_layers());
}

#[test]
fn of_10_mbit_a_second() {
    finds(10e6, many_layers());
}

#[test]
fn by_a_source_that_takes_all_it_may() {
    for capacity in [300e3, 500e3, 1e6, 3e6, 10e6] {
        finds(capacity, Source::Fluid(50e6));
    }
}

#[test]
fn within_seconds_and_without_a_long_queue() {
    let mut run = Run::with(Link::new(10e6), layers());
    run.run_until(10);
    let reached = run.first(0.0, |moment| moment.pictures >= 2500e3);
    run.check(
        reached.is_some_and(|time| time <= 2.0),
        &format!("{reached:?} s until the best layer"),
    );

    let mut run = Run::with(Link::new(1e6), layers());
    run.run_until(60);
    let longest = run.within(0, 5.0..60.0).map(|moment| moment.queue).max().unwrap();
    run.check(longest < 250 * MS, &format!("{} ms is the longest queue", longest / MS));
}

#[test]
fn nothing_is_probed_when_nobody_wants_more() {
    let mut run = Run::with(Link::new(10e6), Source::Layers(vec![150e3]));
    run.run_until(30);
    run.check(run.flows[0].probes == 0, &format!("{} probes", run.flows[0].probes));
}
