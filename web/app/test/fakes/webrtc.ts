/** What a TURN server does; a number is the error that it answers with. Left out of the network, it is never heard of. */
export type Relay = 'carries' | 'garbles' | 'swallows' | number;

/** RTCPeerConnections of one page, and the servers around them. */
export class FakeNetwork {
  /** By URL. */
  readonly relays = new Map<string, Relay>();
  /** By URL of a STUN server: what it sees of each socket, as `address port`; a number is its error. */
  readonly seen = new Map<string, string[] | number>();
  /** The sockets of this device, as `address port`. */
  hosts = ['192.168.1.5 50000'];
  readonly peers = new Map<string, FakePeer>();
  made = 0;

  readonly create = (config: RTCConfiguration): RTCPeerConnection =>
    new FakePeer(this, config) as unknown as RTCPeerConnection;

  get open(): number {
    return [...this.peers.values()].filter(({ closed }) => !closed).length;
  }
}

class FakeChannel {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  other: FakeChannel | null = null;
  relay: Relay = 'carries';

  send(data: string): void {
    if (this.relay === 'swallows') return;
    const arrives = this.relay === 'garbles' ? data.toUpperCase() : data;
    queueMicrotask(() => this.other?.onmessage?.({ data: arrives }));
  }
}

type Handler = ((event: unknown) => void) | null;

class FakePeer extends EventTarget {
  onicecandidate: Handler = null;
  onicecandidateerror: Handler = null;
  ondatachannel: Handler = null;
  localDescription: { type: string; sdp: string } | null = null;
  closed = false;
  readonly #network: FakeNetwork;
  readonly #config: RTCConfiguration;
  readonly #id: string;
  #remote: string | null = null;
  #channel: FakeChannel | null = null;

  constructor(network: FakeNetwork, config: RTCConfiguration) {
    super();
    this.#network = network;
    this.#config = config;
    this.#id = `peer${++network.made}`;
    network.peers.set(this.#id, this);
  }

  createDataChannel(): FakeChannel {
    this.#channel = new FakeChannel();
    return this.#channel;
  }

  async setLocalDescription(): Promise<void> {
    this.localDescription = { type: this.#remote ? 'answer' : 'offer', sdp: this.#id };
    setTimeout(() => this.#gather());
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.#remote = sdp;
  }

  async addIceCandidate({ candidate }: { candidate: string }): Promise<void> {
    if (!this.#remote) throw new Error('no remote description');
    const relay = this.#network.relays.get(this.#urls[0] ?? '');
    const other = this.#network.peers.get(this.#remote);
    if (!this.#channel || !other || !/typ relay/.test(candidate) || typeof relay !== 'string') return;
    const theirs = new FakeChannel();
    Object.assign(this.#channel, { other: theirs, relay });
    Object.assign(theirs, { other: this.#channel, relay });
    setTimeout(() => {
      other.#emit('datachannel', { channel: theirs });
      this.#channel?.onopen?.();
    });
  }

  close(): void {
    this.closed = true;
  }

  get #urls(): string[] {
    return (this.#config.iceServers ?? []).flatMap(({ urls }) => urls);
  }

  #gather(): void {
    if (this.closed) return;
    const said = this.#urls.map((url) => (/^turn/.test(url) ? this.#ask(url) : this.#look(url)));
    if (this.#config.iceTransportPolicy !== 'relay')
      for (const host of this.#network.hosts) this.#candidate(host, 'host');
    // Who waits for a server that says nothing never comes to an end.
    if (said.every(Boolean)) this.#emit('icecandidate', { candidate: null });
  }

  #ask(url: string): boolean {
    const relay = this.#network.relays.get(url);
    if (typeof relay === 'number') this.#emit('icecandidateerror', { errorCode: relay, errorText: 'said the server' });
    if (typeof relay === 'string') this.#candidate('203.0.113.9 60000', 'relay');
    return relay !== undefined;
  }

  #look(url: string): boolean {
    const seen = this.#network.seen.get(url);
    if (typeof seen === 'number') this.#emit('icecandidateerror', { errorCode: seen, errorText: '' });
    else for (const place of seen ?? []) this.#candidate(place, 'srflx');
    return seen !== undefined;
  }

  #candidate(place: string, type: string): void {
    this.#emit('icecandidate', { candidate: { candidate: `candidate:1 1 udp 2122260223 ${place} typ ${type}` } });
  }

  #emit(type: 'icecandidate' | 'icecandidateerror' | 'datachannel', fields: object): void {
    const event = Object.assign(new Event(type), fields);
    this.dispatchEvent(event);
    this[`on${type}`]?.(event);
  }
}
