//! RTCP (RFC 3550 §6, RFC 4585): compound packets read without copying, and written.

mod transport_feedback;
mod writer;

use std::fmt;

use crate::rtp::{be16, be32};

pub use transport_feedback::TransportFeedback;
pub use writer::{BufferFull, CompoundWriter};

const HEADER_LEN: usize = 4;
const REPORT_BLOCK_LEN: usize = 24;
const SENDER_INFO_LEN: usize = 20;

/// Packet types (RFC 3550 §12.1, RFC 4585 §6.1).
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

/// Formats of feedback messages.
const GENERIC_NACK: u8 = 1;
const TRANSPORT_WIDE: u8 = 15;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA_REQUEST: u8 = 4;
const APPLICATION: u8 = 15;

const SDES_CNAME: u8 = 1;

/// Why bytes are not an RTCP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RtcpError {
    /// Less than a header.
    TooShort,
    /// Not version 2.
    Version,
    /// A length field points past the end, or the packet is too short for what it counts.
    Length,
    /// The padding count is wrong (RFC 3550 §6.4.1).
    Padding,
}

impl fmt::Display for RtcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RtcpError::TooShort => "rtcp: packet too short",
            RtcpError::Version => "rtcp: not version 2",
            RtcpError::Length => "rtcp: wrong length",
            RtcpError::Padding => "rtcp: wrong padding",
        })
    }
}

impl std::error::Error for RtcpError {}

/// The packets of a decrypted compound (or reduced-size, RFC 5506) datagram. An error is the last item.
pub fn packets(compound: &[u8]) -> Packets<'_> {
    Packets { rest: compound }
}

/// See [`packets`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Rtcp<'a>, RtcpError>;

    fn next(&mut self) -> Option<Result<Rtcp<'a>, RtcpError>> {
        if self.rest.is_empty() {
            return None;
        }
        let split = split_packet(self.rest);
        self.rest = split.as_ref().map_or(&[], |(_, rest)| rest);
        let packet = split.and_then(|(packet, _)| Rtcp::parse(packet));
        if packet.is_err() {
            self.rest = &[];
        }
        Some(packet)
    }
}

fn split_packet(compound: &[u8]) -> Result<(&[u8], &[u8]), RtcpError> {
    let header: &[u8; HEADER_LEN] = compound.first_chunk().ok_or(RtcpError::TooShort)?;
    if header[0] >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    let len = HEADER_LEN + 4 * usize::from(be16(&header[2..]));
    compound.split_at_checked(len).ok_or(RtcpError::Length)
}

/// One packet. Iterators inside it borrow from the datagram.
#[derive(Debug, Clone, Copy)]
pub enum Rtcp<'a> {
    SenderReport(SenderReport<'a>),
    ReceiverReport(ReceiverReport<'a>),
    SourceDescription(SourceDescription<'a>),
    Goodbye(Goodbye<'a>),
    /// Generic NACK (RFC 4585 §6.2.1).
    Nack(Nack<'a>),
    /// Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
    TransportFeedback(TransportFeedback<'a>),
    /// PLI (RFC 4585 §6.3.1).
    PictureLoss {
        sender_ssrc: u32,
        media_ssrc: u32,
    },
    /// FIR (RFC 5104 §4.3.1).
    FullIntraRequest(FullIntraRequest<'a>),
    /// REMB (draft-alvestrand-rmcat-remb-03).
    Estimate(Estimate<'a>),
    /// Well-formed, but nothing we know.
    Unknown {
        packet_type: u8,
        /// Report count or feedback format: the lowest five bits of the first byte.
        count: u8,
    },
}

impl<'a> Rtcp<'a> {
    /// `packet` is exactly one packet, its header checked.
    fn parse(packet: &'a [u8]) -> Result<Rtcp<'a>, RtcpError> {
        let (count, packet_type) = (packet[0] & 0x1f, packet[1]);
        let body = strip_padding(packet)?;
        match (packet_type, count) {
            (SENDER_REPORT, _) => SenderReport::parse(body, count).map(Rtcp::SenderReport),
            (RECEIVER_REPORT, _) => ReceiverReport::parse(body, count).map(Rtcp::ReceiverReport),
            (SOURCE_DESCRIPTION, _) => Ok(Rtcp::SourceDescription(SourceDescription { count, chunks: body })),
            (GOODBYE, _) => {
                let ssrcs = body.get(..4 * usize::from(count)).ok_or(RtcpError::Length)?;
                Ok(Rtcp::Goodbye(Goodbye { ssrcs }))
            }
            (TRANSPORT_FEEDBACK | PAYLOAD_FEEDBACK, _) => Rtcp::parse_feedback(packet_type, count, body),
            _ => Ok(Rtcp::Unknown { packet_type, count }),
        }
    }

    fn parse_feedback(packet_type: u8, format: u8, body: &'a [u8]) -> Result<Rtcp<'a>, RtcpError> {
        if body.len() < 8 {
            return Err(RtcpError::Length);
        }
        let (sender_ssrc, media_ssrc, control) = (be32(body), be32(&body[4..]), &body[8..]);
        match (packet_type, format) {
            (TRANSPORT_FEEDBACK, GENERIC_NACK) => Ok(Rtcp::Nack(Nack {
                sender_ssrc,
                media_ssrc,
                pairs: control,
            })),
            (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => {
                TransportFeedback::parse(sender_ssrc, media_ssrc, control).map(Rtcp::TransportFeedback)
            }
            (PAYLOAD_FEEDBACK, PICTURE_LOSS) => Ok(Rtcp::PictureLoss {
                sender_ssrc,
                media_ssrc,
            }),
            (PAYLOAD_FEEDBACK, FULL_INTRA_REQUEST) => Ok(Rtcp::FullIntraRequest(FullIntraRequest {
                sender_ssrc,
                entries: control,
            })),
            (PAYLOAD_FEEDBACK, APPLICATION) if control.starts_with(b"REMB") => {
                Estimate::parse(sender_ssrc, control).map(Rtcp::Estimate)
            }
            _ => Ok(Rtcp::Unknown {
                packet_type,
                count: format,
            }),
        }
    }
}

/// The body of one packet, without the padding that its P bit announces.
fn strip_padding(packet: &[u8]) -> Result<&[u8], RtcpError> {
    let body = &packet[HEADER_LEN..];
    if packet[0] & 0x20 == 0 {
        return Ok(body);
    }
    let count = usize::from(*body.last().ok_or(RtcpError::Padding)?);
    match body.len().checked_sub(count) {
        Some(len) if count > 0 => Ok(&body[..len]),
        _ => Err(RtcpError::Padding),
    }
}

/// RFC 3550 §6.4.1.
#[derive(Debug, Clone, Copy)]
pub struct SenderReport<'a> {
    pub ssrc: u32,
    pub info: SenderInfo,
    pub reports: Reports<'a>,
}

impl<'a> SenderReport<'a> {
    fn parse(body: &'a [u8], count: u8) -> Result<SenderReport<'a>, RtcpError> {
        let info: &[u8; 4 + SENDER_INFO_LEN] = body.first_chunk().ok_or(RtcpError::Length)?;
        Ok(SenderReport {
            ssrc: be32(info),
            info: SenderInfo {
                ntp: u64::from(be32(&info[4..])) << 32 | u64::from(be32(&info[8..])),
                rtp_timestamp: be32(&info[12..]),
                packets: be32(&info[16..]),
                octets: be32(&info[20..]),
            },
            reports: Reports::parse(&body[info.len()..], count)?,
        })
    }
}

/// The sender's half of a sender report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// Seconds since 1900 with 32 fractional bits.
    pub ntp: u64,
    /// The same moment on the stream's clock.
    pub rtp_timestamp: u32,
    pub packets: u32,
    /// Of payload, without headers and padding.
    pub octets: u32,
}

/// RFC 3550 §6.4.2.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverReport<'a> {
    pub ssrc: u32,
    pub reports: Reports<'a>,
}

impl<'a> ReceiverReport<'a> {
    fn parse(body: &'a [u8], count: u8) -> Result<ReceiverReport<'a>, RtcpError> {
        let (ssrc, blocks) = body.split_at_checked(4).ok_or(RtcpError::Length)?;
        Ok(ReceiverReport {
            ssrc: be32(ssrc),
            reports: Reports::parse(blocks, count)?,
        })
    }
}

/// Report blocks, an iterator of [`ReportBlock`].
#[derive(Debug, Clone, Copy)]
pub struct Reports<'a> {
    blocks: &'a [u8],
}

impl<'a> Reports<'a> {
    /// What follows the counted blocks is a profile's own extension: ignored.
    fn parse(body: &'a [u8], count: u8) -> Result<Reports<'a>, RtcpError> {
        let blocks = body
            .get(..REPORT_BLOCK_LEN * usize::from(count))
            .ok_or(RtcpError::Length)?;
        Ok(Reports { blocks })
    }
}

impl Iterator for Reports<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.blocks.split_first_chunk::<REPORT_BLOCK_LEN>()?;
        self.blocks = rest;
        Some(ReportBlock {
            ssrc: be32(block),
            fraction_lost: block[4],
            // Shifted up and down again: the sign is extended.
            cumulative_lost: (be32(&block[4..]) << 8) as i32 >> 8,
            highest_sequence: be32(&block[8..]),
            jitter: be32(&block[12..]),
            last_sr: be32(&block[16..]),
            delay_since_last_sr: be32(&block[20..]),
        })
    }
}

/// One reception report (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportBlock {
    pub ssrc: u32,
    /// Since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Since the beginning; negative with duplicates. 24 bits on the wire: written clamped.
    pub cumulative_lost: i32,
    /// Cycles in the upper half, sequence number in the lower.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the stream's clock.
    pub jitter: u32,
    /// The middle 32 bits of the last sender report's NTP time; 0 = none came.
    pub last_sr: u32,
    /// In 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// RFC 3550 §6.5.
#[derive(Debug, Clone, Copy)]
pub struct SourceDescription<'a> {
    count: u8,
    chunks: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    /// `(ssrc, cname)` of each chunk that has one; a malformed chunk ends the iteration.
    pub fn cnames(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut rest = self.chunks;
        (0..self.count)
            .map_while(move |_| take_sdes_chunk(&mut rest))
            .filter_map(|(ssrc, cname)| Some((ssrc, cname?)))
    }
}

/// SSRC and CNAME of the first chunk of `chunks`, which is taken off.
fn take_sdes_chunk<'a>(chunks: &mut &'a [u8]) -> Option<(u32, Option<&'a [u8]>)> {
    let bytes: &'a [u8] = chunks;
    let ssrc = be32(bytes.get(..4)?);
    let (mut at, mut cname) = (4, None);
    while *bytes.get(at)? != 0 {
        let len = usize::from(*bytes.get(at + 1)?);
        let text = bytes.get(at + 2..at + 2 + len)?;
        if bytes[at] == SDES_CNAME {
            cname = Some(text);
        }
        at += 2 + len;
    }
    // At least one null octet ends the list, and the chunk ends at a word.
    *chunks = bytes.get((at + 1).next_multiple_of(4)..)?;
    Some((ssrc, cname))
}

/// RFC 3550 §6.6.
#[derive(Debug, Clone, Copy)]
pub struct Goodbye<'a> {
    ssrcs: &'a [u8],
}

impl<'a> Goodbye<'a> {
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.ssrcs.chunks_exact(4).map(be32)
    }
}

/// RFC 4585 §6.2.1.
#[derive(Debug, Clone, Copy)]
pub struct Nack<'a> {
    pub sender_ssrc: u32,
    pub media_ssrc: u32,
    pairs: &'a [u8],
}

impl<'a> Nack<'a> {
    /// Every sequence number asked for, in the packet's order.
    pub fn sequence_numbers(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.pairs.chunks_exact(4).flat_map(|pair| {
            let (first, following) = (be16(pair), be16(&pair[2..]));
            let rest = (0..16).filter(move |bit| following >> bit & 1 != 0);
            std::iter::once(first).chain(rest.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// RFC 5104 §4.3.1.
#[derive(Debug, Clone, Copy)]
pub struct FullIntraRequest<'a> {
    pub sender_ssrc: u32,
    entries: &'a [u8],
}

impl<'a> FullIntraRequest<'a> {
    /// `(ssrc asked, command serial)`; a repeated serial is the same request again.
    pub fn entries(&self) -> impl Iterator<Item = (u32, u8)> + use<'a> {
        self.entries.chunks_exact(8).map(|entry| (be32(entry), entry[4]))
    }
}

/// Receiver estimated maximum bitrate.
#[derive(Debug, Clone, Copy)]
pub struct Estimate<'a> {
    pub sender_ssrc: u32,
    /// Bits per second.
    pub bitrate: u64,
    ssrcs: &'a [u8],
}

impl<'a> Estimate<'a> {
    /// `control` begins with "REMB".
    fn parse(sender_ssrc: u32, control: &'a [u8]) -> Result<Estimate<'a>, RtcpError> {
        let fixed: &[u8; 8] = control.first_chunk().ok_or(RtcpError::Length)?;
        let exponent = u32::from(fixed[5] >> 2);
        let mantissa = u64::from(be32(&fixed[4..]) & 0x3ffff);
        let ssrcs = control[8..].get(..4 * usize::from(fixed[4])).ok_or(RtcpError::Length)?;
        // Exponents up to 63 are allowed on the wire; what overflows is "no limit".
        let bitrate = if exponent <= 46 { mantissa << exponent } else { u64::MAX };
        Ok(Estimate {
            sender_ssrc,
            bitrate,
            ssrcs,
        })
    }

    /// The streams that the estimate is for.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.ssrcs.chunks_exact(4).map(be32)
    }
}
