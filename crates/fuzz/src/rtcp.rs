//! RTCP compounds.

use tertulia_sfu::rtcp::{Rtcp, packets};

/// Everything inside is bounded by the compound's length, and an error is the last item.
pub fn rtcp(bytes: &[u8]) {
    let mut failed = false;
    let mut count = 0;
    for packet in packets(bytes) {
        assert!(!failed, "an error is the last item");
        count += 1;
        match packet {
            Ok(packet) => assert!(items(&packet) <= bound(&packet, bytes.len())),
            Err(_) => failed = true,
        }
    }
    assert!(count <= bytes.len() / 4 + 1);
}

/// How many things the packet tells.
fn items(packet: &Rtcp<'_>) -> usize {
    match packet {
        Rtcp::SenderReport(report) => report.reports.count(),
        Rtcp::ReceiverReport(report) => report.reports.count(),
        Rtcp::SourceDescription(description) => description.cnames().count(),
        Rtcp::Goodbye(goodbye) => goodbye.ssrcs().count(),
        Rtcp::Nack(nack) => nack.sequence_numbers().count(),
        Rtcp::TransportFeedback(feedback) => {
            let statuses = feedback.statuses().count();
            assert_eq!(statuses, usize::from(feedback.status_count));
            statuses
        }
        Rtcp::FullIntraRequest(request) => request.entries().count(),
        Rtcp::Estimate(estimate) => estimate.ssrcs().count(),
        Rtcp::PictureLoss { .. } | Rtcp::Unknown { .. } => 0,
    }
}

/// How many these may be in a compound of this length.
fn bound(packet: &Rtcp<'_>, len: usize) -> usize {
    match packet {
        // A run-length chunk of two bytes stands for up to 8191 packets, of 65535 in all.
        Rtcp::TransportFeedback(_) => (len / 2 * 8191).min(65_535),
        // A pair of four bytes names up to 17.
        Rtcp::Nack(_) => len / 4 * 17,
        _ => len / 4,
    }
}
