//! What happened since the worker began.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Totals of one worker. Nothing is dropped without being counted here.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// Names and values, in the order of the fields.
            pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($name), self.$name)),*].into_iter()
            }

            /// Adds another worker's totals.
            pub fn add(&mut self, other: &Counters) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

counters! {
    rtp_in,
    rtp_out,
    /// Bytes of all datagrams handed in, headers of IP and UDP not counted.
    bytes_in,
    bytes_out,
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
    /// Padding without payload: bandwidth probes.
    dropped_padding,
    /// A payload type that the source did not negotiate.
    dropped_payload_type,
    /// SRTP or SRTCP before the handshake was over.
    dropped_before_keys,
    dropped_bad_stun,
    dropped_bad_dtls,
    /// Reported lost by a viewer but no longer known, or never sent.
    resend_unknown,
    /// Reported lost by a viewer too soon again, or over its share.
    resend_limited,
    /// Named something that does not exist (any more).
    commands_ignored,
}
