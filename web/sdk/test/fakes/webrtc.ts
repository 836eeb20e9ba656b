/** Just enough of WebRTC for the managers: sections, descriptions, states. Nothing flows by itself. */

export class FakeTrack extends EventTarget {
  enabled = true;
  contentHint = '';
  readyState = 'live';
  readonly kind: string;
  readonly id: string;

  constructor(kind: string, id = `${kind}-${Math.random()}`) {
    super();
    this.kind = kind;
    this.id = id;
  }

  getSettings(): { width?: number; height?: number } {
    return this.kind === 'video' ? { width: 640, height: 360 } : {};
  }

  stop(): void {
    this.readyState = 'ended';
  }

  clone(): FakeTrack {
    const copy = new FakeTrack(this.kind);
    copy.readyState = this.readyState;
    return copy;
  }

  /** For tests: unplugged, or the browser's "stop sharing". */
  end(): void {
    this.stop();
    this.dispatchEvent(new Event('ended'));
  }
}

export const track = (kind: string, id?: string): MediaStreamTrack =>
  new FakeTrack(kind, id) as unknown as MediaStreamTrack;

export class FakeMediaStream {
  readonly log: string[] = [];
  readonly #tracks: Set<FakeTrack>;

  constructor(tracks: FakeTrack[] = []) {
    this.#tracks = new Set(tracks);
  }

  addTrack(added: FakeTrack): void {
    this.#tracks.add(added);
    this.log.push(`+${added.id}`);
  }

  removeTrack(removed: FakeTrack): void {
    this.#tracks.delete(removed);
    this.log.push(`-${removed.id}`);
  }

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  getVideoTracks(): FakeTrack[] {
    return this.getTracks().filter(({ kind }) => kind === 'video');
  }

  getAudioTracks(): FakeTrack[] {
    return this.getTracks().filter(({ kind }) => kind === 'audio');
  }
}

export class FakeRtpReceiver {
  readonly track: FakeTrack;
  framesDecoded = 0;
  keyFramesDecoded = 0;
  packetsReceived = 0;
  /** For tests: the level of what arrives, 0 to 1; null: this browser tells it in getStats only. */
  level: number | null = 0;
  statsLevel: number | undefined;

  constructor(kind: string) {
    this.track = new FakeTrack(kind);
  }

  flow(): void {
    this.framesDecoded += 1;
    this.keyFramesDecoded += 1;
    this.packetsReceived += 1;
  }

  getSynchronizationSources(): object[] {
    return this.level === null ? [{}] : [{ audioLevel: this.level, timestamp: this.packetsReceived }];
  }

  async getStats(): Promise<Map<string, object>> {
    const { framesDecoded, keyFramesDecoded, packetsReceived, statsLevel: audioLevel } = this;
    return new Map([['in', { type: 'inbound-rtp', framesDecoded, keyFramesDecoded, packetsReceived, audioLevel }]]);
  }
}

export type FakeEncoding = RTCRtpEncodingParameters & { active: boolean };

export class FakeRtpSender {
  track: unknown;
  /** For tests: the level of one's own sound, 0 to 1; undefined: this browser does not tell. */
  level: number | undefined = 0;
  encodings: FakeEncoding[];
  /** For tests: how many pictures of its own accord it began anew with. */
  keyFrames = 0;
  /** For tests: how often its parameters were set. */
  changes = 0;
  #asked = 0;
  /** Only the parameters that were asked for last may be set, as in a browser. */
  #latest: object | null = null;

  constructor(track: unknown, encodings: RTCRtpEncodingParameters[] = [{}]) {
    this.track = track;
    this.encodings = encodings.map((encoding) => ({ ...encoding, active: encoding.active ?? true }));
  }

  /** For tests: RIDs of what is sent; one without a name is called `-`. */
  get active(): string[] {
    return this.encodings.filter(({ active }) => active).map(({ rid = '-' }) => rid);
  }

  async replaceTrack(track: unknown): Promise<void> {
    this.track = track;
  }

  getParameters(): object {
    this.#latest = { encodings: this.encodings.map((encoding) => ({ ...encoding })) };
    return this.#latest;
  }

  async setParameters(parameters: { encodings: FakeEncoding[] }): Promise<void> {
    if (parameters !== this.#latest) throw new DOMException('not the last ones', 'InvalidStateError');
    this.#latest = null;
    await Promise.resolve();
    const begins = parameters.encodings.some(({ active }, index) => active && !this.encodings[index]?.active);
    if (begins) this.keyFrames += 1;
    this.encodings = parameters.encodings.map((encoding) => ({ ...encoding }));
    this.changes += 1;
  }

  async getStats(): Promise<Map<string, object>> {
    return new Map([['source', { type: 'media-source', audioLevel: this.level, timestamp: ++this.#asked }]]);
  }
}

interface FakeTransceiverInit {
  direction: string;
  sendEncodings?: RTCRtpEncodingParameters[];
}

export class FakeTransceiver {
  mid: string | null = null;
  readonly receiver: FakeRtpReceiver;
  readonly sender: FakeRtpSender;
  readonly #changed: () => void;
  #direction: string;

  constructor(kind: string, sent: unknown, init: FakeTransceiverInit, changed: () => void) {
    this.receiver = new FakeRtpReceiver(kind);
    this.#direction = init.direction;
    this.#changed = changed;
    this.sender = new FakeRtpSender(sent, init.sendEncodings);
  }

  get direction(): string {
    return this.#direction;
  }

  /** An offer then has its section with port 0, and a later one uses that line for another. */
  stop(): void {
    this.direction = 'stopped';
  }

  set direction(direction: string) {
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.#changed();
  }
}

export class FakeDataChannel {
  readonly label: string;
  readonly init: RTCDataChannelInit;
  readyState = 'connecting';
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(label: string, init: RTCDataChannelInit = {}) {
    this.label = label;
    this.init = init;
  }

  send(bytes: Uint8Array): void {
    if (this.readyState !== 'open') throw new DOMException('not open', 'InvalidStateError');
    this.sent.push(bytes.slice());
  }

  /** For tests, as what follows is. */
  open(): void {
    this.readyState = 'open';
    this.onopen?.();
  }

  deliver(bytes: Uint8Array): void {
    this.onmessage?.({ data: bytes.slice().buffer });
  }

  end(): void {
    this.readyState = 'closed';
    this.onclose?.();
  }
}

export class FakePeerConnection extends EventTarget {
  static all: FakePeerConnection[] = [];
  config: RTCConfiguration;
  readonly transceivers: FakeTransceiver[] = [];
  readonly channels: string[] = [];
  readonly dataChannels: FakeDataChannel[] = [];
  sctp: object | null = null;
  readonly candidates: unknown[] = [];
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  signalingState = 'stable';
  connectionState = 'new';
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  restarts = 0;
  closed = false;
  /** For tests: what `getStats` tells. */
  stats: { id: string; type: string }[] = [];
  /** How often it was asked. */
  polls = 0;
  /** Set while a description is being set: a second one then is the fault that must never happen. */
  #busy = false;
  #needed = false;
  #asked = false;
  #version = 0;

  constructor(config: RTCConfiguration = {}) {
    super();
    this.config = config;
    FakePeerConnection.all.push(this);
  }

  createDataChannel(label: string, init?: RTCDataChannelInit): FakeDataChannel {
    const channel = new FakeDataChannel(label, init);
    this.channels.push(label);
    this.dataChannels.push(channel);
    if (!this.sctp) this.#need();
    return channel;
  }

  /** For tests: the newest of that label. */
  channel(label: string): FakeDataChannel {
    const found = this.dataChannels.findLast((channel) => channel.label === label);
    if (!found) throw new Error(`no channel ${label}`);
    return found;
  }

  addTransceiver(what: string | FakeTrack, init: FakeTransceiverInit): FakeTransceiver {
    const kind = typeof what === 'string' ? what : what.kind;
    const transceiver = new FakeTransceiver(kind, typeof what === 'string' ? null : what, init, () => this.#need());
    this.transceivers.push(transceiver);
    this.#need();
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  restartIce(): void {
    this.restarts += 1;
    this.#need();
  }

  async getStats(): Promise<Map<string, object>> {
    this.polls += 1;
    return new Map(this.stats.map((stats) => [stats.id, { ...stats }]));
  }

  getConfiguration(): RTCConfiguration {
    return this.config;
  }

  setConfiguration(config: RTCConfiguration): void {
    this.config = config;
  }

  async setLocalDescription(description?: { type: string }): Promise<void> {
    await this.#exclusively(() => {
      if (description?.type === 'rollback') {
        this.signalingState = 'stable';
        return;
      }
      const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
      if (type === 'offer') {
        this.#needed = false;
        this.transceivers.forEach((transceiver, index) => {
          transceiver.mid ??= `${index}`;
        });
      }
      this.localDescription = { type, sdp: `${type} ${++this.#version}` };
      this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    });
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    await this.#exclusively(() => {
      if (description.type === 'offer' && this.signalingState === 'have-local-offer') this.#needed = true; // rolled back
      this.remoteDescription = description;
      if (this.channels.length > 0) this.sctp = {};
      this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    });
  }

  async addIceCandidate(candidate: unknown): Promise<void> {
    if (!this.remoteDescription) throw new Error('no remote description');
    this.candidates.push(candidate);
  }

  close(): void {
    this.closed = true;
    this.signalingState = 'closed';
  }

  /** For tests: the network. */
  become(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }

  /** For tests: a section that the other side's offer brings. */
  remoteSection(mid: string, kind: string): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, null, { direction: 'recvonly' }, () => this.#need());
    transceiver.mid = mid;
    this.transceivers.push(transceiver);
    return transceiver;
  }

  byMid(mid: string): FakeTransceiver {
    const found = this.transceivers.find((transceiver) => transceiver.mid === mid);
    if (!found) throw new Error(`no section ${mid}`);
    return found;
  }

  async #exclusively(change: () => void): Promise<void> {
    if (this.closed) throw new DOMException('closed', 'InvalidStateError');
    if (this.#busy) throw new Error('two descriptions at once');
    this.#busy = true;
    await Promise.resolve();
    await Promise.resolve();
    this.#busy = false;
    change();
    this.#ask();
  }

  #need(): void {
    this.#needed = true;
    this.#ask();
  }

  #ask(): void {
    if (!this.#needed || this.#asked || this.signalingState !== 'stable') return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      if (this.#needed && this.signalingState === 'stable' && !this.closed) this.onnegotiationneeded?.();
    });
  }
}

export const createPeerConnection = (config: RTCConfiguration): RTCPeerConnection =>
  new FakePeerConnection(config) as unknown as RTCPeerConnection;

export const fake = (pc: RTCPeerConnection | null): FakePeerConnection => pc as unknown as FakePeerConnection;
