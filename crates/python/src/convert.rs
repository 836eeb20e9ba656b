//! Values on their way over the border.

use std::collections::BTreeMap;
use std::os::fd::IntoRawFd;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyTuple};
use tertulia_engine::{Event, StreamKind};
use tertulia_sfu::command::EncodingSpec;
use tertulia_sfu::rtp::Layers;
use tertulia_sfu::stats::{ConnectionStats, EncodingStats};
use tertulia_sfu::types::{Extensions, MediaKind};

pub fn media_kind(kind: &str) -> PyResult<MediaKind> {
    match kind {
        "audio" => Ok(MediaKind::Audio),
        "video" => Ok(MediaKind::Video),
        _ => Err(PyValueError::new_err(format!(
            "kind must be 'audio' or 'video', not {kind:?}"
        ))),
    }
}

pub fn stream_kind(kind: &str) -> PyResult<StreamKind> {
    match kind {
        "turn" => Ok(StreamKind::Turn),
        "ice" => Ok(StreamKind::Ice),
        "tls" => Ok(StreamKind::Tls),
        _ => Err(PyValueError::new_err(format!(
            "kind must be 'turn', 'ice' or 'tls', not {kind:?}"
        ))),
    }
}

pub fn extensions_of(mapping: &Bound<'_, PyMapping>) -> PyResult<Extensions> {
    let mut extensions = Extensions::default();
    for item in mapping.items()?.iter() {
        let (name, id): (String, u8) = item.extract()?;
        let field = match name.as_str() {
            "mid" => &mut extensions.mid,
            "transport_cc" => &mut extensions.transport_cc,
            "audio_level" => &mut extensions.audio_level,
            "video_orientation" => &mut extensions.video_orientation,
            "abs_send_time" => &mut extensions.abs_send_time,
            "rid" => &mut extensions.rid,
            "repaired_rid" => &mut extensions.repaired_rid,
            "dependency_descriptor" => &mut extensions.dependency_descriptor,
            _ => return Err(PyValueError::new_err(format!("unknown header extension {name:?}"))),
        };
        *field = id;
    }
    Ok(extensions)
}

/// `Encoding` of the stub.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Encoding {
    rid: Option<String>,
    ssrc: Option<u32>,
    rtx_ssrc: Option<u32>,
}

pub fn encodings_of(encodings: Vec<Encoding>) -> PyResult<Vec<EncodingSpec>> {
    if !(1..=3).contains(&encodings.len()) {
        return Err(PyValueError::new_err("a source has one to three encodings"));
    }
    let specs = encodings.into_iter().map(|encoding| EncodingSpec {
        rid: encoding.rid,
        ssrc: encoding.ssrc,
        rtx_ssrc: encoding.rtx_ssrc,
    });
    Ok(specs.collect())
}

pub fn event_tuple(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyTuple>> {
    match event {
        Event::Connected { connection } => ("connected", connection.0).into_pyobject(py),
        Event::Disconnected { connection, reason } => ("disconnected", connection.0, reason.as_str()).into_pyobject(py),
        Event::SourceStarted { source } => ("source_started", source.0).into_pyobject(py),
        Event::SourcePayload { source, payload_type } => ("source_payload", source.0, payload_type).into_pyobject(py),
        Event::Starved { slot, source } => ("starved", slot.0, source.0).into_pyobject(py),
        Event::Layer {
            slot,
            source,
            encoding,
            layers,
            reason,
        } => {
            let (spatial, temporal) = (highest(layers.spatial), highest(layers.temporal));
            ("layer", slot.0, source.0, encoding, spatial, temporal, reason.as_str()).into_pyobject(py)
        }
        Event::Chunk { slot, source, chunk } => {
            let bytes = PyBytes::new(py, &chunk.bytes);
            ("chunk", slot.0, source.0, chunk.key, chunk.time, bytes).into_pyobject(py)
        }
        Event::KeyFrameWanted { source } => ("key_frame_wanted", source.0).into_pyobject(py),
        Event::Encodings { source, wanted } => ("encodings", source.0, wanted).into_pyobject(py),
        Event::Speakers { room, levels } => {
            let levels: Vec<_> = levels.into_iter().map(|(source, level)| (source.0, level)).collect();
            ("speakers", room.0, levels).into_pyobject(py)
        }
        Event::WorkerLost { worker, connections } => {
            let connections: Vec<_> = connections.into_iter().map(|connection| connection.0).collect();
            ("worker_lost", worker, connections).into_pyobject(py)
        }
        // The descriptor is Python's from here on.
        Event::Http { socket, remote, local } => {
            ("http", socket.into_raw_fd(), remote.to_string(), local.to_string()).into_pyobject(py)
        }
        Event::Log { level, message } => ("log", level.as_str(), message).into_pyobject(py),
    }
}

/// Of layers of one kind; none where nothing is left out.
fn highest(layer: u8) -> Option<u8> {
    Some(layer).filter(|&layer| layer != Layers::EVERY)
}

/// Sums over sources ("in", from the client) and slots ("out", to the client). `round_trip_us` and `estimate` are there once they are known.
pub fn flat_stats(stats: &ConnectionStats) -> BTreeMap<&'static str, u64> {
    let encodings = || stats.sources.iter().flat_map(|source| &source.encodings);
    let sum = |of: fn(&EncodingStats) -> u64| encodings().map(of).sum();
    let worst_jitter = encodings().map(|encoding| encoding.jitter).fold(0.0, f64::max);
    let worst_loss = stats.slots.iter().map(|slot| slot.fraction_lost).fold(0.0, f64::max);
    let mut flat = BTreeMap::from([
        ("packets_in", sum(|encoding| encoding.packets)),
        ("bytes_in", sum(|encoding| encoding.octets)),
        ("lost_in", sum(|encoding| encoding.lost)),
        ("key_frames_in", sum(|encoding| encoding.key_frames)),
        ("jitter_us", (worst_jitter * 1e6) as u64),
        ("packets_out", stats.slots.iter().map(|slot| slot.packets).sum()),
        ("bytes_out", stats.slots.iter().map(|slot| slot.octets).sum()),
        ("resent_out", stats.slots.iter().map(|slot| slot.resent).sum()),
        ("loss_out_permille", (worst_loss * 1e3) as u64),
        ("acked_out", stats.acked),
        ("lost_out", stats.lost),
    ]);
    flat.extend(
        stats
            .round_trip
            .map(|round_trip| ("round_trip_us", round_trip.as_micros() as u64)),
    );
    flat.extend(stats.estimate.map(|estimate| ("estimate", estimate)));
    flat
}
