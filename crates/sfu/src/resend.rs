//! Packets that leave again, from the rings that all viewers share.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::fanout::{Front, Outgoing, descriptor, seal, values};
use crate::resends::Lost;
use crate::rtp::{Descriptor, ExtensionValues};
use crate::sequence::Sent;
use crate::sfu::Sfu;
use crate::slot::{Repair, Slot};
use crate::table::Index;
use std::time::Instant;

/// What a packet is sent again for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its viewer asked for it.
    Asked,
    /// Transport-wide feedback tells that it did not arrive under this number.
    Missing(u16),
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
        let (Some(bound), Some((packet, sent))) = (bound, found) else {
            self.counters.resend_unknown += u64::from(why != Why::Probe);
            return None;
        };
        let Sent {
            index,
            shifts,
            top,
            told,
            ..
        } = sent;
        let ids = slot.extensions();
        let lost = Lost {
            slot: slot_at,
            index,
            under: match why {
                Why::Missing(number) => Some(number),
                Why::Asked | Why::Probe => None,
            },
            next: (ids.transport_cc != 0).then_some(connection.transport_cc),
        };
        let share = self.config.resends_per_second;
        if why != Why::Probe && !connection.resends.take(lost, share, connection.round_trip, now) {
            self.counters.resend_limited += 1;
            return None;
        }
        let mid = slot.writes_mid().then_some(slot.spec.mid.as_str());
        let form = top.form(&packet.layering);
        let mut room = [0; Descriptor::MAX];
        let values = ExtensionValues {
            dependency_descriptor: descriptor(packet, &ids, (shifts, form, told), &mut room),
            ..values(packet, &ids, mid, &mut connection.transport_cc, micros)
        };
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
                    front: Front::Original(number),
                    form,
                    length: 0,
                }
            }
            Repair::Identical | Repair::Never => Outgoing {
                packet,
                payload_type: bound.payload_type,
                ssrc: slot.spec.ssrc,
                index,
                shifts,
                front: Front::Nothing,
                form,
                length: 0,
            },
        };
        let len = seal(outgoing, values, &ids, 0, sender, out.buffer());
        out.commit(&path, len);
        if let Some(downlink) = &mut connection.downlink {
            downlink.sent(number_of_all, len, now);
        }
        match why {
            Why::Asked | Why::Missing(_) => {
                if let Some(transport_cc) = number_of_all {
                    connection.departures.note(transport_cc, slot_at, number);
                }
                slot.resent += 1;
                self.counters.rtx_out += 1;
            }
            Why::Probe => self.counters.probes_out += 1,
        }
        self.counters.bytes_out += len as u64;
        Some(len)
    }
}
