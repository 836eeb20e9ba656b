//! What holds for a room on one worker holds for one that is spread over two: the same tests, with every other client elsewhere.
#![allow(dead_code, reason = "some helpers belong to tests that are about one worker")]

#[path = "behaviour/common/mod.rs"]
mod common;

#[path = "behaviour/a_foreign_payload_type_is_told.rs"]
mod a_foreign_payload_type_is_told;
#[path = "behaviour/a_muted_source_reaches_nobody.rs"]
mod a_muted_source_reaches_nobody;
#[path = "behaviour/a_narrow_way_carries_what_fits.rs"]
mod a_narrow_way_carries_what_fits;
#[path = "behaviour/a_switch_is_one_stream.rs"]
mod a_switch_is_one_stream;
#[path = "behaviour/a_tile_gets_the_encoding_that_fills_it.rs"]
mod a_tile_gets_the_encoding_that_fills_it;
#[path = "behaviour/everyone_hears_how_packets_arrive.rs"]
mod everyone_hears_how_packets_arrive;
#[path = "behaviour/frames_leave_by_their_descriptors.rs"]
mod frames_leave_by_their_descriptors;
#[path = "behaviour/large_pictures_leave_in_pieces.rs"]
mod large_pictures_leave_in_pieces;
#[path = "behaviour/late_viewer_gets_a_key_frame.rs"]
mod late_viewer_gets_a_key_frame;
#[path = "behaviour/lost_packet_is_repaired_by_rtx.rs"]
mod lost_packet_is_repaired_by_rtx;
#[path = "behaviour/messages_reach_all_or_some.rs"]
mod messages_reach_all_or_some;
#[path = "behaviour/no_srtp_index_is_sealed_twice.rs"]
mod no_srtp_index_is_sealed_twice;
#[path = "behaviour/padding_leaves_no_gap.rs"]
mod padding_leaves_no_gap;
#[path = "behaviour/publishers_hear_which_encodings_are_wanted.rs"]
mod publishers_hear_which_encodings_are_wanted;
#[path = "behaviour/rebinding_continues_the_sequence.rs"]
mod rebinding_continues_the_sequence;
#[path = "behaviour/sound_and_picture_stay_comparable.rs"]
mod sound_and_picture_stay_comparable;

#[path = "behaviour/who_talks_too_much_or_listens_too_slowly.rs"]
mod who_talks_too_much_or_listens_too_slowly;

/// Of each world.
const WORKERS: usize = 2;
