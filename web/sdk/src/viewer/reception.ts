/** What a connection's statistics say about one received track. Seconds. */
export interface Reception {
  frames: number;
  roundTrip: number;
  /** Sums over all that was played. */
  held: number;
  played: number;
}

/** Null while nothing of this track has come. */
export async function readReception(
  connection: Pick<RTCPeerConnection, 'getStats'>,
  track: MediaStreamTrack,
): Promise<Reception | null> {
  const all = [...(await connection.getStats()).values()];
  const inbound = all.find((one) => one.type === 'inbound-rtp' && one.trackIdentifier === track.id);
  if (!inbound) return null;
  const selected = all.find((one) => one.type === 'transport')?.selectedCandidatePairId;
  const pair = all.find((one) => one.type === 'candidate-pair' && (selected ? one.id === selected : one.nominated));
  return {
    frames: inbound.framesDecoded ?? 0,
    roundTrip: pair?.currentRoundTripTime ?? 0,
    held: inbound.jitterBufferDelay ?? 0,
    played: inbound.jitterBufferEmittedCount ?? 0,
  };
}

/** How long what is played now was on its way from the server, in seconds; null where nothing was played between the two. */
export function latencyBetween(before: Reception, after: Reception): number | null {
  const played = after.played - before.played;
  return played > 0 ? after.roundTrip / 2 + (after.held - before.held) / played : null;
}
