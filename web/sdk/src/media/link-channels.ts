import { Emitter } from '../common/emitter.js';

/** How a message goes: in order and completely while the connection stands, or at once or not at all. */
export type ChannelKind = 'reliable' | 'lossy';

/** Between two pages both open the channels by number, so that neither has to wait for the other's. */
const IDS: Record<ChannelKind, number> = { reliable: 10, lossy: 11 };
/** Below so many bytes that wait, the next may come. */
const LOW: Record<ChannelKind, number> = { reliable: 65_536, lossy: 8_192 };
/** Nothing about no topic: it says that somebody is there. */
const HELLO = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/** Events of the channels of one connection. */
export interface ChannelEvents {
  /** `peer`: whose page it comes from; null: by the server. */
  message: { kind: ChannelKind; bytes: ArrayBuffer; peer: string | null };
  /** What waits to be sent may go now. */
  channels: object;
  channelclosed: { kind: ChannelKind };
}

/** The data channels of one connection, each opened when it is wanted. */
export class LinkChannels extends Emitter<ChannelEvents> {
  readonly #pc: RTCPeerConnection;
  readonly #peer: string | null;
  readonly #channels = new Map<ChannelKind, RTCDataChannel>();
  /** The other page has them, too. */
  readonly #heard = new Set<ChannelKind>();

  constructor(pc: RTCPeerConnection, peer: string | null) {
    super();
    this.#pc = pc;
    this.#peer = peer;
  }

  use(kind: ChannelKind): void {
    const known = this.#channels.get(kind);
    if (this.#pc.signalingState === 'closed' || (known && known.readyState !== 'closed')) return;
    // Before both have described a section for channels a direct one would take an offer of its own.
    if (this.#peer !== null && (known || !this.#pc.sctp)) return;
    const channel = this.#pc.createDataChannel(kind, {
      ...(kind === 'lossy' && { ordered: false, maxRetransmits: 0 }),
      ...(this.#peer !== null && { negotiated: true, id: IDS[kind] }),
    });
    this.#channels.set(kind, channel);
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = LOW[kind];
    channel.onopen = () => {
      if (this.#peer !== null) channel.send(HELLO);
      this.emit('channels', {});
    };
    channel.onbufferedamountlow = () => this.emit('channels', {});
    channel.onclose = () => this.emit('channelclosed', { kind });
    channel.onmessage = ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      if (this.#peer !== null && !this.#heard.has(kind)) {
        this.#heard.add(kind);
        // Ours may have come before there was anybody to hear it.
        if (channel.readyState === 'open') channel.send(HELLO);
        this.emit('channels', {});
      }
      this.emit('message', { kind, bytes: data, peer: this.#peer });
    };
  }

  /** Null while nobody would hear what is sent. */
  ready(kind: ChannelKind): RTCDataChannel | null {
    const channel = this.#channels.get(kind);
    const heard = this.#peer === null || this.#heard.has(kind);
    return heard && channel?.readyState === 'open' ? channel : null;
  }
}
