//! Transport-wide congestion-control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1), read.

use super::RtcpError;
use crate::rtp::{be16, be32};

/// One tick of a receive delta, in µs.
pub(super) const TICK_US: i64 = 250;
/// Ticks in one unit (64 ms) of the reference time.
pub(super) const TICKS_PER_REFERENCE: i64 = 256;

/// Base sequence, status count, reference time and feedback count.
pub(super) const FIXED_LEN: usize = 8;

/// Status symbols.
pub(super) const NOT_RECEIVED: u8 = 0;
pub(super) const SMALL_DELTA: u8 = 1;
pub(super) const LARGE_DELTA: u8 = 2;

/// Which packets arrived, and when.
#[derive(Debug, Clone, Copy)]
pub struct TransportFeedback<'a> {
    pub sender_ssrc: u32,
    pub media_ssrc: u32,
    /// The first transport-wide sequence number reported on.
    pub base_sequence: u16,
    /// How many numbers from there are reported on.
    pub status_count: u16,
    /// In 64 ms, 24 bits signed, on a clock of the receiver's choice.
    pub reference_time: i32,
    /// Serial number of the feedback, modulo 256.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> TransportFeedback<'a> {
    /// `control` follows the two SSRCs. Chunks and deltas are checked here, so that iterating cannot fail.
    pub(super) fn parse(
        sender_ssrc: u32,
        media_ssrc: u32,
        control: &'a [u8],
    ) -> Result<TransportFeedback<'a>, RtcpError> {
        let (fixed, rest) = control.split_first_chunk::<FIXED_LEN>().ok_or(RtcpError::Length)?;
        let status_count = be16(&fixed[2..]);
        let (chunks_len, deltas_len) = measure(rest, usize::from(status_count)).ok_or(RtcpError::Length)?;
        let (chunks, deltas) = rest.split_at(chunks_len);
        Ok(TransportFeedback {
            sender_ssrc,
            media_ssrc,
            base_sequence: be16(fixed),
            status_count,
            reference_time: be32(&fixed[4..]) as i32 >> 8,
            feedback_count: fixed[7],
            chunks,
            deltas: deltas.get(..deltas_len).ok_or(RtcpError::Length)?,
        })
    }

    /// `(sequence number, arrival)` of every number reported on; the arrival is in µs on the receiver's clock, `None`
    /// for a packet that did not arrive.
    pub fn statuses(&self) -> impl Iterator<Item = (u16, Option<i64>)> + use<'a> {
        let mut deltas = self.deltas;
        let mut ticks = i64::from(self.reference_time) * TICKS_PER_REFERENCE;
        let base = self.base_sequence;
        symbols(self.chunks)
            .take(usize::from(self.status_count))
            .enumerate()
            .map(move |(i, symbol)| {
                let arrival = take_delta(&mut deltas, symbol).map(|delta| {
                    ticks += i64::from(delta);
                    ticks * TICK_US
                });
                (base.wrapping_add(i as u16), arrival)
            })
    }
}

/// The delta that belongs to `symbol`, in ticks.
fn take_delta(deltas: &mut &[u8], symbol: u8) -> Option<i16> {
    let (delta, rest) = match symbol {
        SMALL_DELTA => deltas.split_first().map(|(delta, rest)| (i16::from(*delta), rest)),
        LARGE_DELTA => deltas
            .split_at_checked(2)
            .map(|(delta, rest)| (be16(delta) as i16, rest)),
        _ => None,
    }?;
    *deltas = rest;
    Some(delta)
}

/// Bytes of chunks that hold `count` symbols, and bytes of deltas that they call for. `None`: too few chunks, or the
/// reserved symbol.
fn measure(chunks: &[u8], count: usize) -> Option<(usize, usize)> {
    let (mut left, mut chunks_len, mut deltas_len) = (count, 0, 0);
    while left > 0 {
        let chunk = Chunk(be16(chunks.get(chunks_len..chunks_len + 2)?));
        let take = chunk.len().min(left);
        for symbol in chunk.symbols().take(take) {
            deltas_len += match symbol {
                NOT_RECEIVED => 0,
                SMALL_DELTA => 1,
                LARGE_DELTA => 2,
                _ => return None,
            };
        }
        left -= take;
        chunks_len += 2;
    }
    Some((chunks_len, deltas_len))
}

fn symbols(chunks: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    chunks.chunks_exact(2).flat_map(|chunk| Chunk(be16(chunk)).symbols())
}

/// A packet status chunk (§3.1.3, §3.1.4).
#[derive(Clone, Copy)]
struct Chunk(u16);

impl Chunk {
    fn is_run(self) -> bool {
        self.0 & 0x8000 == 0
    }

    fn has_two_bits(self) -> bool {
        self.0 & 0x4000 != 0
    }

    fn len(self) -> usize {
        match (self.is_run(), self.has_two_bits()) {
            (true, _) => usize::from(self.0 & 0x1fff),
            (false, true) => 7,
            (false, false) => 14,
        }
    }

    fn symbols(self) -> impl Iterator<Item = u8> {
        (0..self.len()).map(move |i| match (self.is_run(), self.has_two_bits()) {
            (true, _) => (self.0 >> 13 & 3) as u8,
            (false, true) => (self.0 >> (12 - 2 * i) & 3) as u8,
            (false, false) => (self.0 >> (13 - i) & 1) as u8,
        })
    }
}
