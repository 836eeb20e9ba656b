//! A viewer's stream as it came, and what is asked of it.

use std::collections::BTreeMap;

use crate::client::Received;

use super::camera::{Camera, Label};

pub const SSRC: u32 = 5001;
pub const RTX_SSRC: u32 = 6001;
/// Where the stream begins.
const FIRST_INDEX: u64 = 1000;
/// So many pictures may be missing between two that came, for their numbers to be compared: TL0PICIDX has eight bits.
const FAR: u32 = 100;

#[derive(Default)]
pub struct Stream {
    got: BTreeMap<u64, Got>,
    latest: u64,
}

/// What a number means.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// A packet of a picture.
#[derive(Debug)]
struct Shown {
    label: Label,
    starts: bool,
    timestamp: u32,
    picture_id: u16,
    tl0_pic_idx: u8,
}

impl Stream {
    /// The highest index that came.
    pub fn latest(&self) -> u64 {
        self.latest
    }

    pub fn receive(&mut self, Received { header, index, payload }: Received) {
        let (index, payload) = match header.ssrc {
            SSRC => (index, payload),
            RTX_SSRC => {
                let (number, payload) = payload
                    .split_first_chunk()
                    .expect("the number that it had (RFC 4588 §4)");
                let behind = (self.latest as u16).wrapping_sub(u16::from_be_bytes(*number));
                (self.latest - u64::from(behind), payload.to_vec())
            }
            other => panic!("SSRC {other}"),
        };
        self.latest = self.latest.max(index);
        let got = Got {
            timestamp: header.timestamp,
            marker: header.marker,
            payload,
        };
        if let Some(before) = self.got.get(&index) {
            assert_eq!(before, &got, "{index} means another packet");
        }
        self.got.insert(index, got);
    }

    pub fn judge(&self, camera: &Camera) {
        let mut before: Option<Shown> = None;
        let mut labels = BTreeMap::new();
        for (&index, got) in self.got.iter().filter(|(_, got)| !got.payload.is_empty()) {
            let (label, original) = camera.recognise(&got.payload);
            assert_eq!(labels.insert(label, index), None, "{label:?} came under two numbers");
            assert_eq!(got.marker, original.marker, "of {label:?}");
            let (picture_id, tl0_pic_idx) = camera.numbers(&got.payload);
            let shown = Shown {
                label,
                starts: original.starts,
                timestamp: got.timestamp,
                picture_id,
                tl0_pic_idx,
            };
            match &before {
                None => assert!(index == FIRST_INDEX && shown.starts, "{index} is {shown:?}"),
                Some(before) => follows(before, &shown, camera.closes_up()),
            }
            before = Some(shown);
        }
    }
}

/// `next` may come after `last`, with nothing but empty packets and lost ones in between.
fn follows(last: &Shown, next: &Shown, closes_up: bool) {
    let what = || format!("{next:?} after {last:?}");
    let time = next.timestamp.wrapping_sub(last.timestamp) as i32;
    let ids = u32::from(next.picture_id.wrapping_sub(last.picture_id) & 0x7FFF);
    let bases = next.tl0_pic_idx.wrapping_sub(last.tl0_pic_idx) as i8;
    let is_one_encoding = next.label.encoding == last.label.encoding;
    if is_one_encoding && next.label.picture == last.label.picture {
        assert!(next.label.at > last.label.at, "{}", what());
        assert_eq!((time, ids, bases), (0, 0, 0), "{}", what());
        return;
    }
    assert!(time > 0, "{}", what());
    if !is_one_encoding {
        assert!(next.starts, "{}", what());
        assert_eq!((ids, bases), (1, 1), "{}", what());
        return;
    }
    // What was late may begin a stretch, after a mute.
    if next.label.picture < last.label.picture {
        assert!(next.starts, "{}", what());
        assert_eq!((ids, bases), (1, 1), "{}", what());
        return;
    }
    let pictures = next.label.picture - last.label.picture;
    assert!((1..=pictures).contains(&ids), "{}", what());
    // A key frame may be the beginning of another stretch, which goes on where the one before it was.
    assert!(closes_up || next.starts || ids == pictures, "{}", what());
    assert!(pictures > FAR || bases >= 0, "{}", what());
}
