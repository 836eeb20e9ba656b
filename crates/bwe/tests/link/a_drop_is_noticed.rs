//! A link that gets narrow all at once, and wide again.

use crate::link::{Link, MS, S};
use crate::run::{Run, layers};
use crate::source::Source;

const DROP: f64 = 20.0;
const RECOVERY: f64 = 50.0;

fn from_3_to_half_a_megabit() -> Run {
    let mut link = Link::new(3e6);
    link.capacity.push(((DROP * S as f64) as i64, 0.5e6));
    link.capacity.push(((RECOVERY * S as f64) as i64, 3e6));
    let mut run = Run::with(link, layers());
    run.run_until(80);
    run
}

#[test]
fn within_a_second_and_a_half() {
    let run = from_3_to_half_a_megabit();
    let before = run.mean(15.0..DROP);
    run.check(before > 2.4e6, &format!("{before:.0} bit/s before"));
    let noticed = run.first(DROP, |moment| moment.estimate < 600e3);
    run.check(
        noticed.is_some_and(|time| time <= DROP + 1.5),
        &format!("below 600 kbit/s at {noticed:?}"),
    );
    let drained = run.first(DROP + 1.0, |moment| moment.queue < 100 * MS);
    run.check(
        drained.is_some_and(|time| time <= DROP + 2.5),
        &format!("queue below 100 ms at {drained:?}"),
    );
    let longest = run
        .within(0, DROP + 3.5..RECOVERY)
        .map(|moment| moment.queue)
        .max()
        .unwrap();
    run.check(
        longest < 250 * MS,
        &format!("{} ms is the longest queue later", longest / MS),
    );
}

#[test]
fn and_its_end_within_fifteen() {
    let run = from_3_to_half_a_megabit();
    let low = run.mean(DROP + 5.0..RECOVERY) / 0.5e6;
    run.check((0.6..1.05).contains(&low), &format!("{low:.2} of the narrow link"));
    let back = run.first(RECOVERY, |moment| moment.estimate > 2.5e6);
    run.check(
        back.is_some_and(|time| time <= RECOVERY + 15.0),
        &format!("back at {back:?}"),
    );
    let pictures = run.first(RECOVERY, |moment| moment.pictures >= 2500e3);
    run.check(
        pictures.is_some_and(|time| time <= RECOVERY + 20.0),
        &format!("pictures back at {pictures:?}"),
    );
}

#[test]
fn a_way_that_is_cut_for_five_seconds_is_used_carefully_and_then_again() {
    let mut link = Link::new(3e6);
    link.capacity.push((20 * S, 0.0));
    link.capacity.push((25 * S, 3e6));
    let mut run = Run::with(link, layers());
    run.run_until(50);
    let cut = run.mean(23.0..25.0);
    run.check(cut < 0.3e6, &format!("{cut:.0} bit/s in the cut"));
    let back = run.first(25.0, |moment| moment.estimate > 2.5e6);
    run.check(back.is_some_and(|time| time <= 40.0), &format!("back at {back:?}"));
}

#[test]
fn cross_traffic_takes_its_part_and_gives_it_back() {
    let mut link = Link::new(3e6);
    link.cross = vec![(20 * S, 2e6), (40 * S, 0.0)];
    let mut run = Run::with(link, layers());
    run.run_until(60);
    let beside = run.mean(25.0..40.0);
    run.check(
        (0.6e6..1.6e6).contains(&beside),
        &format!("{beside:.0} bit/s beside 2 Mbit/s of 3"),
    );
    let longest = run.within(0, 25.0..40.0).map(|moment| moment.queue).max().unwrap();
    run.check(longest < 150 * MS, &format!("{} ms is the longest queue", longest / MS));
    let after = run.mean(55.0..60.0);
    run.check(after > 2.4e6, &format!("{after:.0} bit/s after it"));
}

/// However narrow it was, and whenever it ends: what is tried next, and what was tried last, may lie anywhere about it.
#[test]
fn the_best_of_three_sizes_is_back_within_ten_seconds() {
    for narrow in [200e3, 220e3, 300e3, 500e3] {
        let mut longest = 0.0f64;
        for end in 45..50 {
            let mut link = Link::new(3e6);
            link.queue_max = (narrow * 0.25 / 8.0) as usize;
            link.capacity.push((20 * S, narrow));
            link.capacity.push((end * S, 3e6));
            let mut run = Run::with(link, Source::Layers(vec![150e3, 500e3, 1500e3]));
            run.run_until(end + 20);
            let before = run.within(0, 15.0..20.0).all(|moment| moment.pictures >= 1500e3);
            run.check(before, "the best of them before");
            let back = run.first(end as f64, |moment| moment.pictures >= 1500e3);
            let took = back.map_or(f64::INFINITY, |time| time - end as f64);
            longest = longest.max(took);
            run.check(took <= 10.0, &format!("back {took:.1} s after {narrow} bit/s"));
        }
        println!("    {longest:.1} s at most after {narrow} bit/s");
    }
}
