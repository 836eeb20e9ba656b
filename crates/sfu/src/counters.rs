//! What happened since the worker began.

tertulia_counters::counters! {
    /// Totals of one worker. Nothing is dropped without being counted here.
    pub struct Counters, "";
    rtp_in,
    rtp_out,
    /// Bytes of all datagrams handed in, headers of IP and UDP not counted.
    bytes_in,
    bytes_out,
    /// Packets of redundant audio from publishers.
    red_in,
    /// Frames of sound that were lost and came again in a later packet.
    red_recovered,
    /// Packets of sound to viewers that repeat earlier ones.
    red_out,
    /// Resent by publishers, probes and padding included.
    rtx_in,
    /// Resent to viewers.
    rtx_out,
    /// Packets sent again to find out what a way carries.
    probes_out,
    rtcp_in,
    rtcp_out,
    /// Packets that viewers reported lost.
    nack_in,
    /// Packets that we reported lost to publishers, repeats included.
    nack_out,
    /// Key frames that viewers asked for (PLI and FIR).
    pli_in,
    pli_out,
    twcc_in,
    twcc_out,
    /// Packets that transport-wide feedback of viewers reports received.
    twcc_acked,
    /// Packets that transport-wide feedback of viewers reports missing.
    twcc_lost,
    key_frames,
    /// Packets of sources here that other workers got: one for each of them.
    mirror_out,
    /// Packets of sources that are on other workers.
    mirror_in,
    /// Messages on data channels from clients.
    data_in,
    /// Messages on data channels to clients, one for each who gets it.
    data_out,
    /// Encoded chunks from publishers without a transport.
    chunks_in,
    /// Encoded chunks to viewers without a transport.
    chunks_out,
    /// Pictures that were lost on their way to us, of those that viewers without a transport get.
    chunks_lost,
    connections_opened,
    connections_closed,
    /// A selected path was replaced by another.
    path_changes,
    /// Neither a validated address nor a live user-name fragment.
    dropped_unknown_address,
    dropped_unknown_ssrc,
    /// An SSRC beyond what one connection may use.
    dropped_too_many_ssrcs,
    dropped_bad_auth,
    dropped_replayed,
    dropped_malformed,
    /// A packet that had already been forwarded, by its original sequence number.
    dropped_duplicate,
    /// Older than the source remembers.
    dropped_too_old,
    /// Of a source that is disabled.
    dropped_disabled,
    /// Of a voice that is not among the loudest of a large room; also the few that were taken back, when it had just become one.
    dropped_unheard,
    /// From another worker, for a source that nobody here watches any more.
    dropped_mirror_gone,
    /// Padding without payload: bandwidth probes.
    dropped_padding,
    /// A payload type that the source did not negotiate.
    dropped_payload_type,
    /// SRTP or SRTCP before the handshake was over.
    dropped_before_keys,
    /// Messages of those who may not send any.
    data_dropped_not_allowed,
    /// Messages of another version of the header.
    data_dropped_version,
    /// Messages whose header is out of bounds.
    data_dropped_malformed,
    /// Messages whose payload is too large.
    data_dropped_too_large,
    /// Messages beyond what one connection may send.
    data_dropped_rate,
    /// Lossy messages for which there was no room on the way to a receiver.
    data_dropped_full,
    /// Reliable channels of senders who sent too much.
    data_closed_rate,
    /// Reliable channels of receivers for whom too much waited.
    data_closed_too_slow,
    dropped_bad_stun,
    dropped_bad_dtls,
    /// Reported lost by a viewer but no longer known, or never sent.
    resend_unknown,
    /// Reported lost by a viewer but sent again already, or over its share.
    resend_limited,
    /// Named something that does not exist (any more).
    commands_ignored,
}
