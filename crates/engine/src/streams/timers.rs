//! When each stream is to be looked at: one time a stream, and only ever moved when it must be earlier.

use std::collections::BTreeSet;
use std::time::Instant;

/// A deadline that moves with every message would cost with every message. So a stream is looked at when its deadline *was*,
/// and then told its new one.
#[derive(Default)]
pub(super) struct Timers {
    order: BTreeSet<(Instant, u32)>,
}

impl Timers {
    pub fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// One that is due, taken out.
    pub fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let (at, stream) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.order.pop_first();
        Some(stream)
    }

    /// `armed` is the stream's own note of when it is in here.
    pub fn arm(&mut self, stream: u32, armed: &mut Option<Instant>, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if armed.is_none_or(|armed| deadline < armed) {
            self.disarm(stream, armed);
            self.order.insert((deadline, stream));
            *armed = Some(deadline);
        }
    }

    pub fn disarm(&mut self, stream: u32, armed: &mut Option<Instant>) {
        if let Some(at) = armed.take() {
            self.order.remove(&(at, stream));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_stream_stands_once_and_at_its_earliest() {
        let start = Instant::now();
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        let (mut timers, mut armed) = (Timers::default(), None);
        for seconds in [30, 60, 10, 20] {
            timers.arm(7, &mut armed, at(seconds));
        }
        assert_eq!((timers.next(), timers.order.len()), (at(10), 1));
        assert_eq!(timers.pop_due(start), None);
        assert_eq!(timers.pop_due(start + Duration::from_secs(10)), Some(7));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_stream_that_is_disarmed_is_never_due() {
        let (now, mut timers, mut armed) = (Instant::now(), Timers::default(), None);
        timers.arm(1, &mut armed, Some(now));
        timers.disarm(1, &mut armed);
        assert_eq!((timers.pop_due(now), armed), (None, None));
    }
}
