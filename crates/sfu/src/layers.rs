//! What slots get of what is bound in them: which encoding, and which of them publishers need not send.

use crate::allocation::{Offer, assume_pixels, choose, lowest};
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
    /// Sets anew what a slot shall get, after its wish or what is bound in it changed.
    pub(crate) fn aim(&mut self, at: Index<Slot>, now: Instant) {
        let bound = self.slots.get(at).and_then(|slot| slot.binding);
        let offers = bound.map(|bound| self.offers(bound.source));
        self.aim_at(at, &offers.unwrap_or_default(), now);
    }

    /// As [`aim`](Sfu::aim) for all in which a source is bound, after one of its encodings changed.
    pub(crate) fn aim_viewers(&mut self, source: Index<Source>, now: Instant) {
        let viewers = self.sources.get(source).map(|source| source.viewers.clone());
        let offers = self.offers(source);
        for slot in viewers.unwrap_or_default() {
            self.aim_at(slot, &offers, now);
        }
        self.want(source, now);
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
            let ranks = [choose(slot.wish.pixels, &offers), lowest(&offers)];
            called_for |= ranks.iter().flatten().fold(0, |mask, rank| mask | 1 << rank);
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
        };
        encodings.zip(assume_pixels(&known)).map(offer).collect()
    }

    fn aim_at(&mut self, at: Index<Slot>, offers: &[Offer], now: Instant) {
        let Some(slot) = self.slots.get(at) else {
            return;
        };
        let source = slot.binding.and_then(|bound| self.sources.get(bound.source));
        let target = match source.filter(|_| !slot.is_unseen()) {
            // Where nothing flows, whatever comes first is better than what does not come.
            Some(source) => match choose(slot.wish.pixels, offers).or_else(|| lowest(offers)) {
                Some(rank) => source.encodings.get(rank).copied(),
                None => None,
            },
            None => None,
        };
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
