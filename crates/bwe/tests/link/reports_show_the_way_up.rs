//! Without transport-wide feedback the estimate rises as far as the way carries, and does no harm by it.

use crate::link::{Link, S};
use crate::reports::{Remb, Talk};
use crate::source::Source;

const WIDE: f64 = 3.3e6;

fn layers() -> Source {
    Source::Layers(vec![150e3, 500e3, 1500e3, 2500e3, 3500e3])
}

/// From the start value to 3 Mbit/s within 15 seconds, and no second with more than a tenth lost.
fn rises(link: Link, remb: Remb) {
    let mut talk = Talk::new(link, layers(), remb);
    talk.run_until(60);
    let reached = talk.first(0.0, |moment| moment.estimate >= 3e6);
    talk.check(
        reached.is_some_and(|time| time <= 15.0),
        &format!("3 Mbit/s after {reached:?} s"),
    );
    let worst = talk.worst_loss(0..60);
    talk.check(worst <= 0.1, &format!("{worst:.3} lost in the worst second"));
    let part = talk.mean(20..60) / WIDE;
    talk.check(
        (0.8..1.1).contains(&part),
        &format!("{part:.2} of the link, the mean estimate"),
    );
}

#[test]
fn of_a_client_that_only_reports() {
    rises(Link::new(WIDE), Remb::None);
}

#[test]
fn where_the_queue_is_short_too() {
    let mut link = Link::new(WIDE);
    link.queue_max = 20_000;
    rises(link, Remb::None);
}

#[test]
fn where_the_queue_is_long_too() {
    let mut link = Link::new(WIDE);
    link.queue_max = 400_000;
    rises(link, Remb::None);
}

#[test]
fn of_a_client_that_says_how_much_it_can_take_as_far_as_it_saw() {
    rises(Link::new(WIDE), Remb::Measured);
}

#[test]
fn of_a_client_that_will_take_no_more_than_it_says_it_stays_there() {
    let mut talk = Talk::new(Link::new(WIDE), layers(), Remb::Fixed(500_000));
    talk.run_until(90);
    let mean = talk.mean(20..90);
    talk.check(
        (450e3..700e3).contains(&mean),
        &format!("{mean:.0} bit/s, the mean estimate"),
    );
}

#[test]
fn on_a_narrow_way_it_is_tried_without_more_than_a_tenth_lost() {
    for (capacity, queue_max) in [(250e3, 50_000), (400e3, 12_500), (400e3, 5_000), (1e6, 12_500)] {
        let mut link = Link::new(capacity);
        link.queue_max = queue_max;
        let mut talk = Talk::new(link, layers(), Remb::None);
        talk.run_until(90);
        let worst = talk.worst_loss(5..90);
        talk.check(
            worst <= 0.1,
            &format!("{worst:.3} lost in the worst second, {capacity} bit/s, a queue of {queue_max} bytes"),
        );
        let part = talk.mean(20..90) / capacity;
        talk.check(
            (0.6..1.25).contains(&part),
            &format!("{part:.2} of the link, the mean estimate"),
        );
    }
}

#[test]
fn a_drop_is_noticed_and_its_end() {
    let mut link = Link::new(WIDE);
    link.capacity.push((30 * S, 0.5e6));
    link.capacity.push((50 * S, WIDE));
    let mut talk = Talk::new(link, layers(), Remb::None);
    talk.run_until(90);
    let noticed = talk.first(30.0, |moment| moment.estimate < 700e3);
    talk.check(
        noticed.is_some_and(|time| time <= 40.0),
        &format!("below 700 kbit/s at {noticed:?}"),
    );
    let back = talk.first(50.0, |moment| moment.estimate > 2.5e6);
    talk.check(back.is_some_and(|time| time <= 75.0), &format!("back at {back:?}"));
}
