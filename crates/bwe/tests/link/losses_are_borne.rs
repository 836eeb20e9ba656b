//! Packets that are lost for no fault of ours.

use crate::link::{Link, S};
use crate::run::{Run, many_layers};

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
