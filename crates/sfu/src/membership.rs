//! Commands: what comes, goes and is bound to what.
//!
//! Each returns none where the command names something that is not there.

use crate::across::Message;
use crate::chunks::{Assembler, Packer};
use crate::command::{Binding, EncodingSpec, SlotSpec, SourceSpec, Wish};
use crate::connection::{Connection, Role};
use crate::downlink::Downlink;
use crate::egress::Egress;
use crate::encoding::{ENCODINGS_MAX, Encoding, EncodingId};
use crate::event::Event;
use crate::sfu::Sfu;
use crate::slot::{Bound, Slot};
use crate::source::Source;
use crate::table::Index;
use crate::transport::{Transport, TransportParams};
use crate::types::{CloseReason, ConnectionId, Extensions, IceCredentials, MediaKind, RoomKey, SlotId, SourceId};
use std::time::Instant;

impl Sfu {
    pub(crate) fn open(
        &mut self,
        id: ConnectionId,
        room: RoomKey,
        params: TransportParams,
        now: Instant,
        out: &mut impl Egress,
    ) -> Option<()> {
        if self.connections.contains(id) {
            return None;
        }
        self.counters.connections_opened += 1;
        let ufrag = params.local.ufrag.clone();
        let transport = match Transport::new(params, now) {
            Ok(transport) => transport,
            Err(error) => {
                self.counters.connections_closed += 1;
                self.emit(Event::Fault {
                    connection: id,
                    message: error.to_string(),
                });
                self.emit(Event::Disconnected {
                    connection: id,
                    reason: CloseReason::DtlsFailed,
                });
                return Some(());
            }
        };
        let connection = Connection::new(id, room, ufrag.clone(), transport, &self.config, now);
        let at = self.connections.insert(id, connection);
        self.by_fragment.insert(ufrag, at);
        self.rooms.entry(room).or_default().connections += 1;
        self.isolate(at, now, |sfu| sfu.poll_transport(at, None, now, out));
        Some(())
    }

    pub(crate) fn restart_ice(
        &mut self,
        id: ConnectionId,
        local: IceCredentials,
        remote: IceCredentials,
        now: Instant,
        out: &mut impl Egress,
    ) -> Option<()> {
        let at = self.connections.find(id)?;
        let connection = self.connections.get_mut(at)?;
        let before = std::mem::replace(&mut connection.ufrag, local.ufrag.clone());
        self.by_fragment.remove(&before);
        self.by_fragment.insert(local.ufrag.clone(), at);
        self.isolate(at, now, |sfu| {
            let connection = sfu.connections.get_mut(at);
            if let Some(transport) = connection.and_then(|connection| connection.transport.as_mut()) {
                transport.restart_ice(local, remote);
            }
            sfu.poll_transport(at, None, now, out);
        });
        Some(())
    }

    /// The client is told by DTLS, as far as a path exists.
    pub(crate) fn close(&mut self, id: ConnectionId, now: Instant, out: &mut impl Egress) -> Option<()> {
        let at = self.connections.find(id)?;
        self.isolate(at, now, |sfu| {
            let connection = sfu.connections.get_mut(at);
            if let Some(transport) = connection.and_then(|connection| connection.transport.as_mut()) {
                transport.close();
            }
            sfu.poll_transport(at, None, now, out);
        });
        self.disconnect(id, None, now);
        Some(())
    }

    /// Removes a connection with all that hangs on it. Without a reason nobody is told: it was the owner's wish.
    pub(crate) fn disconnect(&mut self, id: ConnectionId, reason: Option<CloseReason>, now: Instant) {
        let Some(at) = self.connections.find(id) else {
            return;
        };
        let owned = self.connections.get_mut(at).map(|connection| {
            let sources = std::mem::take(&mut connection.sources);
            (sources, std::mem::take(&mut connection.slots))
        });
        let (sources, slots) = owned.unwrap_or_default();
        let sources: Vec<_> = sources.iter().filter_map(|&s| Some(self.sources.get(s)?.id)).collect();
        let slots: Vec<_> = slots.iter().filter_map(|&s| Some(self.slots.get(s)?.id)).collect();
        for source in sources {
            self.remove_source(source, now);
        }
        for slot in slots {
            self.remove_slot(slot, now);
        }
        let Some((_, connection)) = self.connections.remove(id) else {
            return;
        };
        self.forget_member(at, connection.room);
        for remote in connection.paths.remotes() {
            if self.by_address.get(&remote) == Some(&at) {
                self.by_address.remove(&remote);
            }
        }
        if self.by_fragment.get(&connection.ufrag) == Some(&at) {
            self.by_fragment.remove(&connection.ufrag);
        }
        if let Some(room) = self.rooms.get_mut(&connection.room) {
            room.connections -= 1;
            if room.connections == 0 {
                self.rooms.remove(&connection.room);
            }
        }
        self.counters.connections_closed += 1;
        if let Some(reason) = reason {
            self.emit(Event::Disconnected { connection: id, reason });
        }
    }

    pub(crate) fn add_source(
        &mut self,
        connection: ConnectionId,
        id: SourceId,
        spec: SourceSpec,
        now: Instant,
    ) -> Option<()> {
        let at = self.connections.find(connection)?;
        let connection = self.connections.get_mut(at)?;
        if self.sources.contains(id) || !are_distinct(&spec.encodings) {
            return None;
        }
        merge(&mut connection.extensions, &spec.extensions);
        let (kind, encodings) = (spec.kind, spec.encodings.clone());
        let packer = connection.transport.is_none().then(Packer::default);
        let source = Source {
            packer,
            ..Source::new(id, at, connection.room, spec)
        };
        let source = self.sources.insert(id, source);
        connection.sources.push(source);
        for (rank, spec) in (0u8..).zip(encodings) {
            let (ssrc, rtx_ssrc) = (spec.ssrc, spec.rtx_ssrc);
            let encoding = Encoding::new(source, Some(at), rank, spec, kind, self.epochs.next());
            let index = self.encodings.insert(EncodingId { source: id, rank }, encoding);
            connection.encodings.push(index);
            self.sources.get_mut(source)?.encodings.push(index);
            // Where the table is full the encoding is learnt from its packets, when a place is free.
            let _ = ssrc.map(|ssrc| connection.streams.assign(ssrc, Role::Primary(index)));
            let _ = rtx_ssrc.map(|ssrc| connection.streams.assign(ssrc, Role::Rtx(index)));
        }
        self.want(source, now);
        Some(())
    }

    pub(crate) fn remove_source(&mut self, id: SourceId, now: Instant) -> Option<()> {
        let (at, source) = self.sources.remove(id)?;
        for mirror in &source.mirrors {
            self.mirrored -= 1;
            self.mail.push(mirror.worker, Message::Gone { source: id });
        }
        for &slot in &source.viewers {
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.bind(None);
            }
        }
        for rank in 0..source.encodings.len() as u8 {
            self.encodings.remove(EncodingId { source: id, rank });
        }
        let is_other = |encoding: &Index<Encoding>| !source.encodings.contains(encoding);
        self.ready.retain(is_other);
        self.holding.retain(is_other);
        let publisher = source.connection;
        if let Some(connection) = publisher.and_then(|publisher| self.connections.get_mut(publisher)) {
            connection.sources.retain(|&index| index != at);
            connection.encodings.retain(is_other);
            for (&encoding, spec) in source.encodings.iter().zip(&source.spec.encodings) {
                connection
                    .streams
                    .orphan(encoding, &source.spec.mid, spec.rid.as_deref());
            }
        }
        if publisher.is_some() {
            self.hush(source.room, id, now);
        }
        Some(())
    }

    pub(crate) fn enable_source(&mut self, id: SourceId, enabled: bool, now: Instant) -> Option<()> {
        let at = self.sources.find(id)?;
        let source = self.sources.get_mut(at)?;
        let changed = source.enabled != enabled;
        source.enabled = enabled;
        let (room, connection) = (source.room, source.connection);
        let viewers = source.viewers.clone();
        if changed {
            for &encoding in &source.encodings {
                let epoch = self.epochs.next();
                self.encodings.get_mut(encoding)?.interrupt(epoch);
            }
        }
        if enabled {
            viewers.iter().for_each(|&slot| self.demand_start(slot, now));
            connection.into_iter().for_each(|publisher| self.schedule(publisher));
        } else {
            self.hush(room, id, now);
        }
        Some(())
    }

    pub(crate) fn favour(&mut self, id: SourceId, favoured: bool) -> Option<()> {
        let at = self.sources.find(id)?;
        self.sources.get_mut(at)?.favoured = favoured;
        Some(())
    }

    pub(crate) fn add_slot(
        &mut self,
        connection: ConnectionId,
        id: SlotId,
        spec: SlotSpec,
        now: Instant,
    ) -> Option<()> {
        let at = self.connections.find(connection)?;
        let connection = self.connections.get_mut(at)?;
        if self.slots.contains(id) {
            return None;
        }
        let mut slot = Slot::new(id, at, spec);
        if connection.transport.is_some() {
            let estimate = self.config.estimate;
            let downlink = || Box::new(Downlink::new(estimate, now));
            connection.downlink.get_or_insert_with(downlink);
        } else {
            slot.assembler = Some(Box::new(Assembler::new(slot.spec.kind)));
        }
        let slot = self.slots.insert(id, slot);
        connection.slots.push(slot);
        Some(())
    }

    pub(crate) fn remove_slot(&mut self, id: SlotId, now: Instant) -> Option<()> {
        let at = self.slots.find(id)?;
        let before = self.slots.get(at)?.binding;
        self.unbind(at, now);
        if let Some(bound) = before {
            self.release_mirror(bound.source_id, now);
        }
        let (_, slot) = self.slots.remove(id)?;
        if let Some(connection) = self.connections.get_mut(slot.connection) {
            connection.slots.retain(|&index| index != at);
        }
        Some(())
    }

    pub(crate) fn bind(&mut self, id: SlotId, to: Option<Binding>, now: Instant, out: &mut impl Egress) -> Option<()> {
        let at = self.slots.find(id)?;
        let to = match to {
            None => None,
            Some(binding) => Some(Bound {
                source: self.sources.find(binding.source)?,
                source_id: binding.source,
                payload_type: binding.payload_type,
                rtx_payload_type: binding.rtx_payload_type,
                red_payload_type: binding.red_payload_type,
            }),
        };
        let slot = self.slots.get(at)?;
        let (kind, before) = (slot.spec.kind, slot.binding);
        if to.is_some_and(|bound| self.sources.get(bound.source).is_none_or(|s| s.spec.kind != kind)) {
            return None;
        }
        if slot.binding != to {
            self.unbind(at, now);
            self.slots.get_mut(at)?.bind(to);
            if let Some(bound) = to {
                self.sources.get_mut(bound.source)?.viewers.push(at);
            }
            if let Some(bound) = before {
                self.release_mirror(bound.source_id, now);
            }
        }
        self.look_again(at, now, out);
        Some(())
    }

    pub(crate) fn pause_slot(&mut self, id: SlotId, paused: bool, now: Instant, out: &mut impl Egress) -> Option<()> {
        let at = self.slots.find(id)?;
        self.slots.get_mut(at)?.paused = paused;
        self.look_again(at, now, out);
        Some(())
    }

    pub(crate) fn wish(&mut self, id: SlotId, wish: Wish, now: Instant, out: &mut impl Egress) -> Option<()> {
        let at = self.slots.find(id)?;
        self.slots.get_mut(at)?.wish = wish;
        self.look_again(at, now, out);
        Some(())
    }

    /// Of all its encodings that anybody gets or waits for; of all where nobody does.
    pub(crate) fn request_key_frame(&mut self, id: SourceId, now: Instant, out: &mut impl Egress) -> Option<()> {
        let source = self.sources.get(self.sources.find(id)?)?;
        let all = source.encodings.clone();
        let mut asked = all.clone();
        asked.retain(|&index| {
            let encoding = self.encodings.get(index);
            encoding.is_some_and(|e| !e.listeners.is_empty() || source.is_watched_elsewhere(e.rank))
        });
        let asked = if asked.is_empty() { &all } else { &asked };
        asked.iter().for_each(|&encoding| self.demand_key_frame(encoding, now));
        self.send_demands(*all.first()?, now, out);
        Some(())
    }

    pub(crate) fn crash(&mut self, id: ConnectionId, now: Instant) -> Option<()> {
        let at = self.connections.find(id)?;
        self.isolate(at, now, |_| panic!("crash of connection {id} was commanded"));
        Some(())
    }

    /// A viewer that is ready waits for a key frame: ask for one.
    pub(crate) fn demand_start(&mut self, at: Index<Slot>, now: Instant) {
        let Some(slot) = self.slots.get(at).filter(|slot| slot.spec.kind == MediaKind::Video) else {
            return;
        };
        let connected = self
            .connections
            .get(slot.connection)
            .is_some_and(|viewer| viewer.connected);
        let Some((at, encoding)) = slot.target.and_then(|at| Some((at, self.encodings.get(at)?))) else {
            return;
        };
        if connected
            && !slot
                .sequence
                .has_begun(encoding.epoch, slot.layers, encoding.sizes.are_apart())
        {
            self.demand_key_frame(at, now);
            self.ask_publisher(at, now);
        }
    }

    /// Asks the publisher with its next feedback.
    pub(crate) fn demand_key_frame(&mut self, at: Index<Encoding>, now: Instant) {
        if let Some(encoding) = self.encodings.get_mut(at)
            && let Some(source) = self.sources.get(encoding.source)
            && source.has_key_frames()
            && source.enabled
        {
            encoding.demand.raise(now);
        }
    }

    /// Sends what is due to the publisher of an encoding without waiting for its timer.
    pub(crate) fn send_demands(&mut self, encoding: Index<Encoding>, now: Instant, out: &mut impl Egress) {
        match self.encodings.get(encoding).map(|encoding| encoding.connection) {
            Some(Some(publisher)) => self.isolate(publisher, now, |sfu| sfu.send_feedback(publisher, now, out)),
            Some(None) => self.ask_publisher(encoding, now),
            None => {}
        }
    }

    /// After what a slot carries or what it shows changed.
    fn look_again(&mut self, at: Index<Slot>, now: Instant, out: &mut impl Egress) {
        self.aim(at, now);
        let slot = self.slots.get(at);
        if let Some(bound) = slot.and_then(|slot| slot.binding) {
            self.want(bound.source, now);
        }
        if let Some(target) = self.slots.get(at).and_then(|slot| slot.target) {
            self.send_demands(target, now, out);
        }
    }

    /// Takes out of a slot what is bound in it.
    fn unbind(&mut self, at: Index<Slot>, now: Instant) {
        self.listen(at, None, now);
        let Some(bound) = self.slots.get_mut(at).and_then(|slot| slot.binding) else {
            return;
        };
        if let Some(slot) = self.slots.get_mut(at) {
            slot.bind(None);
        }
        if let Some(source) = self.sources.get_mut(bound.source)
            && let Some(at) = source.viewers.iter().position(|&viewer| viewer == at)
        {
            source.viewers.swap_remove(at);
        }
        self.want(bound.source, now);
    }
}

/// There is one at least, and no two have a name or an SSRC in common.
fn are_distinct(encodings: &[EncodingSpec]) -> bool {
    let rids: Vec<&str> = encodings.iter().filter_map(|spec| spec.rid.as_deref()).collect();
    let ssrcs: Vec<u32> = encodings
        .iter()
        .flat_map(|spec| [spec.ssrc, spec.rtx_ssrc])
        .flatten()
        .collect();
    let has_twins = (1..rids.len()).any(|i| rids[..i].contains(&rids[i]));
    let shares = (1..ssrcs.len()).any(|i| ssrcs[..i].contains(&ssrcs[i]));
    (1..=ENCODINGS_MAX).contains(&encodings.len()) && !has_twins && !shares
}

/// Ids that only some sections have are known to the whole bundle.
fn merge(known: &mut Extensions, more: &Extensions) {
    let pairs = [
        (&mut known.mid, more.mid),
        (&mut known.transport_cc, more.transport_cc),
        (&mut known.audio_level, more.audio_level),
        (&mut known.video_orientation, more.video_orientation),
        (&mut known.abs_send_time, more.abs_send_time),
        (&mut known.rid, more.rid),
        (&mut known.repaired_rid, more.repaired_rid),
        (&mut known.dependency_descriptor, more.dependency_descriptor),
    ];
    for (known, more) in pairs {
        if more != 0 {
            *known = more;
        }
    }
}
