//! Runs flows over a link, and keeps what happened.

use std::fmt::Write;
use std::ops::Range;

use tertulia_bwe::Config;

use crate::elastic::Elastic;
use crate::flow::Flow;
use crate::link::{Bottleneck, Link, MS, S, at};
use crate::source::Source;

/// What one flow did in a tenth of a second.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub time: i64,
    pub estimate: f64,
    pub acknowledged: f64,
    pub pictures: f64,
    pub loss: f32,
    pub queue: i64,
    pub capacity: f64,
    pub probes: usize,
    pub received: u64,
}

pub struct Run {
    pub flows: Vec<Flow>,
    pub link: Bottleneck,
    pub elastic: Option<Elastic>,
    pub time: i64,
    pub moments: Vec<Vec<Moment>>,
}

const SAMPLE: i64 = 100 * MS;

/// The layers of one picture.
pub fn layers() -> Source {
    Source::Layers(vec![150e3, 500e3, 1500e3, 2500e3])
}

/// Those of two pictures and a screen, added up.
pub fn many_layers() -> Source {
    Source::Layers(vec![150e3, 500e3, 1500e3, 2500e3, 4000e3, 6000e3, 8000e3, 12000e3])
}

impl Run {
    pub fn new(link: Link, sources: Vec<Source>) -> Run {
        let flow = |(i, source): (usize, Source)| Flow::new(Config::default(), source, 77 * (i as u64 + 1));
        Run {
            moments: vec![Vec::new(); sources.len()],
            flows: sources.into_iter().enumerate().map(flow).collect(),
            link: Bottleneck::new(link, 4711),
            elastic: None,
            time: 0,
        }
    }

    pub fn with(link: Link, source: Source) -> Run {
        Run::new(link, vec![source])
    }

    pub fn run_until(&mut self, seconds: i64) {
        while self.time < seconds * S {
            for (i, flow) in self.flows.iter_mut().enumerate() {
                flow.step(i, self.time, &mut self.link);
            }
            if let Some(elastic) = &mut self.elastic {
                elastic.step(self.flows.len(), self.time, &mut self.link);
            }
            self.time += MS;
            let back = self.link.link.propagation;
            self.link.advance(self.time, |packet, arrival| {
                match packet.flow.map(|flow| self.flows.get_mut(flow)) {
                    Some(Some(flow)) => flow.receiver.arrive(packet.number, packet.bytes, arrival),
                    Some(None) => self
                        .elastic
                        .iter_mut()
                        .for_each(|elastic| elastic.arrive(arrival, back)),
                    None => {}
                }
            });
            if self.time % SAMPLE == 0 {
                self.sample();
            }
        }
    }

    fn sample(&mut self) {
        for (flow, moments) in self.flows.iter().zip(&mut self.moments) {
            let estimate = flow.estimator.estimate();
            moments.push(Moment {
                time: self.time,
                estimate: estimate.bitrate as f64,
                acknowledged: estimate.acknowledged as f64,
                pictures: flow.sender.bitrate(),
                loss: estimate.loss,
                queue: self.link.delay(self.time),
                capacity: at(&self.link.link.capacity, self.time),
                probes: flow.probes,
                received: flow.receiver.bytes,
            });
        }
    }

    pub fn within(&self, flow: usize, seconds: Range<f64>) -> impl Iterator<Item = &Moment> {
        let (begin, end) = ((seconds.start * S as f64) as i64, (seconds.end * S as f64) as i64);
        self.moments[flow]
            .iter()
            .filter(move |moment| (begin..end).contains(&moment.time))
    }

    /// The mean of the first flow's estimate.
    pub fn mean(&self, seconds: Range<f64>) -> f64 {
        let (sum, count) = self
            .within(0, seconds)
            .fold((0.0, 0.0), |(sum, count), moment| (sum + moment.estimate, count + 1.0));
        sum / count
    }

    /// The first time from `since` on, in seconds, at which something holds of the first flow.
    pub fn first(&self, since: f64, holds: impl Fn(&Moment) -> bool) -> Option<f64> {
        let found = self.within(0, since..f64::MAX).find(|moment| holds(moment));
        found.map(|moment| moment.time as f64 / S as f64)
    }

    /// Says what was measured (`--nocapture` shows it); if that is not as it should be, with the way that the run took.
    pub fn check(&self, holds: bool, measured: &str) {
        println!("    {measured}");
        assert!(holds, "{measured}\n{}", self.trajectory());
    }

    /// Twice a second, in kbit/s.
    pub fn trajectory(&self) -> String {
        let mut text = String::new();
        for (i, moments) in self.moments.iter().enumerate() {
            let _ = writeln!(
                text,
                "flow {i}\n    time capacity estimate    acked pictures  loss  queue ms probes"
            );
            for moment in moments.iter().filter(|moment| moment.time % (5 * SAMPLE) == 0) {
                let Moment {
                    time,
                    queue,
                    loss,
                    probes,
                    ..
                } = moment;
                let (time, queue) = (*time as f64 / S as f64, queue / MS);
                let [capacity, estimate, acknowledged, pictures] =
                    [moment.capacity, moment.estimate, moment.acknowledged, moment.pictures].map(|rate| rate / 1e3);
                let _ = writeln!(
                    text,
                    "{time:8.1} {capacity:8.0} {estimate:8.0} {acknowledged:8.0} {pictures:8.0} {loss:5.2} {queue:9} {probes:6}"
                );
            }
        }
        text
    }
}
