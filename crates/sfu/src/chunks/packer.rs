//! Chunks become RTP payloads: VP8 in pieces behind a payload descriptor (RFC 7741 §4), a frame of Opus as it is (RFC 7587 §4.2).

use crate::clock::SenderClock;
use crate::rtp::{RtpHeader, vp8};
use crate::types::Codec;
use std::time::Instant;

/// Of a payload with its descriptor. With our header and extensions, and those of IP, UDP and SRTP, it stays below every usual MTU.
const PAYLOAD_MAX: usize = 1100;
/// How often it is told how timestamps lie on the publisher's clock, in microseconds.
const CLOCK_EVERY: u64 = 1_000_000;

/// Of one source: it numbers packets and pictures.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    /// Packets so far.
    packets: u64,
    /// Of the next picture, modulo 2^15.
    picture_id: u16,
    /// Time of the chunk at which the clock was told last.
    clock_told: Option<u64>,
}

impl Packer {
    /// Gives the packets of a chunk to `put`, in order: packet index, header and payload. Nothing of a codec that is not packed here.
    pub fn pack(
        &mut self,
        codec: Codec,
        (timestamp, payload_type): (u32, u8),
        frame: &[u8],
        mut put: impl FnMut(u64, &RtpHeader, &[u8]),
    ) {
        let mut send = |marker: bool, payload: &[u8]| {
            self.packets += 1;
            let header = RtpHeader::plain(marker, payload_type, self.packets as u16, timestamp);
            put(self.packets, &header, payload);
        };
        match codec {
            Codec::Opus => send(false, frame),
            Codec::Vp8 => {
                let count = frame.len().div_ceil(PAYLOAD_MAX - vp8::WRITTEN_LEN);
                // All of one length, as far as that goes: a last one of few bytes would cost as much as a long one.
                let length = frame.len().div_ceil(count.max(1)).max(1);
                let mut payload = Vec::with_capacity(PAYLOAD_MAX);
                for (at, piece) in frame.chunks(length).enumerate() {
                    payload.clear();
                    payload.extend_from_slice(&vp8::write_descriptor(at == 0, self.picture_id));
                    payload.extend_from_slice(piece);
                    send(at + 1 == count, &payload);
                }
                self.picture_id = self.picture_id.wrapping_add(1) & vp8::PICTURE_ID_MASK;
            }
            _ => {}
        }
    }

    /// How timestamps lie on the publisher's clock, where that is due: at the first chunk, and now and then. Sound and pictures of one
    /// publisher have one clock, and so a viewer can keep them in step.
    pub fn clock(&mut self, time: u64, timestamp: u32, now: Instant) -> Option<SenderClock> {
        if self
            .clock_told
            .is_some_and(|told| time.saturating_sub(told) < CLOCK_EVERY)
        {
            return None;
        }
        self.clock_told = Some(time);
        let fraction = ((time % 1_000_000) << 32) / 1_000_000;
        Some(SenderClock {
            ntp: (time / 1_000_000) << 32 | fraction,
            timestamp,
            at: now,
        })
    }
}

/// Microseconds in ticks of an RTP clock, which wrap.
pub(crate) fn timestamp_of(time: u64, clock_rate: u32) -> u32 {
    (u128::from(time) * u128::from(clock_rate) / 1_000_000) as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use crate::rtp::vp8::Descriptor;

    fn packets(packer: &mut Packer, codec: Codec, frame: &[u8]) -> Vec<(u64, RtpHeader, Vec<u8>)> {
        let mut packets = Vec::new();
        packer.pack(codec, (7, 96), frame, |index, header, payload| {
            packets.push((index, *header, payload.to_vec()));
        });
        packets
    }

    #[test]
    fn a_large_picture_is_cut_evenly_and_its_last_packet_is_marked() {
        let frame: Vec<u8> = (0..5000).map(|at| at as u8).collect();
        let mut packer = Packer::default();
        let cut = packets(&mut packer, Codec::Vp8, &frame);
        let indices: Vec<u64> = cut.iter().map(|(index, ..)| *index).collect();
        assert_eq!(indices, [1, 2, 3, 4, 5]);
        let marked: Vec<bool> = cut.iter().map(|(_, header, _)| header.marker).collect();
        assert_eq!(marked, [false, false, false, false, true]);
        assert!(
            cut.iter()
                .all(|(_, _, payload)| payload.len() == 1000 + vp8::WRITTEN_LEN)
        );
        let descriptors: Vec<_> = cut
            .iter()
            .map(|(_, _, payload)| Descriptor::parse(payload).unwrap())
            .collect();
        let begin: Vec<bool> = descriptors.iter().map(|descriptor| descriptor.begins_frame).collect();
        assert_eq!(begin, [true, false, false, false, false]);
        assert!(
            descriptors
                .iter()
                .all(|descriptor| descriptor.numbers.picture_id() == Some(0))
        );
        let whole: Vec<u8> = descriptors
            .iter()
            .flat_map(|descriptor| descriptor.frame)
            .copied()
            .collect();
        assert_eq!(whole, frame);
    }

    #[test]
    fn pictures_are_numbered_through_and_the_number_wraps_at_15_bits() {
        let mut packer = Packer {
            picture_id: vp8::PICTURE_ID_MASK,
            ..Packer::default()
        };
        let ids: Vec<_> = (0..2)
            .map(|_| {
                Descriptor::parse(&packets(&mut packer, Codec::Vp8, &[1; 10])[0].2)
                    .unwrap()
                    .numbers
                    .picture_id()
            })
            .collect();
        assert_eq!(ids, [Some(0x7fff), Some(0)]);
    }

    #[test]
    fn sound_is_one_packet_as_it_is() {
        let sound = packets(&mut Packer::default(), Codec::Opus, &[1, 2, 3]);
        assert_eq!(sound.len(), 1);
        assert_eq!((sound[0].1.timestamp, sound[0].2.as_slice()), (7, &[1, 2, 3][..]));
    }

    #[test]
    fn numbers_and_timestamps_wrap() {
        let mut packer = Packer {
            packets: 65_535,
            ..Packer::default()
        };
        let sound = packets(&mut packer, Codec::Opus, &[1]);
        assert_eq!((sound[0].0, sound[0].1.sequence_number), (65_536, 0));
        assert_eq!(timestamp_of(1_000_000, 90_000), 90_000);
        // 2^32 ticks of 90 kHz are 13 hours.
        assert_eq!(
            timestamp_of(47_721_858_845, 90_000),
            timestamp_of(47_721_858_845 - 47_721_858_844, 90_000)
        );
        assert_eq!(
            timestamp_of(u64::MAX, 48_000),
            (u128::from(u64::MAX) * 48_000 / 1_000_000) as u32
        );
    }

    #[test]
    fn the_clock_is_told_first_and_then_once_a_second() {
        let (mut packer, now) = (Packer::default(), Instant::now());
        let clock = packer.clock(2_500_000, 225_000, now).unwrap();
        assert_eq!((clock.ntp, clock.timestamp), ((2 << 32) | (1 << 31), 225_000));
        assert!(packer.clock(3_400_000, 0, now).is_none());
        assert!(packer.clock(3_500_000, 0, now).is_some());
    }
}
