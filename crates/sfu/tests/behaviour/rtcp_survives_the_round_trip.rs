//! Everything that the writer writes, the parser reads back; and no bytes make the parser panic.

use proptest::prelude::*;
use tertulia_sfu::rtcp::{self, BufferFull, CompoundWriter, ReportBlock, Rtcp, RtcpError, SenderInfo};

fn written(len: usize, write: impl FnOnce(&mut CompoundWriter<'_>)) -> Vec<u8> {
    let mut buffer = vec![0xff; len];
    let mut writer = CompoundWriter::new(&mut buffer);
    write(&mut writer);
    let len = writer.len();
    buffer.truncate(len);
    buffer
}

fn only(compound: &[u8]) -> Rtcp<'_> {
    let mut packets = rtcp::packets(compound);
    let packet = packets.next().expect("a packet").expect("well-formed");
    assert!(packets.next().is_none());
    packet
}

fn statuses(compound: &[u8]) -> Vec<(u16, Option<i64>)> {
    let Rtcp::TransportFeedback(feedback) = only(compound) else {
        panic!("not transport feedback")
    };
    feedback.statuses().collect()
}

#[test]
fn a_compound_is_read_packet_by_packet() {
    let info = SenderInfo {
        ntp: 0x0102_0304_0506_0708,
        rtp_timestamp: 9,
        packets: 10,
        octets: 11,
    };
    let report = ReportBlock {
        ssrc: 1,
        fraction_lost: 2,
        cumulative_lost: -3,
        highest_sequence: 4,
        jitter: 5,
        last_sr: 6,
        delay_since_last_sr: 7,
    };
    let compound = written(500, |writer| {
        writer.sender_report(20, &info, &[report]).unwrap();
        writer.receiver_report(21, &[report, report]).unwrap();
        writer.source_description(22, "a name").unwrap();
        writer.picture_loss(23, 24).unwrap();
        writer.nack(25, 26, &[65534, 65535, 3, 100]).unwrap();
        writer.goodbye(&[27, 28]).unwrap();
    });
    let packets: Vec<_> = rtcp::packets(&compound).collect::<Result<_, _>>().unwrap();
    let [
        Rtcp::SenderReport(sender),
        Rtcp::ReceiverReport(receiver),
        Rtcp::SourceDescription(description),
        Rtcp::PictureLoss {
            sender_ssrc: 23,
            media_ssrc: 24,
        },
        Rtcp::Nack(nack),
        Rtcp::Goodbye(goodbye),
    ] = packets[..]
    else {
        panic!("{packets:?}")
    };
    assert_eq!((sender.ssrc, sender.info), (20, info));
    assert_eq!(sender.reports.collect::<Vec<_>>(), [report]);
    assert_eq!(receiver.reports.collect::<Vec<_>>(), [report, report]);
    assert_eq!(description.cnames().collect::<Vec<_>>(), [(22, &b"a name"[..])]);
    assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), [65534, 65535, 3, 100]);
    assert_eq!(goodbye.ssrcs().collect::<Vec<_>>(), [27, 28]);
}

#[test]
fn what_only_clients_send_is_read() {
    let fir = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 7, 0, 0, 0];
    let Rtcp::FullIntraRequest(request) = only(&fir) else {
        panic!()
    };
    assert_eq!(request.entries().collect::<Vec<_>>(), [(9, 7)]);

    let remb = [
        0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, 0x0b, 0xff, 0xff, 0, 0, 0, 9,
    ];
    let Rtcp::Estimate(estimate) = only(&remb) else {
        panic!()
    };
    assert_eq!(
        (estimate.bitrate, estimate.ssrcs().collect::<Vec<_>>()),
        (0x3ffff << 2, vec![9])
    );

    assert!(matches!(
        only(&[0x80, 207, 0, 0]),
        Rtcp::Unknown {
            packet_type: 207,
            count: 0
        }
    ));
}

#[test]
fn a_malformed_packet_ends_the_compound() {
    let good = [0x81, 203, 0, 1, 0, 0, 0, 7];
    let with = |bad: &[u8]| {
        let compound = [&good, bad, &good].concat();
        rtcp::packets(&compound).map(|packet| packet.err()).collect::<Vec<_>>()
    };
    assert_eq!(with(&[0x40, 203, 0, 0]), [None, Some(RtcpError::Version)]);
    assert_eq!(
        with(&[0x80, 203, 0, 9]),
        [None, Some(RtcpError::Length)],
        "longer than the datagram"
    );
    assert_eq!(
        with(&[0x82, 203, 0, 1, 0, 0, 0, 7]),
        [None, Some(RtcpError::Length)],
        "more sources than words"
    );
    assert_eq!(with(&[0xa0, 203, 0, 1, 0, 0, 0, 5]), [None, Some(RtcpError::Padding)]);
    assert_eq!(
        with(&[0x81, 201, 0, 1, 0, 0, 0, 7]),
        [None, Some(RtcpError::Length)],
        "report without its block"
    );
    assert_eq!(
        rtcp::packets(&good[..3]).next().unwrap().err(),
        Some(RtcpError::TooShort)
    );
}

#[test]
fn a_full_buffer_takes_no_half_packet() {
    let mut buffer = [0; 20];
    let mut writer = CompoundWriter::new(&mut buffer);
    writer.picture_loss(1, 2).unwrap();
    assert_eq!(writer.receiver_report(1, &[]), Ok(()));
    assert_eq!(writer.goodbye(&[1]), Err(BufferFull));
    assert_eq!(writer.len(), 20);
    assert_eq!(writer.transport_feedback(1, 2, 0, 0, &[(0, 0)]), Err(BufferFull));
}

#[test]
fn feedback_stops_where_a_gap_in_time_does_not_fit() {
    let received = [(70_000, 1_000_000), (70_001, 9_500_000), (70_002, 9_500_250)];
    let first = written(200, |writer| {
        assert_eq!(writer.transport_feedback(1, 2, 0, 70_000, &received), Ok(1))
    });
    assert_eq!(statuses(&first), [(70_000u64 as u16, Some(1_000_000))]);
    let second = written(200, |writer| {
        assert_eq!(writer.transport_feedback(1, 2, 1, 70_001, &received[1..]), Ok(2))
    });
    assert_eq!(statuses(&second), [(4465, Some(9_500_000)), (4466, Some(9_500_250))]);
}

#[test]
fn a_long_loss_costs_a_run_not_a_chunk_each() {
    let received = [(10, 0), (20_010, 250)];
    let compound = written(60, |writer| {
        assert_eq!(writer.transport_feedback(1, 2, 0, 10, &received), Ok(2))
    });
    let statuses = statuses(&compound);
    assert_eq!(statuses.len(), 20_001);
    assert_eq!(statuses.iter().filter(|(_, arrival)| arrival.is_some()).count(), 2);
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(compound in prop::collection::vec(any::<u8>(), 0..300)) {
        walk(&compound);
    }

    /// The same behind headers that lead further in.
    #[test]
    fn no_body_makes_the_parser_panic(
        first in 0x80u8..0xc0, packet_type in 199u8..208, words in 0u8..60,
        body in prop::collection::vec(any::<u8>(), 240),
    ) {
        let mut compound = vec![first, packet_type, 0, words];
        compound.extend(&body[..4 * usize::from(words)]);
        walk(&compound);
    }

    #[test]
    fn nacks_survive(base in any::<u16>(), gaps in prop::collection::vec(1u16..40, 0..60)) {
        let mut wanted = vec![base];
        wanted.extend(gaps.iter().scan(base, |at, gap| { *at = at.wrapping_add(*gap); Some(*at) }));
        let compound = written(500, |writer| writer.nack(1, 2, &wanted).unwrap());
        let Rtcp::Nack(nack) = only(&compound) else { panic!() };
        prop_assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn transport_feedback_survives(
        base in 0u64..1 << 40, start in 0i64..1 << 40, lead in 0u64..30, room in 40usize..400,
        steps in prop::collection::vec((prop_oneof![9 => Just(1u64), 1 => 2u64..40], -3_000i64..90_000), 1..300),
    ) {
        let mut received = Vec::new();
        let (mut number, mut at) = (base + lead, start);
        for (gap, micros) in steps {
            received.push((number, at));
            number += gap;
            at += micros;
        }
        let mut taken = 0;
        let compound = written(room, |writer| {
            taken = writer.transport_feedback(1, 2, 3, base, &received).unwrap();
        });
        prop_assert!(taken > 0);
        let statuses = statuses(&compound);
        let last = received[taken - 1].0;
        let numbers: Vec<_> = (base..=last).map(|number| number as u16).collect();
        prop_assert_eq!(statuses.iter().map(|(number, _)| *number).collect::<Vec<_>>(), numbers);
        let arrivals: Vec<_> = statuses.iter().filter_map(|(_, arrival)| *arrival).collect();
        let expected: Vec<_> = received[..taken].iter().map(|(_, at)| at.div_euclid(250) * 250).collect();
        // The reference time has 24 bits: arrivals are known modulo its range.
        let range = (1i64 << 24) * 64_000;
        prop_assert!(arrivals.iter().zip(&expected).all(|(a, e)| (a - e).rem_euclid(range) == 0), "{:?} {:?}", arrivals, expected);
        prop_assert_eq!(arrivals.len(), expected.len());
    }
}

/// Reads everything there is.
fn walk(compound: &[u8]) {
    for packet in rtcp::packets(compound).flatten() {
        match packet {
            Rtcp::SenderReport(report) => drop(report.reports.count()),
            Rtcp::ReceiverReport(report) => drop(report.reports.count()),
            Rtcp::SourceDescription(description) => drop(description.cnames().count()),
            Rtcp::Goodbye(goodbye) => drop(goodbye.ssrcs().count()),
            Rtcp::Nack(nack) => drop(nack.sequence_numbers().count()),
            Rtcp::TransportFeedback(feedback) => {
                assert_eq!(feedback.statuses().count(), usize::from(feedback.status_count));
            }
            Rtcp::FullIntraRequest(request) => drop(request.entries().count()),
            Rtcp::Estimate(estimate) => drop(estimate.ssrcs().count()),
            Rtcp::PictureLoss { .. } | Rtcp::Unknown { .. } => {}
        }
    }
}
