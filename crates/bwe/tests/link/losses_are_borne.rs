//! Packets that are lost for no fault of ours.

use crate::link::{Link, S};
use crate::random::Random;
use crate::run::{Run, layers, many_layers};

fn with_loss(loss: f64) -> Run {
    let mut link = Link::new(3e6);
    link.loss = vec![(0, loss)];
    let mut run = Run::with(link, many_layers());
    run.run_until(90);
    run
}

fn keeps(loss: f64, part: f64) {
    let run = with_loss(loss);
    let kept = run.mean(20.0..90.0) / 3e6;
    run.check(kept >= part, &format!("{kept:.2} of the link at a loss of {loss}"));
}

#[test]
fn one_percent() {
    keeps(0.01, 0.85);
}

#[test]
fn five_percent() {
    keeps(0.05, 0.6);
}

#[test]
fn ten_percent_and_more_lower_the_estimate_but_it_lives() {
    for (loss, part) in [(0.1, 0.2), (0.15, 0.05)] {
        let run = with_loss(loss);
        let kept = run.mean(20.0..90.0) / 3e6;
        run.check(
            (part..1.0).contains(&kept),
            &format!("{kept:.2} of the link at a loss of {loss}"),
        );
    }
}

#[test]
fn a_third_for_five_seconds() {
    let mut link = Link::new(3e6);
    link.loss = vec![(0, 0.0), (20 * S, 0.3), (25 * S, 0.0)];
    let mut run = Run::with(link, many_layers());
    run.run_until(50);
    let before = run.mean(15.0..20.0);
    let lossy = run.mean(23.0..25.0) / before;
    run.check(lossy < 0.8, &format!("{lossy:.2} of what it was"));
    let back = run.first(25.0, |moment| moment.estimate > 0.9 * before);
    run.check(back.is_some_and(|time| time <= 40.0), &format!("back at {back:?}"));
}

#[test]
fn a_queue_so_short_that_nothing_is_delayed() {
    let mut link = Link::new(1e6);
    link.queue_max = 8_000;
    let mut run = Run::with(link, many_layers());
    run.run_until(60);
    let part = run.mean(20.0..60.0) / 1e6;
    run.check((0.3..1.2).contains(&part), &format!("{part:.2} of the link"));
    let lossy = run.within(0, 20.0..60.0).filter(|moment| moment.loss > 0.1).count();
    run.check(lossy < 80, &format!("{lossy} tenths of a second with high losses"));
}

/// Of the feedback half is lost, too.
fn with_half_lost(loss: Vec<(i64, f64)>, hears: fn(i64) -> bool) -> Run {
    let mut link = Link::new(3e6);
    link.loss = loss;
    let mut run = Run::with(link, layers());
    run.flows[0].hears = hears;
    run
}

fn half(time: i64) -> bool {
    Random(time as u64).fraction() < 0.5
}

#[test]
fn half_of_all_for_half_a_minute_leaves_the_least_and_no_less() {
    let mut run = with_half_lost(vec![(0, 0.0), (20 * S, 0.5), (50 * S, 0.0)], |time| {
        !(20 * S..50 * S).contains(&time) || half(time)
    });
    run.run_until(80);
    let least = run.first(20.0, |moment| moment.pictures <= 150e3);
    run.check(
        least.is_some_and(|time| time <= 27.0),
        &format!("the least picture from {least:?} s on"),
    );
    let estimates = run.within(0, 30.0..50.0).map(|moment| moment.estimate);
    let (low, high) = estimates.fold((f64::MAX, 0.0), |(low, high): (f64, f64), estimate| {
        (low.min(estimate), high.max(estimate))
    });
    run.check(
        low >= 100e3 && high <= 500e3,
        &format!("between {low:.0} and {high:.0} bit/s while it lasts"),
    );
    let back = run.first(50.0, |moment| moment.pictures >= 2500e3);
    run.check(back.is_some_and(|time| time <= 60.0), &format!("back at {back:?}"));
}

#[test]
fn half_of_all_from_the_first_packet_on_is_no_end() {
    let mut run = with_half_lost(vec![(0, 0.5), (30 * S, 0.0)], |time| time >= 30 * S || half(time));
    run.run_until(50);
    let low = run
        .within(0, 0.0..30.0)
        .map(|moment| moment.estimate)
        .fold(f64::MAX, f64::min);
    run.check(low >= 50e3, &format!("{low:.0} bit/s at least"));
    let back = run.first(30.0, |moment| moment.pictures >= 2500e3);
    run.check(back.is_some_and(|time| time <= 40.0), &format!("back at {back:?}"));
}
