//! Header extensions (RFC 8285): both forms are read; the one-byte form is written, and the other where that is too small.

use super::{be16, be32};
use crate::types::Extensions;
use std::slice;

/// "defined by profile" of the one-byte form.
pub(super) const ONE_BYTE: u16 = 0xbede;
/// The two-byte form, whose lowest four bits are free for the application.
const TWO_BYTE: u16 = 0x1000;

/// Longest data of an element in one-byte form, and its highest id.
const ELEMENT_MAX: usize = 16;
const ONE_BYTE_ID_MAX: u8 = 14;
/// The same in the other form, in which any octet is an id.
pub(super) const TWO_BYTE_ELEMENT_MAX: usize = 255;
/// As many as there are in [`ExtensionValues`].
const ELEMENTS: usize = 8;

/// Prefix; three names of 16 bytes, transport-cc (2), two single octets, abs-send-time (3) and a descriptor; two bytes before
/// each; and padding to a word.
pub(super) const WRITTEN_MAX: usize =
    (4 + 3 * ELEMENT_MAX + 2 + 2 + 3 + TWO_BYTE_ELEMENT_MAX + 2 * ELEMENTS).next_multiple_of(4);

/// Elements of one packet as `(id, data)`.
#[derive(Debug, Clone)]
pub struct ExtensionIter<'a> {
    two_byte: bool,
    rest: &'a [u8],
}

impl<'a> ExtensionIter<'a> {
    pub(super) fn new(profile: u16, elements: &'a [u8]) -> ExtensionIter<'a> {
        let two_byte = profile & 0xfff0 == TWO_BYTE;
        let known = two_byte || profile == ONE_BYTE;
        ExtensionIter {
            two_byte,
            rest: if known { elements } else { &[] },
        }
    }

    /// Id, length of the data and bytes before the data of the element that `rest` begins with.
    fn element(&self) -> Option<(u8, usize, usize)> {
        let first = *self.rest.first()?;
        if self.two_byte {
            return Some((first, usize::from(*self.rest.get(1)?), 2));
        }
        // Ids 0 (with a length) and 15 end the whole block (RFC 8285 §4.2).
        let id = first >> 4;
        (id != 0 && id != 15).then_some((id, usize::from(first & 0x0f) + 1, 1))
    }
}

impl<'a> Iterator for ExtensionIter<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let padding = self.rest.iter().take_while(|byte| **byte == 0).count();
        self.rest = &self.rest[padding..];
        let element = self
            .element()
            .and_then(|(id, len, prefix)| Some((id, self.rest.get(prefix..prefix + len)?)));
        match element {
            Some((_, data)) => {
                let prefix = if self.two_byte { 2 } else { 1 };
                self.rest = &self.rest[prefix + data.len()..];
            }
            None => self.rest = &[],
        }
        element
    }
}

/// The extensions that we know: as read from a packet, or to be written into one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtensionValues<'a> {
    /// RFC 9143 §15. Written up to 16 bytes, as all names are.
    pub mid: Option<&'a str>,
    /// Transport-wide sequence number.
    pub transport_cc: Option<u16>,
    /// The whole octet of RFC 6464: the voice flag (0x80) and the level in -dBov.
    pub audio_level: Option<u8>,
    /// The octet of 3GPP TS 26.114 §7.4.5 (camera, flip, rotation).
    pub video_orientation: Option<u8>,
    /// Seconds modulo 64 with 18 fractional bits, 24 bits in all.
    pub abs_send_time: Option<u32>,
    /// RFC 8852.
    pub rid: Option<&'a str>,
    pub repaired_rid: Option<&'a str>,
    /// AV1 RTP, appendix A: see [`DependencyStructure`](super::DependencyStructure). 1 to 255 bytes.
    pub dependency_descriptor: Option<&'a [u8]>,
}

impl<'a> ExtensionValues<'a> {
    pub(super) fn read(elements: ExtensionIter<'a>, ids: &Extensions) -> ExtensionValues<'a> {
        let mut values = ExtensionValues::default();
        // An absent id is 0, which no element has.
        for (id, data) in elements {
            if id == ids.transport_cc {
                values.transport_cc = (data.len() >= 2).then(|| be16(data));
            } else if id == ids.audio_level {
                values.audio_level = data.first().copied();
            } else if id == ids.video_orientation {
                values.video_orientation = data.first().copied();
            } else if id == ids.abs_send_time {
                values.abs_send_time = (data.len() == 3).then(|| be32(&[0, data[0], data[1], data[2]]));
            } else if id == ids.mid {
                values.mid = std::str::from_utf8(data).ok();
            } else if id == ids.rid {
                values.rid = std::str::from_utf8(data).ok();
            } else if id == ids.repaired_rid {
                values.repaired_rid = std::str::from_utf8(data).ok();
            } else if id == ids.dependency_descriptor {
                values.dependency_descriptor = Some(data).filter(|data| !data.is_empty());
            }
        }
        values
    }

    /// Writes the whole block, prefix and padding included, and returns its length: 0 when there is nothing to write.
    pub(super) fn write(&self, ids: &Extensions, buffer: &mut [u8]) -> usize {
        let name = |name: Option<&'a str>| name.map(str::as_bytes).filter(|name| name.len() <= ELEMENT_MAX);
        let transport_cc = self.transport_cc.map(u16::to_be_bytes);
        let abs_send_time = self.abs_send_time.map(u32::to_be_bytes);
        let elements: [(u8, Option<&[u8]>); ELEMENTS] = [
            (ids.mid, name(self.mid)),
            (ids.transport_cc, transport_cc.as_ref().map(|bytes| &bytes[..])),
            (ids.audio_level, self.audio_level.as_ref().map(slice::from_ref)),
            (
                ids.video_orientation,
                self.video_orientation.as_ref().map(slice::from_ref),
            ),
            (ids.abs_send_time, abs_send_time.as_ref().map(|bytes| &bytes[1..])),
            (ids.rid, name(self.rid)),
            (ids.repaired_rid, name(self.repaired_rid)),
            (ids.dependency_descriptor, self.dependency_descriptor),
        ];
        let elements = elements.map(|(id, data)| (id, data.unwrap_or_default()));
        let lengths = elements.map(|(id, data)| (id, data.len()));
        let end = block_len(&lengths);
        if end == 0 {
            return 0;
        }
        let two_byte = is_two_byte(&lengths);
        let mut len = 4;
        for (id, data) in elements.into_iter().filter(|(id, data)| is_written(*id, data.len())) {
            match two_byte {
                true => buffer[len..len + 2].copy_from_slice(&[id, data.len() as u8]),
                false => buffer[len] = id << 4 | (data.len() - 1) as u8,
            }
            len += prefix_len(two_byte);
            buffer[len..len + data.len()].copy_from_slice(data);
            len += data.len();
        }
        buffer[len..end].fill(0);
        let profile = if two_byte { TWO_BYTE } else { ONE_BYTE };
        buffer[..2].copy_from_slice(&profile.to_be_bytes());
        buffer[2..4].copy_from_slice(&(((end - 4) / 4) as u16).to_be_bytes());
        end
    }
}

/// How long a block with elements of these ids and lengths is, prefix and padding included. What has the id 0 or no data is not in it.
pub(crate) fn block_len(elements: &[(u8, usize)]) -> usize {
    let prefix = prefix_len(is_two_byte(elements));
    let written = elements.iter().filter(|(id, len)| is_written(*id, *len));
    match written.map(|(_, len)| prefix + len).sum::<usize>() {
        0 => 0,
        len => 4 + len.next_multiple_of(4),
    }
}

/// An element does not fit into the one-byte form; then all of a packet's have the other.
fn is_two_byte(elements: &[(u8, usize)]) -> bool {
    let is_wide = |(id, len): &(u8, usize)| *id > ONE_BYTE_ID_MAX || *len > ELEMENT_MAX;
    elements
        .iter()
        .any(|element| is_written(element.0, element.1) && is_wide(element))
}

fn is_written(id: u8, len: usize) -> bool {
    id != 0 && (1..=TWO_BYTE_ELEMENT_MAX).contains(&len)
}

fn prefix_len(two_byte: bool) -> usize {
    if two_byte { 2 } else { 1 }
}
