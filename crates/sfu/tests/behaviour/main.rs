//! What the SFU does, seen from outside, with clients of its own and a network that loses what it is told to. One program: each
//! would be linked by itself, which takes longer than all of them run.

mod common;

/// Of each world, where a test does not ask for two.
const WORKERS: usize = 1;

mod a_foreign_payload_type_is_told;
mod a_large_room_hears_the_loudest;
mod a_listener_is_known;
mod a_muted_source_reaches_nobody;
mod a_narrow_way_carries_what_fits;
mod a_narrow_way_costs_pictures_before_pixels;
mod a_room_on_two_workers;
mod a_switch_is_one_stream;
mod a_tile_gets_the_encoding_that_fills_it;
mod a_way_gets_wide_again;
mod chunks_are_packets_and_packets_chunks;
mod crash_of_one_connection_spares_the_room;
mod encodings_are_learnt_by_rid;
mod everyone_hears_how_packets_arrive;
mod frames_leave_by_their_descriptors;
mod held_frames_leave_with_the_marker;
mod large_pictures_leave_in_pieces;
mod late_viewer_gets_a_key_frame;
mod lost_packet_is_repaired_by_rtx;
mod messages_reach_all_or_some;
mod no_srtp_index_is_sealed_twice;
mod padding_leaves_no_gap;
mod publishers_hear_which_encodings_are_wanted;
mod rebinding_continues_the_sequence;
mod repairs_come_once;
mod rtcp_survives_the_round_trip;
mod sound_and_picture_stay_comparable;
mod srtp_replay_is_refused;
mod transport_connects_and_ends;
mod upper_spatial_layers_are_left_out;
mod voices_survive_loss;
mod what_is_dropped_is_counted;
mod who_talks_too_much_or_listens_too_slowly;
mod why_a_picture_is_small_is_known;
