//! All connections' numbers on their way over the border, as the tuples that the stub describes.

use std::time::Instant;

use tertulia_sfu::stats::{ConnectionStats, EncodingStats, SlotStats, SourceStats};
use tertulia_sfu::types::ConnectionId;

type EncodingRow = (u64, u64, u64, u64, f64, u64, f32, Option<(u16, u16)>);
type SourceRow = (u64, Vec<EncodingRow>);
type Choice = (Option<u8>, Option<u8>, Option<&'static str>);
type SlotRow = (u64, u64, Choice, u64, u64, u64, i32, f64);
pub type ConnectionRow = (u64, f64, Option<f64>, Option<u64>, Vec<SourceRow>, Vec<SlotRow>);

/// `since`: zero of the times.
pub fn connection_row(since: Instant, at: Instant, connection: ConnectionId, stats: &ConnectionStats) -> ConnectionRow {
    (
        connection.0,
        at.saturating_duration_since(since).as_secs_f64(),
        stats.round_trip.map(|round_trip| round_trip.as_secs_f64()),
        stats.estimate,
        stats.sources.iter().map(source_row).collect(),
        stats.slots.iter().filter_map(slot_row).collect(),
    )
}

fn source_row(stats: &SourceStats) -> SourceRow {
    (stats.source.0, stats.encodings.iter().map(encoding_row).collect())
}

fn encoding_row(stats: &EncodingStats) -> EncodingRow {
    (
        stats.packets,
        stats.octets,
        stats.lost,
        stats.repaired,
        stats.jitter,
        stats.bitrate,
        stats.frame_rate,
        stats.picture,
    )
}

/// None: nothing is in it.
fn slot_row(stats: &SlotStats) -> Option<SlotRow> {
    let choice = (stats.encoding, stats.best, stats.reason.map(|reason| reason.as_str()));
    Some((
        stats.slot.0,
        stats.source?.0,
        choice,
        stats.packets,
        stats.octets,
        stats.resent,
        stats.lost,
        stats.jitter,
    ))
}
