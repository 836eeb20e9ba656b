//! Packets that leave again, from the rings that all viewers share.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::fanout::{Outgoing, seal, values};
use crate::sequence::Sent;
use crate::sfu::Sfu;
use crate::slot::{Repair, Slot};
use crate::table::Index;
use std::time::Instant;

/// What a packet is sent again for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its viewer asked for it.
    Lost,
    /// To fill the way.
    Probe,
}

impl Sfu {
    /// Sends what a viewer knows by a number once more; gives the length of the datagram. None: it is not known, or it may not be.
    pub(crate) fn send_again(
        &mut self,
        at: Index<Connection>,
        slot_at: Index<Slot>,
        number: u16,
        why: Why,
        now: Instant,
        out: &mut impl Egress,
    ) -> Option<usize> {
        let micros = self.micros(now);
        let (connection, slot) = (self.connections.get_mut(at)?, self.slots.get_mut(slot_at)?);
        let (sender, &path) = (connection.sender.as_mut()?, connection.paths.selected()?);
        let bound = slot.binding.filter(|_| slot.repair != Repair::Never);
        let source = bound.and_then(|bound| self.sources.get(bound.source));
        let found = source.and_then(|source| {
            let sent = slot.sequence.sent(number)?;
            let mut encodings = source.encodings.iter().filter_map(|&index| self.encodings.get(index));
            let encoding = encodings.find(|encoding| encoding.epoch == sent.epoch)?;
            Some((encoding.ring.get(sent.source_index)?, sent))
        });
        let (Some(bound), Some((packet, Sent { index, shifts, .. }))) = (bound, found) else {
            self.counters.resend_unknown += u64::from(why == Why::Lost);
            return None;
        };
        let share = self.config.resends_per_second;
        let resends = &mut connection.resends;
        if why == Why::Lost && !resends.take(slot_at, index, share, connection.round_trip, now) {
            self.counters.resend_limited += 1;
            return None;
        }
        let ids = slot.extensions();
        let mid = slot.writes_mid().then_some(slot.spec.mid.as_str());
        let values = values(packet, &ids, mid, &mut connection.transport_cc, micros);
        let number_of_all = values.transport_cc;
        let outgoing = match slot.repair {
            Repair::Rtx { payload_type } => {
                slot.rtx_index += 1;
                Outgoing {
                    packet,
                    payload_type,
                    ssrc: slot.spec.rtx_ssrc,
                    index: slot.rtx_index,
                    shifts,
                    original: Some(number),
                    length: 0,
                }
            }
            Repair::Identical | Repair::Never => Outgoing {
                packet,
                payload_type: bound.payload_type,
                ssrc: slot.spec.ssrc,
                index,
                shifts,
                original: None,
                length: 0,
            },
        };
        let len = seal(outgoing, values, &ids, 0, sender, out.buffer());
        out.commit(&path, len);
        if let (Some(downlink), Some(number)) = (&mut connection.downlink, number_of_all) {
            downlink.sent(number, len, now);
        }
        match why {
            Why::Lost => {
                slot.resent += 1;
                self.counters.rtx_out += 1;
            }
            Why::Probe => self.counters.probes_out += 1,
        }
        self.counters.bytes_out += len as u64;
        Some(len)
    }
}
