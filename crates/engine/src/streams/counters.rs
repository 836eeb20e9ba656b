//! What happened to the streams since the start.

tertulia_counters::counters! {
    /// Totals of all streams. Nothing is dropped without being counted here.
    #[derive(Copy)]
    pub(crate) struct StreamCounters, "";
    streams_opened,
    streams_closed,
    stream_frames_in,
    /// Queued; `dropped_stream_crowded` are some of them, and what stays behind in a stream that ends is `dropped_stream_bytes`.
    stream_frames_out,
    /// From sockets and to them, with what TLS adds.
    stream_bytes_in,
    stream_bytes_out,
    stream_tls_handshakes,
    /// HTTP came out of TLS, and was passed on.
    stream_http_tunnels,
    /// There are as many as there may be.
    dropped_stream_limit,
    /// As many as there may be from one address.
    dropped_stream_address_limit,
    /// TLS without a certificate of ours.
    dropped_stream_no_certificate,
    /// A socket that was gone before it could be watched, or is none of TCP.
    dropped_stream_socket,
    /// No TLS, none that we speak, or broken in the middle.
    dropped_stream_tls,
    /// Inside of TLS was nothing that we know.
    dropped_stream_unknown,
    /// No message of its protocol, or one that is too large.
    dropped_stream_unframed,
    /// The handshake, or the first message, did not come in time.
    dropped_stream_silent,
    /// Neither an allocation nor an ICE connection in time.
    dropped_stream_unused,
    dropped_stream_idle,
    /// Ended in the middle of a message.
    dropped_stream_cut,
    /// Messages to a stream that takes them too slowly.
    dropped_stream_full,
    /// Messages that were queued, when too much waited in all streams, and most of it in theirs.
    dropped_stream_crowded,
    /// Messages to a stream that is not there any more, or too large for one.
    dropped_stream_send,
    /// Queued, and never written.
    dropped_stream_bytes,
}
