//! Packets that left together.

use crate::{MILLISECOND, Micros};

/// What leaves within this time is one group (draft-ietf-rmcat-gcc-02 section 5.2).
const BURST: Micros = 5 * MILLISECOND;

/// One group, measured by its fastest packet. The draft takes its last; but here a group leaves as one batch, and its
/// last packet's delay has the batch's own length in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// When the group left.
    pub at: Micros,
    pub delay: Micros,
    /// The delay less what our own packets before explain.
    pub residual: Micros,
}

#[derive(Debug, Default)]
pub(crate) struct Groups {
    open: Option<Sample>,
}

impl Groups {
    /// Takes up an arrived packet, in the order of sending; `own` is the delay that our own packets explain. The first
    /// packet of a group returns the group before it.
    pub fn push(&mut self, sent: Micros, delay: Micros, own: Micros) -> Option<Sample> {
        let packet = Sample {
            at: sent,
            delay,
            residual: delay - own,
        };
        match &mut self.open {
            Some(group) if sent < group.at => None,
            Some(group) if sent - group.at <= BURST => {
                group.delay = group.delay.min(packet.delay);
                group.residual = group.residual.min(packet.residual);
                None
            }
            open => open.replace(packet),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_counts_by_its_fastest_packet() {
        let mut groups = Groups::default();
        let mut push = |sent, delay, own| groups.push(sent * MILLISECOND, delay, own);
        assert_eq!(push(0, 30, 0), None);
        assert_eq!(push(2, 20, 5), None);
        assert_eq!(push(5, 40, 0), None);
        let group = push(33, 7, 0);
        let wanted = Sample {
            at: 0,
            delay: 20,
            residual: 15,
        };
        assert_eq!(group, Some(wanted));
    }

    #[test]
    fn a_packet_from_before_the_group_is_left_out() {
        let mut groups = Groups::default();
        groups.push(100 * MILLISECOND, 10, 0);
        assert_eq!(groups.push(50 * MILLISECOND, -500, 0), None);
        assert_eq!(groups.push(200 * MILLISECOND, 10, 0).unwrap().delay, 10);
    }
}
