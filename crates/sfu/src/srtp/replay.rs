//! Which indices were received (RFC 3711 §3.3.2), and in debug builds which were sealed.

use super::SrtpError;

/// Packets behind the highest that are still told apart. RFC 3711 asks for 64; a NACK answered after half a second at
/// 2,000 packets a second is 1,000 behind.
const WINDOW: u64 = 1024;

/// A bitmap over the last [`WINDOW`] indices, used as a ring: index `i` has bit `i % WINDOW`.
#[derive(Debug, Clone)]
pub(super) struct ReplayWindow {
    highest: u64,
    bits: [u64; (WINDOW / 64) as usize],
}

impl ReplayWindow {
    /// A window that begins at the first authenticated index, which is still to be recorded.
    pub(super) fn new(first: u64) -> ReplayWindow {
        ReplayWindow {
            highest: first,
            bits: [0; (WINDOW / 64) as usize],
        }
    }

    /// The index that a 16-bit sequence number means (RFC 3711 §3.3.1 and appendix A). `None`: before the roll-over
    /// counter was zero.
    pub(super) fn estimate(&self, sequence_number: u16) -> Option<u64> {
        let (roll_over, highest) = (self.highest >> 16, self.highest as u16);
        let roll_over = if highest < 0x8000 {
            if i32::from(sequence_number) - i32::from(highest) > 0x8000 {
                roll_over.checked_sub(1)?
            } else {
                roll_over
            }
        } else if i32::from(highest) - 0x8000 > i32::from(sequence_number) {
            roll_over + 1
        } else {
            roll_over
        };
        Some(roll_over << 16 | u64::from(sequence_number))
    }

    pub(super) fn check(&self, index: u64) -> Result<(), SrtpError> {
        if index > self.highest {
            Ok(())
        } else if self.highest - index >= WINDOW {
            Err(SrtpError::TooOld)
        } else if self.bits[word(index)] & bit(index) != 0 {
            Err(SrtpError::Replayed)
        } else {
            Ok(())
        }
    }

    /// Takes note of an index that passed [`check`](Self::check).
    pub(super) fn record(&mut self, index: u64) {
        if index > self.highest {
            self.advance(index);
        }
        self.bits[word(index)] |= bit(index);
    }

    /// Clears the bits of the indices between the old highest and the new.
    fn advance(&mut self, index: u64) {
        if index - self.highest >= WINDOW {
            self.bits.fill(0);
        } else {
            for skipped in self.highest + 1..=index {
                self.bits[word(skipped)] &= !bit(skipped);
            }
        }
        self.highest = index;
    }
}

fn word(index: u64) -> usize {
    (index % WINDOW / 64) as usize
}

fn bit(index: u64) -> u64 {
    1 << (index % 64)
}

/// The last indices sealed per SSRC with a hash of what was sealed: nonce reuse is a bug that no receiver would show us.
#[cfg(debug_assertions)]
#[derive(Debug, Default)]
pub(super) struct SealedIndices {
    by_ssrc: rustc_hash::FxHashMap<u32, std::collections::VecDeque<(u64, u64)>>,
}

#[cfg(debug_assertions)]
impl SealedIndices {
    /// How many are remembered of each SSRC: more than any ring of packets to resend holds.
    const REMEMBERED: usize = 4096;

    pub(super) fn check(&mut self, ssrc: u32, index: u64, packet: &[u8]) {
        use std::hash::Hasher;
        let mut hasher = rustc_hash::FxHasher::default();
        hasher.write(packet);
        let hash = hasher.finish();
        let sealed = self.by_ssrc.entry(ssrc).or_default();
        // Indices nearly ascend, so the search from the end is short.
        let after = sealed.iter().rev().take_while(|(known, _)| *known > index).count();
        let place = sealed.len() - after;
        match place.checked_sub(1).map(|last| sealed[last]) {
            Some((known, before)) if known == index => {
                assert_eq!(
                    before, hash,
                    "ssrc {ssrc:#x}, index {index}: sealed twice with different bytes"
                );
            }
            _ => sealed.insert(place, (index, hash)),
        }
        if sealed.len() > Self::REMEMBERED {
            sealed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_roll_over_counter_follows_the_sequence_number() {
        let at = |highest: u64, sequence_number| ReplayWindow::new(highest).estimate(sequence_number);
        assert_eq!(at(0, 1), Some(1));
        assert_eq!(at(65535, 0), Some(65536));
        assert_eq!(at(65536, 65535), Some(65535));
        assert_eq!(at(0, 65535), None, "nothing was sent before the first cycle");
        assert_eq!(at(0x1_7fff, 0xffff), Some(0x1_ffff), "exactly half a cycle ahead");
        assert_eq!(at(0x1_8000, 0x0000), Some(0x1_0000), "exactly half a cycle behind");
        assert_eq!(at(0x1_8001, 0x0000), Some(0x2_0000));
    }

    proptest! {
        /// The model: a set of everything received.
        #[test]
        fn an_index_is_accepted_once(start in 0u64..1 << 40, steps in prop::collection::vec(-1500i64..1500, 1..400)) {
            let mut window = ReplayWindow::new(start);
            let mut received = std::collections::HashSet::new();
            let (mut index, mut highest) = (start, start);
            for step in steps {
                index = index.saturating_add_signed(step);
                let expected = if index + WINDOW <= highest {
                    Err(SrtpError::TooOld)
                } else if received.contains(&index) {
                    Err(SrtpError::Replayed)
                } else {
                    Ok(())
                };
                prop_assert_eq!(window.check(index), expected);
                if expected.is_ok() {
                    window.record(index);
                    received.insert(index);
                    highest = highest.max(index);
                }
            }
        }
    }
}
