//! RTP (RFC 3550 §5): headers read and written, header extensions (RFC 8285), sequence numbers; and what payloads tell
//! of the frames in them.

mod av1;
mod bits;
mod dependency;
mod descriptor;
mod extensions;
mod h264;
mod key_frame;
mod layering;
mod picture_numbers;
mod picture_size;
pub mod red;
mod selection;
pub(crate) mod vp8;
mod vp9;

use std::fmt;

use crate::types::Extensions;

pub use dependency::DependencyStructure;
pub use descriptor::Descriptor;
pub(crate) use extensions::block_len;
pub use extensions::{ExtensionIter, ExtensionValues};
pub use key_frame::is_key_frame;
pub use layering::{Layering, SwitchUp};
pub use picture_numbers::PictureNumbers;
pub use picture_size::picture_size;
pub use selection::{Form, Layers};

/// The fixed header, in bytes.
pub const HEADER_LEN: usize = 12;

/// Room that [`OutgoingHeader::write`] may need: the fixed header and our extensions at their longest.
pub const HEADER_MAX: usize = HEADER_LEN + extensions::WRITTEN_MAX;

/// Why bytes are not an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RtpError {
    /// Shorter than its header claims.
    TooShort,
    /// Not version 2.
    Version,
    /// The padding count is zero or longer than the payload.
    Padding,
}

impl fmt::Display for RtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RtpError::TooShort => "rtp: packet too short",
            RtpError::Version => "rtp: not version 2",
            RtpError::Padding => "rtp: wrong padding",
        })
    }
}

impl std::error::Error for RtpError {}

/// A header as received. It keeps offsets, not bytes, so that the packet may be decrypted in place meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpHeader {
    pub marker: bool,
    /// 0..=127.
    pub payload_type: u8,
    pub sequence_number: u16,
    /// In the clock rate of the payload.
    pub timestamp: u32,
    pub ssrc: u32,
    /// The last byte of the (decrypted) payload counts padding: see [`strip_padding`].
    pub padding: bool,
    /// Fixed header, CSRCs and extensions, in bytes: where the payload begins.
    pub len: usize,
    extension: Option<ExtensionBlock>,
}

/// Where the extension elements lie in the packet; their end is the end of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ExtensionBlock {
    profile: u16,
    start: usize,
}

impl RtpHeader {
    /// Reads the header of `packet`; the payload may be encrypted still.
    pub fn parse(packet: &[u8]) -> Result<RtpHeader, RtpError> {
        let fixed: &[u8; HEADER_LEN] = packet.first_chunk().ok_or(RtpError::TooShort)?;
        if fixed[0] >> 6 != 2 {
            return Err(RtpError::Version);
        }
        let mut len = HEADER_LEN + 4 * usize::from(fixed[0] & 0x0f);
        let mut extension = None;
        if fixed[0] & 0x10 != 0 {
            let prefix = packet.get(len..len + 4).ok_or(RtpError::TooShort)?;
            extension = Some(ExtensionBlock {
                profile: be16(prefix),
                start: len + 4,
            });
            len += 4 + 4 * usize::from(be16(&prefix[2..]));
        }
        if packet.len() < len {
            return Err(RtpError::TooShort);
        }
        Ok(RtpHeader {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence_number: be16(&fixed[2..]),
            timestamp: be32(&fixed[4..]),
            ssrc: be32(&fixed[8..]),
            padding: fixed[0] & 0x20 != 0,
            len,
            extension,
        })
    }

    /// Of a packet that did not come as one: no SSRC, no extensions.
    pub(crate) fn plain(marker: bool, payload_type: u8, sequence_number: u16, timestamp: u32) -> RtpHeader {
        RtpHeader {
            marker,
            payload_type,
            sequence_number,
            timestamp,
            ssrc: 0,
            padding: false,
            len: HEADER_LEN,
            extension: None,
        }
    }

    /// The extension elements, `(id, data)`, of the packet that this header was parsed from. A malformed element ends
    /// the iteration (RFC 8285 §4.2).
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> ExtensionIter<'a> {
        match self.extension {
            Some(block) => ExtensionIter::new(block.profile, packet.get(block.start..self.len).unwrap_or(&[])),
            None => ExtensionIter::new(extensions::ONE_BYTE, &[]),
        }
    }

    /// The extensions that we know, by the ids of the section.
    pub fn values<'a>(&self, packet: &'a [u8], ids: &Extensions) -> ExtensionValues<'a> {
        ExtensionValues::read(self.extensions(packet), ids)
    }
}

/// A header of ours, without CSRCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingHeader<'a> {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence_number: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// The payload ends in padding, the last byte of which counts it.
    pub padding: bool,
    pub values: ExtensionValues<'a>,
}

impl OutgoingHeader<'_> {
    /// Writes the header, with those values that are `Some` and have an id in the section, and returns its length.
    ///
    /// `buffer` has at least [`HEADER_MAX`] bytes. Extensions go in one-byte form, unless an id above 14 or more than 16 bytes need the
    /// other: whoever gets such a packet agreed to a mixture (RFC 8285 §4.1.2).
    pub fn write(&self, ids: &Extensions, buffer: &mut [u8]) -> usize {
        buffer[0] = 0x80 | u8::from(self.padding) << 5;
        buffer[1] = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        buffer[2..4].copy_from_slice(&self.sequence_number.to_be_bytes());
        buffer[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        buffer[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        let extensions = self.values.write(ids, &mut buffer[HEADER_LEN..]);
        buffer[0] |= u8::from(extensions > 0) << 4;
        HEADER_LEN + extensions
    }
}

/// A payload without its padding (RFC 3550 §5.1). Call it only when the header's padding bit is set, after decryption.
pub fn strip_padding(payload: &[u8]) -> Result<&[u8], RtpError> {
    let count = usize::from(*payload.last().ok_or(RtpError::Padding)?);
    match payload.len().checked_sub(count) {
        Some(len) if count > 0 => Ok(&payload[..len]),
        _ => Err(RtpError::Padding),
    }
}

/// RTCP rather than RTP on a shared port (RFC 5761 §4): packet types 192..=223 stand where RTP has marker and payload
/// type. For datagrams whose first byte is 128..=191 (RFC 7983).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram
        .get(1)
        .is_some_and(|packet_type| (192..=223).contains(packet_type))
}

/// Extends 16-bit sequence numbers to 64 bits: the nearest to the highest seen.
///
/// The first number gets one cycle (2^16) added, so that what was sent before it never lies below zero. The lowest 16
/// bits stay the number on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SequenceUnwrapper {
    highest: Option<u64>,
}

impl SequenceUnwrapper {
    pub fn new() -> SequenceUnwrapper {
        SequenceUnwrapper::default()
    }

    /// Extends a number and moves the highest up where it is newer.
    pub fn unwrap(&mut self, sequence_number: u16) -> u64 {
        let extended = self.peek(sequence_number);
        if self.highest.is_none_or(|highest| extended > highest) {
            self.highest = Some(extended);
        }
        extended
    }

    /// Extends a number without taking note of it.
    pub fn peek(&self, sequence_number: u16) -> u64 {
        let Some(highest) = self.highest else {
            return (1 << 16) + u64::from(sequence_number);
        };
        let ahead = sequence_number.wrapping_sub(highest as u16) as i16;
        highest.wrapping_add_signed(i64::from(ahead))
    }

    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

/// The first two bytes, in network order.
pub(crate) fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}

/// The first four bytes, in network order.
pub(crate) fn be32(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IDS: Extensions = Extensions {
        mid: 1,
        transport_cc: 2,
        audio_level: 3,
        video_orientation: 4,
        abs_send_time: 5,
        rid: 6,
        repaired_rid: 7,
        dependency_descriptor: 8,
    };

    fn header(values: ExtensionValues<'_>) -> OutgoingHeader<'_> {
        OutgoingHeader {
            marker: true,
            payload_type: 96,
            sequence_number: 0xabcd,
            timestamp: 0x01020304,
            ssrc: 0xdeadbeef,
            padding: false,
            values,
        }
    }

    #[test]
    fn a_header_without_extensions_is_twelve_bytes() {
        let mut buffer = [0xff; HEADER_MAX];
        assert_eq!(header(ExtensionValues::default()).write(&IDS, &mut buffer), HEADER_LEN);
        let parsed = RtpHeader::parse(&buffer[..HEADER_LEN]).unwrap();
        assert_eq!(
            (parsed.marker, parsed.payload_type, parsed.sequence_number),
            (true, 96, 0xabcd)
        );
        assert_eq!(
            (parsed.timestamp, parsed.ssrc, parsed.len),
            (0x01020304, 0xdeadbeef, HEADER_LEN)
        );
        assert_eq!(parsed.extensions(&buffer).count(), 0);
    }

    #[test]
    fn csrcs_and_two_byte_extensions_are_read() {
        let mut packet = vec![0x92, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        packet.extend([0; 8]);
        packet.extend([0x10, 0x05, 0, 3, 9, 0, 0, 3, 1, 0x81, 2, 2, 0x12, 0x34, 0, 0, 7]);
        let parsed = RtpHeader::parse(&packet).unwrap();
        assert_eq!(parsed.len, 12 + 8 + 4 + 12);
        let elements: Vec<_> = parsed.extensions(&packet).collect();
        assert_eq!(elements, [(9, &[][..]), (3, &[0x81][..]), (2, &[0x12, 0x34][..])]);
        let values = parsed.values(&packet, &IDS);
        assert_eq!((values.audio_level, values.transport_cc), (Some(0x81), Some(0x1234)));
    }

    #[test]
    fn the_two_byte_form_is_written_only_where_it_is_needed() {
        let profile = |ids: &Extensions, descriptor: &[u8]| {
            let mut buffer = [0xff; HEADER_MAX];
            let values = ExtensionValues {
                audio_level: Some(0x81),
                dependency_descriptor: Some(descriptor),
                ..Default::default()
            };
            let len = header(values).write(ids, &mut buffer);
            (be16(&buffer[HEADER_LEN..]), len - HEADER_LEN)
        };
        let high = Extensions { audio_level: 15, ..IDS };
        assert_eq!(profile(&IDS, &[7; 16]), (0xbede, 24));
        assert_eq!(profile(&IDS, &[7; 17]), (0x1000, 28));
        assert_eq!(profile(&high, &[7; 3]), (0x1000, 12));
        let absent = Extensions {
            dependency_descriptor: 0,
            ..IDS
        };
        assert_eq!(profile(&absent, &[7; 17]), (0xbede, 8));
    }

    #[test]
    fn a_truncated_header_is_refused_at_every_length() {
        let mut buffer = [0; HEADER_MAX];
        let values = ExtensionValues {
            mid: Some("0"),
            transport_cc: Some(1),
            ..Default::default()
        };
        let len = header(values).write(&IDS, &mut buffer);
        assert!(RtpHeader::parse(&buffer[..len]).is_ok());
        for short in 0..len {
            assert_eq!(RtpHeader::parse(&buffer[..short]), Err(RtpError::TooShort));
        }
        buffer[0] = 0x40;
        assert_eq!(RtpHeader::parse(&buffer[..len]), Err(RtpError::Version));
    }

    #[test]
    fn padding_is_stripped_or_refused() {
        assert_eq!(strip_padding(&[1, 2, 0, 2]), Ok(&[1, 2][..]));
        assert_eq!(strip_padding(&[0, 0, 3]), Ok(&[][..]));
        assert_eq!(strip_padding(&[1, 0]), Err(RtpError::Padding));
        assert_eq!(strip_padding(&[1, 3]), Err(RtpError::Padding));
        assert_eq!(strip_padding(&[]), Err(RtpError::Padding));
    }

    #[test]
    fn sequence_numbers_continue_across_the_wrap_in_both_directions() {
        let mut unwrapper = SequenceUnwrapper::new();
        assert_eq!(unwrapper.unwrap(65534), 0x1_fffe);
        assert_eq!(unwrapper.unwrap(1), 0x2_0001);
        assert_eq!(unwrapper.unwrap(65535), 0x1_ffff);
        assert_eq!(unwrapper.highest(), Some(0x2_0001));
        assert_eq!(unwrapper.peek(2), 0x2_0002);
        assert_eq!(SequenceUnwrapper::new().unwrap(0), 0x1_0000);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(packet in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(header) = RtpHeader::parse(&packet) {
                prop_assert!(header.len <= packet.len());
                header.extensions(&packet).count();
                header.values(&packet, &IDS);
                let _ = strip_padding(&packet[header.len..]);
            }
            is_rtcp(&packet);
        }

        #[test]
        fn extensions_survive_the_round_trip(
            mid in prop::option::of("[a-z0-9]{1,16}"), rid in prop::option::of("[a-z]{1,16}"),
            repaired in prop::option::of("[a-z]{1,16}"), transport_cc in any::<Option<u16>>(),
            audio_level in any::<Option<u8>>(), video_orientation in any::<Option<u8>>(),
            abs_send_time in prop::option::of(0u32..1 << 24), wide_id in any::<bool>(),
            descriptor in prop::option::of(prop::collection::vec(any::<u8>(), 1..=255)),
        ) {
            let ids = Extensions { mid: if wide_id { 255 } else { IDS.mid }, ..IDS };
            let values = ExtensionValues {
                mid: mid.as_deref(), transport_cc, audio_level, video_orientation, abs_send_time,
                rid: rid.as_deref(), repaired_rid: repaired.as_deref(), dependency_descriptor: descriptor.as_deref(),
            };
            let mut buffer = [0xff; HEADER_MAX];
            let len = header(values).write(&ids, &mut buffer);
            let parsed = RtpHeader::parse(&buffer[..len]).unwrap();
            prop_assert_eq!(parsed.len, len);
            prop_assert_eq!(parsed.values(&buffer, &ids), values);
        }
    }
}
