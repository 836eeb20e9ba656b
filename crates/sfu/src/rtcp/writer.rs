//! RTCP packets appended one after another to a caller's buffer.

use std::fmt;

use super::transport_feedback::{FIXED_LEN, LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA, TICK_US, TICKS_PER_REFERENCE};
use super::*;

/// The buffer has no room for the packet, of which nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferFull;

impl fmt::Display for BufferFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rtcp: buffer full")
    }
}

impl std::error::Error for BufferFull {}

/// Appends packets to one compound. Leave [`RTCP_OVERHEAD_MAX`](crate::srtp::RTCP_OVERHEAD_MAX) bytes of the datagram
/// outside `buffer` for sealing.
#[derive(Debug)]
pub struct CompoundWriter<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> CompoundWriter<'a> {
    pub fn new(buffer: &'a mut [u8]) -> CompoundWriter<'a> {
        CompoundWriter { buffer, len: 0 }
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// At most 31 reports; more are left out.
    pub fn sender_report(&mut self, ssrc: u32, info: &SenderInfo, reports: &[ReportBlock]) -> Result<(), BufferFull> {
        let reports = &reports[..reports.len().min(31)];
        let body_len = 4 + SENDER_INFO_LEN + REPORT_BLOCK_LEN * reports.len();
        let body = self.packet(SENDER_REPORT, reports.len() as u8, body_len)?;
        put_words(body, &[ssrc, (info.ntp >> 32) as u32, info.ntp as u32]);
        put_words(&mut body[12..], &[info.rtp_timestamp, info.packets, info.octets]);
        put_reports(&mut body[4 + SENDER_INFO_LEN..], reports);
        Ok(())
    }

    /// At most 31 reports; more are left out.
    pub fn receiver_report(&mut self, ssrc: u32, reports: &[ReportBlock]) -> Result<(), BufferFull> {
        let reports = &reports[..reports.len().min(31)];
        let body = self.packet(
            RECEIVER_REPORT,
            reports.len() as u8,
            4 + REPORT_BLOCK_LEN * reports.len(),
        )?;
        put_words(body, &[ssrc]);
        put_reports(&mut body[4..], reports);
        Ok(())
    }

    /// One chunk with a CNAME, of which at most 255 bytes count.
    pub fn source_description(&mut self, ssrc: u32, cname: &str) -> Result<(), BufferFull> {
        let cname = &cname.as_bytes()[..cname.len().min(255)];
        let body = self.packet(SOURCE_DESCRIPTION, 1, (4 + 2 + cname.len() + 1).next_multiple_of(4))?;
        put_words(body, &[ssrc]);
        body[4] = SDES_CNAME;
        body[5] = cname.len() as u8;
        body[6..6 + cname.len()].copy_from_slice(cname);
        body[6 + cname.len()..].fill(0);
        Ok(())
    }

    /// `sequence_numbers` ascend (modulo 2^16) without repeating. Nothing is written for none.
    pub fn nack(&mut self, sender_ssrc: u32, media_ssrc: u32, sequence_numbers: &[u16]) -> Result<(), BufferFull> {
        let pairs = nack_pairs(sequence_numbers).count();
        if pairs == 0 {
            return Ok(());
        }
        let body = self.packet(TRANSPORT_FEEDBACK, GENERIC_NACK, 8 + 4 * pairs)?;
        put_words(body, &[sender_ssrc, media_ssrc]);
        for (pair, (first, following)) in body[8..].chunks_exact_mut(4).zip(nack_pairs(sequence_numbers)) {
            put_words(pair, &[u32::from(first) << 16 | u32::from(following)]);
        }
        Ok(())
    }

    pub fn picture_loss(&mut self, sender_ssrc: u32, media_ssrc: u32) -> Result<(), BufferFull> {
        let body = self.packet(PAYLOAD_FEEDBACK, PICTURE_LOSS, 8)?;
        put_words(body, &[sender_ssrc, media_ssrc]);
        Ok(())
    }

    /// At most 31 sources; more are left out.
    pub fn goodbye(&mut self, ssrcs: &[u32]) -> Result<(), BufferFull> {
        let ssrcs = &ssrcs[..ssrcs.len().min(31)];
        let body = self.packet(GOODBYE, ssrcs.len() as u8, 4 * ssrcs.len())?;
        put_words(body, ssrcs);
        Ok(())
    }

    /// Transport-wide feedback on the numbers from `base` to the last of `received` that fits.
    ///
    /// `received` holds `(unwrapped sequence number, arrival in µs)`, ascending by number and none below `base`.
    /// Returns how many of them went in: fewer when the buffer is full, more than 65535 numbers are reported on, or an
    /// arrival is more than 8.19 s from the one before. The rest goes into the next packet, with the number after the
    /// last one reported as its base. Nothing is written for none.
    pub fn transport_feedback(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        feedback_count: u8,
        base: u64,
        received: &[(u64, i64)],
    ) -> Result<usize, BufferFull> {
        let Some(&(_, first_arrival)) = received.first() else {
            return Ok(0);
        };
        let reference = to_ticks(first_arrival).div_euclid(TICKS_PER_REFERENCE);
        let room = self.buffer.len() - self.len;
        let plan = FeedbackPlan::new(base, received, reference * TICKS_PER_REFERENCE, room);
        if plan.received == 0 {
            return Err(BufferFull);
        }
        let content_len = 8 + FIXED_LEN + plan.chunks_len + plan.deltas_len;
        let padding = content_len.next_multiple_of(4) - content_len;
        let start = self.len;
        let body = self.packet(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, content_len + padding)?;
        let base_and_count = u32::from(base as u16) << 16 | plan.statuses as u32;
        let reference_and_serial = (reference as u32) << 8 | u32::from(feedback_count);
        put_words(body, &[sender_ssrc, media_ssrc, base_and_count, reference_and_serial]);
        let received = &received[..plan.received];
        let (chunks, deltas) = body[8 + FIXED_LEN..].split_at_mut(plan.chunks_len);
        write_chunks(chunks, base, received, reference * TICKS_PER_REFERENCE);
        let end = write_deltas(deltas, received, reference * TICKS_PER_REFERENCE);
        deltas[end..].fill(0);
        if padding > 0 {
            deltas[end + padding - 1] = padding as u8;
            self.buffer[start] |= 0x20;
        }
        Ok(plan.received)
    }

    /// Writes a header and hands out the body, whose length is a multiple of four.
    fn packet(&mut self, packet_type: u8, count: u8, body_len: usize) -> Result<&mut [u8], BufferFull> {
        let packet = self.buffer[self.len..]
            .get_mut(..HEADER_LEN + body_len)
            .ok_or(BufferFull)?;
        let (header, body) = packet.split_at_mut(HEADER_LEN);
        header[0] = 0x80 | count;
        header[1] = packet_type;
        header[2..].copy_from_slice(&((body_len / 4) as u16).to_be_bytes());
        self.len += HEADER_LEN + body_len;
        Ok(body)
    }
}

fn put_words(buffer: &mut [u8], words: &[u32]) {
    for (bytes, word) in buffer.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
}

fn put_reports(buffer: &mut [u8], reports: &[ReportBlock]) {
    for (bytes, report) in buffer.chunks_exact_mut(REPORT_BLOCK_LEN).zip(reports) {
        let lost = report.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        put_words(
            bytes,
            &[
                report.ssrc,
                u32::from(report.fraction_lost) << 24 | lost,
                report.highest_sequence,
                report.jitter,
                report.last_sr,
                report.delay_since_last_sr,
            ],
        );
    }
}

/// `(first, bits of the sixteen that follow)`.
fn nack_pairs(sequence_numbers: &[u16]) -> impl Iterator<Item = (u16, u16)> + use<'_> {
    let mut rest = sequence_numbers;
    std::iter::from_fn(move || {
        let (&first, mut following) = rest.split_first()?;
        let mut bits = 0;
        while let Some((&next, after)) = following.split_first() {
            let distance = next.wrapping_sub(first);
            if !(1..=16).contains(&distance) {
                break;
            }
            bits |= 1 << (distance - 1);
            following = after;
        }
        rest = following;
        Some((first, bits))
    })
}

fn to_ticks(arrival_us: i64) -> i64 {
    arrival_us.div_euclid(TICK_US)
}

fn symbol_of(delta: i64) -> u8 {
    if (0..=255).contains(&delta) {
        SMALL_DELTA
    } else {
        LARGE_DELTA
    }
}

/// What of the arrivals fits into one packet.
#[derive(Default)]
struct FeedbackPlan {
    received: usize,
    statuses: usize,
    chunks_len: usize,
    deltas_len: usize,
}

impl FeedbackPlan {
    fn new(base: u64, received: &[(u64, i64)], reference_ticks: i64, room: usize) -> FeedbackPlan {
        let mut plan = FeedbackPlan::default();
        let mut encoder = ChunkEncoder::default();
        let (mut next, mut ticks, mut full_chunks) = (base, reference_ticks, 0);
        for &(number, arrival) in received {
            let delta = to_ticks(arrival) - ticks;
            let statuses = number - base + 1;
            if i16::try_from(delta).is_err() || statuses > u64::from(u16::MAX) {
                break;
            }
            for _ in next..number {
                full_chunks += usize::from(encoder.push(NOT_RECEIVED).is_some());
            }
            full_chunks += usize::from(encoder.push(symbol_of(delta)).is_some());
            // The last chunk, begun by this symbol at the latest.
            let chunks_len = 2 * (full_chunks + 1);
            let deltas_len = plan.deltas_len + usize::from(symbol_of(delta));
            let len = HEADER_LEN + 8 + FIXED_LEN + (chunks_len + deltas_len).next_multiple_of(4);
            if len > room {
                break;
            }
            plan = FeedbackPlan {
                received: plan.received + 1,
                statuses: statuses as usize,
                chunks_len,
                deltas_len,
            };
            (next, ticks) = (number + 1, to_ticks(arrival));
        }
        plan
    }
}

fn write_chunks(buffer: &mut [u8], base: u64, received: &[(u64, i64)], reference_ticks: i64) {
    let mut encoder = ChunkEncoder::default();
    let mut at = 0;
    let mut put = |chunk: Option<u16>| {
        if let Some(chunk) = chunk {
            buffer[at..at + 2].copy_from_slice(&chunk.to_be_bytes());
            at += 2;
        }
    };
    let (mut next, mut ticks) = (base, reference_ticks);
    for &(number, arrival) in received {
        for _ in next..number {
            put(encoder.push(NOT_RECEIVED));
        }
        put(encoder.push(symbol_of(to_ticks(arrival) - ticks)));
        (next, ticks) = (number + 1, to_ticks(arrival));
    }
    put(encoder.finish());
}

/// Returns the length written.
fn write_deltas(buffer: &mut [u8], received: &[(u64, i64)], reference_ticks: i64) -> usize {
    let (mut at, mut ticks) = (0, reference_ticks);
    for &(_, arrival) in received {
        let delta = to_ticks(arrival) - ticks;
        if symbol_of(delta) == SMALL_DELTA {
            buffer[at] = delta as u8;
            at += 1;
        } else {
            buffer[at..at + 2].copy_from_slice(&(delta as i16).to_be_bytes());
            at += 2;
        }
        ticks = to_ticks(arrival);
    }
    at
}

/// Collects symbols and gives out a chunk as soon as no further symbol fits into it: a run as long as all are the same,
/// else 14 symbols of one bit, else 7 of two.
#[derive(Default)]
struct ChunkEncoder {
    /// The first 14; beyond that only the count grows, in a run.
    symbols: [u8; 14],
    len: usize,
}

impl ChunkEncoder {
    const RUN_MAX: usize = 0x1fff;

    fn is_run(&self) -> bool {
        self.symbols[..self.len.min(14)]
            .iter()
            .all(|symbol| *symbol == self.symbols[0])
    }

    fn has_large(&self) -> bool {
        self.symbols[..self.len.min(14)].contains(&LARGE_DELTA)
    }

    fn fits(&self, symbol: u8) -> bool {
        self.len < 7
            || (self.len < 14 && symbol != LARGE_DELTA && !self.has_large())
            || (self.len < Self::RUN_MAX && self.is_run() && self.symbols[0] == symbol)
    }

    /// Gives out a chunk when the symbol has no place in it. What is left of a mixed one then always takes the symbol.
    fn push(&mut self, symbol: u8) -> Option<u16> {
        let chunk = (!self.fits(symbol)).then(|| self.take_chunk(false));
        if self.len < 14 {
            self.symbols[self.len] = symbol;
        }
        self.len += 1;
        chunk
    }

    fn finish(mut self) -> Option<u16> {
        (self.len > 0).then(|| self.take_chunk(true))
    }

    /// Only the last chunk may hold fewer symbols than its kind does.
    fn take_chunk(&mut self, last: bool) -> u16 {
        if self.is_run() {
            let chunk = u16::from(self.symbols[0]) << 13 | self.len as u16;
            self.len = 0;
            return chunk;
        }
        if !self.has_large() && (self.len == 14 || last && self.len > 7) {
            let bits = self.symbols[..self.len].iter().enumerate();
            let chunk = bits.fold(0x8000, |chunk, (i, symbol)| chunk | u16::from(*symbol) << (13 - i));
            self.len = 0;
            return chunk;
        }
        let taken = self.len.min(7);
        let bits = self.symbols[..taken].iter().enumerate();
        let chunk = bits.fold(0xc000, |chunk, (i, symbol)| chunk | u16::from(*symbol) << (12 - 2 * i));
        self.symbols.copy_within(taken.., 0);
        self.len -= taken;
        chunk
    }
}
