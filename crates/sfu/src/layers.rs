//! What slots get of what is bound in them: which encoding, and which of them publishers need not send.

use crate::allocation::{Budget, Want, allocate, assume_bitrate, assume_pixels, choose, limit, lowest};
use crate::connection::Connection;
use crate::downlink::Outcome;
use crate::egress::Egress;
use crate::encoding::Encoding;
use crate::event::Event;
use crate::flow::TICK;
use crate::rtp::Layers;
use crate::sfu::Sfu;
use crate::slot::Slot;
use crate::source::Source;
use crate::stats::Reason;
use crate::steps::{Offer, Slower, Step, steps};
use crate::table::Index;
use crate::types::MediaKind;
use std::time::Instant;

impl Sfu {
    /// Sets anew what a slot shall get, after its wish or what is bound in it changed. Pictures that it gets others cannot
    /// have, so all of its connection are looked at.
    pub(crate) fn aim(&mut self, at: Index<Slot>, now: Instant) {
        match self.slots.get(at) {
            Some(slot) if slot.spec.kind == MediaKind::Video => self.share_out(slot.connection, now),
            _ => self.aim_at_the_only(at, now),
        }
    }

    /// As [`aim`](Sfu::aim) for all in which a source is bound, after one of its encodings changed.
    pub(crate) fn aim_viewers(&mut self, source: Index<Source>, now: Instant) {
        let viewers = self.sources.get(source).map(|source| source.viewers.clone());
        for slot in viewers.unwrap_or_default() {
            self.aim(slot, now);
        }
        self.want(source, now);
    }

    /// What is due on the way to a client: its layers, the estimator, a probe.
    pub(crate) fn handle_downlink(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let Some(downlink) = connection.downlink.as_mut().filter(|_| connection.connected) else {
            return;
        };
        downlink.estimator.handle_timeout(now);
        downlink.heard(now);
        if downlink.is_due(now) {
            self.share_out(at, now);
        }
        self.send_pieces(at, now, out);
        self.probe(at, now, out);
    }

    /// Tells the owner which encodings of a source are called for, if that changed.
    pub(crate) fn want(&mut self, at: Index<Source>, now: Instant) {
        let mut offers = self.offers(at);
        // What is not called for its publisher may have stopped.
        offers.iter_mut().for_each(|offer| offer.flows = true);
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        // Of sound nobody's wish is known, and without it nobody could be heard to speak.
        if source.spec.kind == MediaKind::Audio {
            return;
        }
        let all = (1u8 << source.encodings.len()) - 1;
        let mut called_for = source.called_for_elsewhere();
        let slots = source.viewers.iter().filter_map(|&slot| self.slots.get(slot));
        for slot in slots.filter(|slot| !slot.is_unseen()) {
            if let Some(best) = choose(slot.wish.pixels, &offers) {
                // With those below it, to which his way may bring him down at any time.
                let (steps, _) = steps(&offers, best, slot.wish.detail);
                called_for |= steps.iter().fold(0, |mask, step| mask | 1 << step.rank);
            }
            if called_for == all {
                break;
            }
        }
        if source.home.is_some() {
            return self.tell_home(at, called_for, now);
        }
        let told = source.wanted.update(called_for, now);
        let source = source.id;
        if let Some(wanted) = told {
            self.emit(Event::Encodings { source, wanted });
        }
        self.schedule_source(at);
    }

    /// An encoding begins to flow, or flows while nobody looks at the flows.
    pub(crate) fn flow_begins(&mut self, at: Index<Encoding>, is_new: bool, now: Instant) {
        let Some(encoding) = self.encodings.get(at) else {
            return;
        };
        let (source_at, rank) = (encoding.source, encoding.rank);
        if let Some(source) = self.sources.get_mut(source_at) {
            source.tick.get_or_insert(now + TICK);
        }
        if is_new {
            self.aim_viewers(source_at, now);
            return self.feed_from_the_start(source_at, rank);
        }
        self.schedule_source(source_at);
    }

    /// What is due to a source: its flows, and wishes that have gone for long enough.
    pub(crate) fn handle_source_due(&mut self, at: Index<Source>, now: Instant) {
        let Some(source) = self.sources.get(at) else {
            return;
        };
        if source.tick.is_some_and(|due| due <= now) {
            self.look_at_flows(at, now);
        }
        self.want(at, now);
    }

    fn look_at_flows(&mut self, at: Index<Source>, now: Instant) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        let frames: Vec<u32> = { source.encodings.iter() }
            .map(|&encoding| {
                self.encodings
                    .get(encoding)
                    .map_or(0, |encoding| encoding.flow.frames())
            })
            .collect();
        let (mut lively, mut stopped) = (false, false);
        for (rank, &encoding) in source.encodings.iter().enumerate() {
            let Some(encoding) = self.encodings.get_mut(encoding) else {
                continue;
            };
            let others = frames.iter().enumerate().filter(|(other, _)| *other != rank);
            let others = others.map(|(_, &frames)| frames).max().unwrap_or(0);
            lively |= encoding.flow.is_lively();
            encoding.layers.tick();
            if encoding.flow.tick(others, now) {
                stopped = true;
                encoding.demand.met();
            }
        }
        source.tick = lively.then_some(now + TICK);
        if !lively {
            for &encoding in &source.encodings {
                if let Some(encoding) = self.encodings.get_mut(encoding) {
                    encoding.flow.rest();
                }
            }
        }
        let resized = std::mem::take(&mut source.resized);
        if stopped || resized {
            self.aim_viewers(at, now);
        }
        self.tell_mirrors(at);
    }

    fn offers(&self, source: Index<Source>) -> Vec<Offer> {
        let Some(source) = self.sources.get(source) else {
            return Vec::new();
        };
        let encodings = source.encodings.iter().filter_map(|&index| self.encodings.get(index));
        let known: Vec<Option<u32>> = encodings.clone().map(Encoding::pixels).collect();
        let offers = encodings.zip(assume_pixels(&known));
        offers
            .flat_map(|(encoding, pixels)| offers_of(encoding, pixels))
            .collect()
    }

    /// Chooses for all slots of a connection which pictures they shall get.
    fn share_out(&mut self, at: Index<Connection>, now: Instant) {
        let Some(connection) = self.connections.get(at) else {
            return;
        };
        let is_for_pictures = |at: &Index<Slot>| {
            let slot = self.slots.get(*at);
            slot.is_some_and(|slot| slot.spec.kind == MediaKind::Video)
        };
        let slots: Vec<_> = connection.slots.iter().copied().filter(is_for_pictures).collect();
        let (mut wants, mut wanting) = (Vec::new(), Vec::new());
        for at in slots {
            match self.want_of(at) {
                Some((want, limit)) => {
                    wants.push(want);
                    wanting.push((at, limit));
                }
                None => self.idle(at, now),
            }
        }
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let mut downlink = connection.downlink.as_mut();
        if wants.is_empty() {
            return downlink.into_iter().for_each(|downlink| downlink.rest(now));
        }
        let budget = { downlink.as_mut() }.map_or(Budget::UNLIMITED, |downlink| downlink.budget(now));
        let allocation = allocate(budget, &wants);
        let gone_up = |(want, &chosen): (&Want, &Option<usize>)| want.now.is_some() && chosen > want.now;
        let gone_down = |(want, &chosen): (&Want, &Option<usize>)| chosen < want.now;
        let outcome = Outcome {
            raised: wants.iter().zip(&allocation.chosen).any(gone_up),
            lowered: wants.iter().zip(&allocation.chosen).any(gone_down),
            strained: allocation.strained,
            barren: allocation.chosen.iter().all(Option::is_none),
            lacking: allocation.lacking,
        };
        if let Some(downlink) = downlink {
            downlink.allocated(outcome, now);
        }
        for (((slot, limit), want), chosen) in wanting.into_iter().zip(wants).zip(allocation.chosen) {
            let reason = match chosen {
                None => Reason::Starved,
                Some(step) if step + 1 < want.steps.len() => Reason::Bandwidth,
                Some(_) => limit,
            };
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.reason = Some(reason);
                slot.best = want.steps.last().map(|step| step.rank);
            }
            let falls = want.now.is_some() && chosen.is_some() && chosen < want.now;
            self.give(slot, chosen.map(|step| want.steps[step]), falls, now);
        }
        self.schedule(at);
    }

    /// Nothing is in it, or nobody looks.
    fn idle(&mut self, at: Index<Slot>, now: Instant) {
        if let Some(slot) = self.slots.get_mut(at) {
            (slot.reason, slot.best) = (slot.binding.map(|_| Reason::Hidden), None);
        }
        self.listen(at, None, now);
    }

    /// What a slot for pictures is to be considered for, if something is in it and somebody looks, and why for no more.
    fn want_of(&self, at: Index<Slot>) -> Option<(Want, Reason)> {
        let slot = self.slots.get(at)?;
        let bound = slot.binding?;
        if slot.is_unseen() {
            return None;
        }
        let offers = self.offers(bound.source);
        let best = choose(slot.wish.pixels, &offers);
        let (steps, of_smallest) = match best {
            Some(best) => steps(&offers, best, slot.wish.detail),
            // Where nothing flows, whatever comes first is better than what does not come.
            None => (
                lowest(&offers).map(|at| anything_of(&offers[at])).into_iter().collect(),
                1,
            ),
        };
        let target = slot.target.and_then(|target| self.encodings.get(target));
        let now = target.and_then(|target| {
            let has = |step: &Step| step.rank == target.rank && slot.layers.cover(step.layers);
            // Where it has less than any step, layers have gone: the least of them is what it gets.
            steps
                .iter()
                .rposition(has)
                .or_else(|| steps.iter().position(|step| step.rank == target.rank))
        });
        let want = Want {
            priority: slot.wish.priority,
            steps,
            of_smallest,
            now,
            starved: slot.starved,
        };
        Some((want, limit(slot.wish.pixels, &offers, best)))
    }

    /// Sound has one encoding, and is sent whatever the way carries.
    fn aim_at_the_only(&mut self, at: Index<Slot>, now: Instant) {
        let slot = self.slots.get(at).filter(|slot| !slot.is_unseen());
        let bound = slot.and_then(|slot| slot.binding);
        let source = bound.and_then(|bound| self.sources.get(bound.source));
        let target = source.and_then(|source| source.encodings.first().copied());
        match (target, self.slots.get_mut(at)) {
            (Some(_), Some(slot)) => {
                slot.reason = Some(Reason::Best);
                self.listen(at, target, now);
            }
            _ => self.idle(at, now),
        }
        self.demand_start(at, now);
    }

    /// Has a slot for pictures get this; `falls`: it is less than it had, for more does not fit. None: nothing fits.
    fn give(&mut self, at: Index<Slot>, step: Option<Step>, falls: bool, now: Instant) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let starves = step.is_none() && !slot.starved;
        slot.starved = step.is_none();
        let (id, bound) = (slot.id, slot.binding);
        let source = bound.and_then(|bound| self.sources.get(bound.source));
        let target = source
            .zip(step)
            .and_then(|(source, step)| source.encodings.get(usize::from(step.rank)).copied());
        if let Some(step) = step {
            slot.layers = step.layers;
            slot.is_relieved = (slot.is_relieved || falls) && slot.current != target;
        }
        if let Some(bound) = bound.filter(|_| starves) {
            self.emit(Event::Starved {
                slot: id,
                source: bound.source_id,
            });
        }
        self.listen(at, target, now);
        self.demand_start(at, now);
    }

    /// Has a slot wait for an encoding; what it gets until then goes on. None: it gets nothing from now on.
    pub(crate) fn listen(&mut self, at: Index<Slot>, target: Option<Index<Encoding>>, now: Instant) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let before = [slot.current, slot.target];
        match target {
            Some(_) => slot.target = target,
            None => slot.rest(),
        }
        let after = [slot.current, slot.target];
        if let Some(joined) = target.filter(|_| !before.contains(&target))
            && let Some(encoding) = self.encodings.get_mut(joined)
        {
            encoding.listeners.push(at);
            let source = encoding.source;
            self.watch(source, now);
        }
        for left in before
            .into_iter()
            .flatten()
            .filter(|&left| !after.contains(&Some(left)))
        {
            self.leave(left, at, now);
        }
    }

    /// Takes a slot from the listeners of an encoding, if it was one.
    pub(crate) fn leave(&mut self, encoding: Index<Encoding>, slot: Index<Slot>, now: Instant) {
        let Some(encoding) = self.encodings.get_mut(encoding) else {
            return;
        };
        if let Some(at) = encoding.listeners.iter().position(|&listener| listener == slot) {
            encoding.listeners.swap_remove(at);
        }
        let source_at = encoding.source;
        let source = self.sources.get(source_at);
        let is_watched = source.is_some_and(|source| source.is_watched_elsewhere(encoding.rank));
        if encoding.listeners.is_empty() && !is_watched {
            encoding.demand.met();
        }
        self.watch(source_at, now);
    }
}

/// What a packet has around its payload, on an average one of pictures.
fn with_overhead(payload: u64) -> u64 {
    payload + payload / 16
}

/// What there is of one encoding: for each of its spatial layers a picture of its own, which has those below it in it unless they are
/// apart. Then each is named, also the highest: no more than is named is sent.
fn offers_of(encoding: &Encoding, pixels: u32) -> impl Iterator<Item = Offer> {
    let bitrate = match encoding.flow.bitrate() {
        0 => assume_bitrate(pixels),
        bitrate => with_overhead(bitrate),
    };
    let (rates, apart) = (&encoding.layers, encoding.sizes.are_apart());
    let highest = match apart {
        true => encoding.sizes.highest(),
        false => rates.highest_spatial().min(encoding.sizes.highest()),
    };
    let temporals = rates.highest_temporal();
    (0..=highest).map(move |layer| {
        let takes = move |layers| (bitrate as f64 * rates.share(layers, if apart { layer } else { 0 })) as u64;
        let spatial = if layer == highest && !apart {
            Layers::EVERY
        } else {
            layer
        };
        let slower = |temporal| Slower {
            temporal,
            bitrate: takes(Layers { spatial, temporal }),
            frame_rate: rates.frame_rate(temporal) as u32,
        };
        Offer {
            rank: encoding.rank,
            spatial,
            pixels: pixels >> (2 * (highest - layer)),
            flows: encoding.flow.flows(),
            bitrate: takes(Layers { spatial, ..Layers::ALL }),
            slower: (0..temporals).map(slower).collect(),
        }
    })
}

/// What a source that sends nothing may begin with.
fn anything_of(offer: &Offer) -> Step {
    Step {
        rank: offer.rank,
        layers: Layers::ALL,
        bitrate: 0,
    }
}
