//! RTP: headers, extensions, padding.

use tertulia_sfu::rtp::{
    ExtensionValues, HEADER_MAX, OutgoingHeader, RtpHeader, SequenceUnwrapper, is_rtcp, strip_padding,
};
use tertulia_sfu::types::Extensions;

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

/// A header lies inside its packet; what was read of it can be written and read again.
pub fn rtp(bytes: &[u8]) {
    is_rtcp(bytes);
    let Ok(header) = RtpHeader::parse(bytes) else {
        return;
    };
    assert!(header.len <= bytes.len() && header.payload_type < 128);
    let inside = bytes.as_ptr_range();
    for (id, data) in header.extensions(bytes) {
        assert!(id != 0, "an id that means nothing");
        let data = data.as_ptr_range();
        assert!(inside.start <= data.start && data.end <= inside.end);
    }
    if let Ok(payload) = strip_padding(&bytes[header.len..]) {
        assert!(payload.len() < bytes.len() - header.len);
    }
    let mut unwrapper = SequenceUnwrapper::new();
    for number in [0, header.sequence_number, 0x8000] {
        assert_eq!(unwrapper.unwrap(number) as u16, number);
    }
    rewrite(&header, bytes);
}

fn rewrite(header: &RtpHeader, packet: &[u8]) {
    // The one-byte form has between 1 and 16 bytes.
    fn writable(name: Option<&str>) -> Option<&str> {
        name.filter(|name| (1..=16).contains(&name.len()))
    }
    let values = header.values(packet, &IDS);
    let values = ExtensionValues {
        mid: writable(values.mid),
        rid: writable(values.rid),
        repaired_rid: writable(values.repaired_rid),
        ..values
    };
    let outgoing = OutgoingHeader {
        marker: header.marker,
        payload_type: header.payload_type,
        sequence_number: header.sequence_number,
        timestamp: header.timestamp,
        ssrc: header.ssrc,
        padding: header.padding,
        values,
    };
    let mut buffer = [0xEE; HEADER_MAX];
    let len = outgoing.write(&IDS, &mut buffer);
    let again = RtpHeader::parse(&buffer[..len]).expect("what is written can be read");
    assert_eq!(again.len, len);
    assert_eq!(again.values(&buffer, &IDS), values);
    assert_eq!(
        (again.marker, again.timestamp, again.ssrc),
        (header.marker, header.timestamp, header.ssrc)
    );
}
