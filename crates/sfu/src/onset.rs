//! The last packet of a voice that has no place yet, for as long as another worker may still give it one.

use crate::ingress::Arrival;
use crate::loudest::speaks;
use crate::rtp::{ExtensionValues, RtpHeader};
use crate::sfu::Sfu;
use crate::types::SourceId;
use std::time::Instant;

/// It was left out of the stream already, and is taken back if it is the one that got the voice its place: a word begins with it.
#[derive(Debug)]
pub(crate) struct Onset {
    index: u64,
    header: RtpHeader,
    level: u8,
    payload: Vec<u8>,
}

impl Onset {
    /// Keeps a packet in the place of the one before, and of its buffer; one that is not loud is none.
    pub fn keep(kept: &mut Option<Box<Onset>>, index: u64, arrival: &Arrival<'_>) {
        let Some(level) = arrival.values.audio_level.filter(|level| speaks(level & 0x7f)) else {
            return;
        };
        let empty = || {
            Box::new(Onset {
                index,
                header: *arrival.header,
                level,
                payload: Vec::new(),
            })
        };
        let onset = kept.get_or_insert_with(empty);
        (onset.index, onset.header, onset.level) = (index, *arrival.header, level);
        onset.payload.clear();
        onset.payload.extend_from_slice(arrival.payload);
    }
}

impl Sfu {
    /// A voice has a place from now on. What it said last is passed on, if nothing came since.
    pub(crate) fn pass_on_onset(&mut self, id: SourceId, now: Instant) {
        let source = self.sources.find(id).and_then(|at| self.sources.get(at));
        let source = source.filter(|source| source.connection.is_some() && source.enabled);
        let Some(at) = source.and_then(|source| source.encodings.first().copied()) else {
            return;
        };
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        let Some(onset) = encoding.onset.take() else {
            return;
        };
        if encoding.compaction.take_back(onset.index) {
            let values = ExtensionValues {
                audio_level: Some(onset.level),
                ..ExtensionValues::default()
            };
            let arrival = Arrival {
                header: &onset.header,
                values: &values,
                payload: &onset.payload,
                now,
            };
            self.admit(at, onset.index, &arrival, false);
        }
        if let Some(encoding) = self.encodings.get_mut(at) {
            encoding.onset = Some(onset);
        }
    }
}
