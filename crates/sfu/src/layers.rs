//! What slots get of what is bound in them: which encoding, and which of them publishers need not send.

use crate::allocation::{Offer, Want, allocate, assume_bitrate, assume_pixels, choose, lowest};
use crate::connection::Connection;
use crate::downlink::Outcome;
use crate::egress::Egress;
use crate::encoding::Encoding;
use crate::event::Event;
use crate::flow::TICK;
use crate::sfu::Sfu;
use crate::slot::Slot;
use crate::source::Source;
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
        let all = (1u8 << offers.len()) - 1;
        let mut called_for = 0;
        let slots = source.viewers.iter().filter_map(|&slot| self.slots.get(slot));
        for slot in slots.filter(|slot| !slot.is_unseen()) {
            if let Some(best) = choose(slot.wish.pixels, &offers) {
                // With those below it, to which his way may bring him down at any time.
                called_for |= steps(&offers, best).iter().fold(0, |mask, (rank, _)| mask | 1 << rank);
            }
            if called_for == all {
                break;
            }
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
        let Some(source_at) = self.encodings.get(at).map(|encoding| encoding.source) else {
            return;
        };
        if let Some(source) = self.sources.get_mut(source_at) {
            source.tick.get_or_insert(now + TICK);
        }
        match is_new {
            true => self.aim_viewers(source_at, now),
            false => self.schedule_source(source_at),
        }
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
    }

    fn offers(&self, source: Index<Source>) -> Vec<Offer> {
        let Some(source) = self.sources.get(source) else {
            return Vec::new();
        };
        let encodings = source.encodings.iter().filter_map(|&index| self.encodings.get(index));
        let known: Vec<Option<u32>> = encodings.clone().map(Encoding::pixels).collect();
        let offer = |(encoding, pixels): (&Encoding, u32)| Offer {
            pixels,
            flows: encoding.flow.flows(),
            bitrate: match encoding.flow.bitrate() {
                0 => assume_bitrate(pixels),
                bitrate => with_overhead(bitrate),
            },
        };
        encodings.zip(assume_pixels(&known)).map(offer).collect()
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
                Some(want) => {
                    wants.push(want);
                    wanting.push(at);
                }
                None => self.listen(at, None),
            }
        }
        let Some(downlink) = self
            .connections
            .get_mut(at)
            .and_then(|connection| connection.downlink.as_mut())
        else {
            return;
        };
        if wants.is_empty() {
            return downlink.rest(now);
        }
        let allocation = allocate(downlink.budget(now), &wants);
        let gone_up = |(want, &chosen): (&Want, &Option<usize>)| want.now.is_some() && chosen > want.now;
        let gone_down = |(want, &chosen): (&Want, &Option<usize>)| chosen < want.now;
        let outcome = Outcome {
            raised: wants.iter().zip(&allocation.chosen).any(gone_up),
            lowered: wants.iter().zip(&allocation.chosen).any(gone_down),
            lacking: allocation.lacking,
        };
        downlink.allocated(outcome, now);
        for ((slot, want), chosen) in wanting.into_iter().zip(wants).zip(allocation.chosen) {
            self.give(slot, chosen.map(|step| want.steps[step].0), now);
        }
        self.schedule(at);
    }

    /// What a slot for pictures is to be considered for, if something is in it and somebody looks.
    fn want_of(&self, at: Index<Slot>) -> Option<Want> {
        let slot = self.slots.get(at)?;
        let bound = slot.binding?;
        if slot.is_unseen() {
            return None;
        }
        let offers = self.offers(bound.source);
        let steps = match choose(slot.wish.pixels, &offers) {
            Some(best) => steps(&offers, best),
            // Where nothing flows, whatever comes first is better than what does not come.
            None => lowest(&offers).map(|rank| (rank, 0)).into_iter().collect(),
        };
        let target = slot.target.and_then(|target| self.encodings.get(target));
        let now = target.and_then(|target| steps.iter().position(|&(rank, _)| rank == usize::from(target.rank)));
        Some(Want {
            priority: slot.wish.priority,
            steps,
            now,
            starved: slot.starved,
        })
    }

    /// Sound has one encoding, and is sent whatever the way carries.
    fn aim_at_the_only(&mut self, at: Index<Slot>, now: Instant) {
        let slot = self.slots.get(at).filter(|slot| !slot.is_unseen());
        let bound = slot.and_then(|slot| slot.binding);
        let source = bound.and_then(|bound| self.sources.get(bound.source));
        let target = source.and_then(|source| source.encodings.first().copied());
        self.listen(at, target);
        self.demand_start(at, now);
    }

    /// Has a slot for pictures get an encoding, by its rank. None: nothing fits.
    fn give(&mut self, at: Index<Slot>, rank: Option<usize>, now: Instant) {
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        let starves = rank.is_none() && !slot.starved;
        slot.starved = rank.is_none();
        let (id, bound) = (slot.id, slot.binding);
        let source = bound.and_then(|bound| self.sources.get(bound.source));
        let target = source
            .zip(rank)
            .and_then(|(source, rank)| source.encodings.get(rank).copied());
        if let Some(bound) = bound.filter(|_| starves) {
            self.emit(Event::Starved {
                slot: id,
                source: bound.source_id,
            });
        }
        self.listen(at, target);
        self.demand_start(at, now);
    }

    /// Has a slot wait for an encoding; what it gets until then goes on. None: it gets nothing from now on.
    pub(crate) fn listen(&mut self, at: Index<Slot>, target: Option<Index<Encoding>>) {
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
        }
        for left in before
            .into_iter()
            .flatten()
            .filter(|&left| !after.contains(&Some(left)))
        {
            self.leave(left, at);
        }
    }

    /// Takes a slot from the listeners of an encoding, if it was one.
    pub(crate) fn leave(&mut self, encoding: Index<Encoding>, slot: Index<Slot>) {
        let Some(encoding) = self.encodings.get_mut(encoding) else {
            return;
        };
        if let Some(at) = encoding.listeners.iter().position(|&listener| listener == slot) {
            encoding.listeners.swap_remove(at);
        }
        if encoding.listeners.is_empty() {
            encoding.demand.met();
        }
    }
}

/// What a packet has around its payload, on an average one of pictures.
fn with_overhead(payload: u64) -> u64 {
    payload + payload / 16
}

/// The encodings that flow and are no larger than the best one, the smallest first, by rank and bitrate.
fn steps(offers: &[Offer], best: usize) -> Vec<(usize, u64)> {
    let fitting =
        |(rank, offer): &(usize, &Offer)| offer.flows && (*rank == best || offer.pixels < offers[best].pixels);
    let mut steps: Vec<_> = offers.iter().enumerate().filter(fitting).collect();
    steps.sort_by_key(|(_, offer)| offer.pixels);
    steps.into_iter().map(|(rank, offer)| (rank, offer.bitrate)).collect()
}
