//! What happened since the relay began.

tertulia_counters::counters! {
    /// Totals of one relay. Nothing is dropped or refused without being counted here.
    pub struct Counters, "relay_";
    allocations_opened,
    /// By their client, by the end of their time or of their client's connection.
    allocations_closed,
    /// Relayed to the network.
    packets_to_peers,
    /// Payload only, as in all that follow.
    bytes_to_peers,
    /// To our own media port.
    packets_to_media,
    bytes_to_media,
    /// From peers, from our media port and from other allocations.
    packets_to_clients,
    bytes_to_clients,
    /// From one allocation to another; counted in `packets_to_clients`, too.
    packets_between_clients,
    binding_answered,
    /// 401 to requests without credentials: how every client begins.
    challenged,
    /// 400.
    refused_bad_request,
    /// 401: unknown, wrong or expired credentials.
    refused_unauthorized,
    /// 403.
    refused_forbidden_peer,
    /// 420.
    refused_unknown_attribute,
    /// 437.
    refused_allocation_mismatch,
    /// 438: every client meets it when its nonce ends.
    refused_stale_nonce,
    /// 440.
    refused_family,
    /// 441.
    refused_wrong_user,
    /// 442.
    refused_transport,
    /// 443.
    refused_peer_family,
    /// 486.
    refused_quota,
    /// 508.
    refused_capacity,
    /// Requests without valid credentials, too many of them from one address.
    dropped_unauthenticated,
    /// Neither STUN nor ChannelData, or broken.
    dropped_malformed,
    /// STUN that is not for a relay: responses, ICE's requests, methods we do not have.
    dropped_method,
    /// Data of somebody who has no allocation, or none of the peer's family.
    dropped_no_allocation,
    /// Data on a channel that is not bound.
    dropped_no_channel,
    /// Data to a peer without a permission.
    dropped_no_permission,
    /// Data to an address of ours that is neither the media port nor relayed.
    dropped_forbidden_peer,
    /// From clients, above the rate of their allocation.
    dropped_rate_to_peer,
    /// To clients, above the rate of their allocation.
    dropped_rate_to_client,
    /// From a peer without a permission.
    dropped_peer_no_permission,
    /// To a relayed address that is nobody's (any more).
    dropped_peer_no_allocation,
    /// Does not fit into a buffer.
    dropped_too_large,
}
