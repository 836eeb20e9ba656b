//! Ways that are long, restless, wrong about the time, or not used for a while.

use crate::link::{Link, MS, S};
use crate::run::{Run, layers, many_layers};
use crate::source::Source;

fn finds(run: &Run, low: f64) {
    let part = run.mean(20.0..60.0) / 3e6;
    run.check((low..1.05).contains(&part), &format!("{part:.2} of the link"));
}

#[test]
fn a_constant_delay_of_300_ms_each_way() {
    let mut link = Link::new(3e6);
    link.propagation = 300 * MS;
    let mut run = Run::with(link, many_layers());
    run.run_until(60);
    finds(&run, 0.7);
}

#[test]
fn a_receivers_clock_that_runs_fast_or_slow() {
    for drift in [100, -100] {
        let mut run = Run::with(Link::new(3e6), many_layers());
        run.flows[0].receiver.drift = drift;
        run.run_until(60);
        finds(&run, 0.7);
    }
}

#[test]
fn jitter_as_of_a_radio_link() {
    let mut link = Link::new(3e6);
    link.jitter = 20 * MS;
    let mut run = Run::with(link, many_layers());
    run.run_until(60);
    finds(&run, 0.55);
}

#[test]
fn a_radio_link_that_sends_in_turns() {
    let mut link = Link::new(3e6);
    link.turn = 20 * MS;
    let mut run = Run::with(link, many_layers());
    run.run_until(60);
    finds(&run, 0.55);
}

#[test]
fn packets_that_leave_one_by_one() {
    let mut run = Run::with(Link::new(3e6), many_layers());
    run.flows[0].sender.spacing = 2500;
    run.run_until(60);
    finds(&run, 0.7);
}

#[test]
fn key_frames_are_not_taken_for_a_narrow_link() {
    let mut run = Run::with(Link::new(1e6), layers());
    run.flows[0].sender.key_frame_interval = S;
    run.run_until(60);
    let part = run.mean(10.0..60.0) / 1e6;
    run.check((0.85..1.1).contains(&part), &format!("{part:.2} of the link"));
    let lower = run
        .within(0, 10.0..60.0)
        .filter(|moment| moment.pictures < 500e3)
        .count();
    run.check(lower == 0, &format!("{lower} tenths of a second with a lower layer"));
}

#[test]
fn feedback_that_is_lost_in_part() {
    let mut run = Run::with(Link::new(3e6), many_layers());
    run.flows[0].hears = |time| time / (70 * MS) % 4 != 0;
    run.run_until(60);
    finds(&run, 0.7);
}

#[test]
fn half_a_minute_without_a_packet() {
    let mut run = Run::with(Link::new(3e6), many_layers());
    run.run_until(30);
    let before = run.mean(25.0..30.0);
    run.flows[0].sender.replace(Source::Nothing, 30 * S);
    run.run_until(60);
    run.flows[0].sender.replace(many_layers(), 60 * S);
    run.run_until(80);
    let kept = run.within(0, 32.0..80.0).map(|moment| moment.estimate / before);
    let (low, high) = kept.fold((f64::MAX, 0.0), |(low, high): (f64, f64), part| {
        (low.min(part), high.max(part))
    });
    run.check(
        low > 0.6 && high < 1.3,
        &format!("between {low:.2} and {high:.2} of what it was"),
    );
}

#[test]
fn a_little_sound_does_not_lower_what_is_known() {
    let mut run = Run::with(Link::new(3e6), many_layers());
    run.run_until(30);
    let before = run.mean(29.0..30.0);
    run.flows[0].sender.replace(Source::Layers(vec![20e3]), 30 * S);
    run.run_until(120);
    let kept = run.mean(110.0..120.0) / before;
    run.check(kept > 0.9, &format!("{kept:.2} of what it was"));
}
