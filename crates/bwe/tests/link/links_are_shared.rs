//! Two clients behind one link.

use crate::elastic::Elastic;
use crate::link::{Link, MS, S};
use crate::run::{Run, layers};
use crate::source::Source;

fn share(run: &Run, since: f64) -> f64 {
    let received = |flow: usize| {
        let mut moments = run.within(flow, since..f64::MAX).map(|moment| moment.received);
        let first = moments.next().unwrap();
        (moments.last().unwrap() - first) as f64
    };
    received(0) / (received(0) + received(1))
}

#[test]
fn by_two_that_take_all_they_may() {
    for capacity in [1e6, 3e6] {
        let mut run = Run::new(Link::new(capacity), vec![Source::Fluid(50e6), Source::Nothing]);
        run.run_until(20);
        run.flows[1].sender.replace(Source::Fluid(50e6), 20 * S);
        run.run_until(140);
        let part = share(&run, 50.0);
        run.check(
            (0.3..0.7).contains(&part),
            &format!("the first has {part:.2} of {capacity}"),
        );
        let received: u64 = run.moments.iter().map(|moments| moments.last().unwrap().received).sum();
        let used = received as f64 * 8.0 / 140.0 / capacity;
        run.check(used > 0.6, &format!("{used:.2} of the link is used"));
    }
}

#[test]
fn by_two_pictures() {
    let mut run = Run::new(Link::new(5e6), vec![layers(), layers()]);
    run.run_until(120);
    let part = share(&run, 30.0);
    run.check((0.3..0.7).contains(&part), &format!("the first has {part:.2}"));
}

#[test]
fn by_a_picture_and_a_download() {
    let mut run = Run::with(Link::new(3e6), layers());
    run.elastic = Some(Elastic::new(20 * S));
    run.run_until(100);
    let downloaded = run.elastic.as_ref().unwrap().bytes as f64 * 8.0 / 80.0 / 3e6;
    let part = run.mean(30.0..100.0) / 3e6;
    run.check(part > 0.15, &format!("{part:.2} of the link beside a download"));
    run.check(
        downloaded > 0.3,
        &format!("{downloaded:.2} of the link for the download"),
    );
}

#[test]
fn and_their_queue_is_not_kept_full() {
    let mut link = Link::new(1e6);
    link.queue_max = 150_000;
    let mut run = Run::new(link, vec![Source::Fluid(50e6), Source::Nothing]);
    run.run_until(20);
    run.flows[1].sender.replace(Source::Fluid(50e6), 20 * S);
    run.run_until(140);
    let queues = run.within(0, 40.0..140.0).map(|moment| moment.queue / MS);
    let (sum, count) = queues.fold((0, 0), |(sum, count), queue| (sum + queue, count + 1));
    run.check(
        sum / count < 200,
        &format!("{} ms of 1200 is the mean queue", sum / count),
    );
}
