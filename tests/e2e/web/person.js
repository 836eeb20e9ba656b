// One person in a call, driven from outside: `person.join(…)`, `person.watch(…)`, `person.hear(…)`. Everything that is returned is plain JSON.
import { Room } from '/sdk/tertulia.js';
import { beeps, clapper, listen, paint, read, tone } from './picture.js';

const KEEP = 4000;

class Person {
  /** Frames as they were shown, by the sender's name: `{at, id, n}` or `{at, black}`. */
  frames = new Map();
  ears = new Map();
  elements = new Map();
  log = [];

  async join({ room, name, id, hz, fps = 10, scale = 1, sending = {}, options = {}, clap = false, publish = ['camera', 'microphone'] }) {
    this.room = new Room(`/r/${room}`, options);
    this.room.addEventListener('publicationadded', (event) => this.#attach(event.publication, event.participant));
    this.room.addEventListener('publicationremoved', (event) => this.#detach(event.publication));
    this.room.addEventListener('statechange', () => this.#note('state', this.room.state));
    this.room.addEventListener('topologychange', () => this.#note('topology', { ...this.room.topology }));
    await this.room.join({ name });
    if (clap) this.board = clapper(hz);
    if (publish.includes('camera')) {
      this.painted = paint(id, fps, this.board?.flash, scale);
      this.camera = await this.room.local.publish(this.painted.track, { source: 'camera', ...sending });
    }
    if (publish.includes('microphone')) {
      this.microphone = await this.room.local.publish(this.board?.track ?? tone(hz), { source: 'microphone' });
    }
    return this.room.local.id;
  }

  #note(what, value) {
    this.log.push({ at: performance.now(), what, value });
  }

  #attach(publication, participant) {
    if (publication.kind === 'audio') {
      this.ears.set(participant.name, listen(publication.stream));
      return;
    }
    const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
    video.srcObject = publication.stream;
    document.body.append(video);
    video.play().catch(() => {});
    this.elements.set(publication.id, video);
    const key = publication.source === 'camera' ? participant.name : `${participant.name}/${publication.source}`;
    const frames = [];
    this.frames.set(key, frames);
    const shown = () => {
      const seen = read(video);
      if (seen) frames.push({ at: performance.now(), ...seen });
      if (frames.length > KEEP) frames.shift();
      if (video.isConnected) video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  #detach(publication) {
    this.elements.get(publication.id)?.remove();
    this.elements.delete(publication.id);
  }

  /** When each of this page's own frames was painted, in milliseconds since 1970, by frame number. */
  painting() {
    return Object.fromEntries(this.painted.times);
  }

  /** What this page says to the server arrives so many milliseconds later from now on, as from far away. */
  farFromServer({ delay }) {
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function late(data) {
      setTimeout(() => this.readyState === WebSocket.OPEN && send.call(this, data), delay);
    };
  }

  /** From now on this page sends its pictures in this codec. */
  prefer({ codec }) {
    const add = RTCPeerConnection.prototype.addTransceiver;
    const set = RTCRtpTransceiver.prototype.setCodecPreferences;
    RTCRtpTransceiver.prototype.setCodecPreferences = function preferring(codecs) {
      const first = codecs.filter(({ mimeType }) => mimeType === `video/${codec}`);
      set.call(this, [...first, ...codecs.filter((one) => !first.includes(one))]);
    };
    RTCPeerConnection.prototype.addTransceiver = function preferring(...given) {
      const transceiver = add.apply(this, given);
      if (transceiver.sender.track?.kind === 'video' || given[0] === 'video') {
        transceiver.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs);
      }
      return transceiver;
    };
  }

  #cameraOf(name) {
    const person = [...this.room.participants.values()].find((participant) => participant.name === name);
    return [...person.publications.values()].find(({ source }) => source === 'camera');
  }

  /** Shows somebody's picture so large from now on, and has the room told. */
  tile({ name, width, height }) {
    const camera = this.#cameraOf(name);
    const element = this.elements.get(camera.id);
    Object.assign(element.style, { width: `${width}px`, height: `${height}px` });
    if (!element.dataset.followed) camera.follow(element);
    element.dataset.followed = 'yes';
  }

  async hide({ name, hidden }) {
    await this.#cameraOf(name).prefer({ visible: !hidden });
  }

  /** What is received of somebody's picture. */
  async received({ name }) {
    const { track } = this.#cameraOf(name);
    const stats = [...(await this.room.roads().sfu.getStats()).values()];
    const found = stats.find((s) => s.type === 'inbound-rtp' && s.trackIdentifier === track?.id);
    if (!found) return null;
    const { frameWidth: width = 0, framesDecoded: frames = 0, keyFramesDecoded: keyFrames = 0, pliCount = 0 } = found;
    return { width, frames, keyFrames, pliCount };
  }

  /** The encodings of this page's own picture as they go to the server, by RID. */
  async sent() {
    const stats = [...(await this.room.roads().sfu.getStats()).values()];
    const sent = stats.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video');
    return Object.fromEntries(
      sent.map(({ rid = '', frameWidth: width = 0, framesEncoded: frames = 0, keyFramesEncoded: keyFrames = 0 }) => [
        rid,
        { width, frames, keyFrames },
      ]),
    );
  }

  /** The codecs of the pictures that arrive by the server. */
  async codecs() {
    const stats = [...(await this.room.roads().sfu.getStats()).values()];
    const received = stats.filter((s) => s.type === 'inbound-rtp' && s.kind === 'video' && s.framesDecoded > 0);
    return received.map(({ codecId }) => stats.find(({ id }) => id === codecId)?.mimeType);
  }

  /** Closes the direct road as soon as another is begun: what must never be done, to see that the tests notice. */
  breakBeforeMake() {
    this.room.addEventListener('topologychange', () => {
      for (const connection of this.room.roads().peers.values()) connection.close();
    });
  }

  /** Begins to note the beeps of one sender. */
  async listenForClaps({ name }) {
    const [person] = [...this.room.participants.values()].filter((participant) => participant.name === name);
    const sound = [...person.publications.values()].find((publication) => publication.kind === 'audio');
    this.beeps = [];
    await beeps(sound.stream, (at) => this.beeps.push(at));
  }

  /** For each beep, how many milliseconds later the flash was shown; negative: earlier. */
  claps({ name }) {
    const frames = this.frames.get(name) ?? [];
    const flashes = frames.filter((frame, i) => frame.flash && i > 0 && !frames[i - 1].flash).map((frame) => frame.at);
    return (this.beeps ?? []).flatMap((beep) => {
      const nearest = flashes.reduce((best, at) => (Math.abs(at - beep) < Math.abs(best - beep) ? at : best), Infinity);
      return Math.abs(nearest - beep) < 400 ? [nearest - beep] : [];
    });
  }

  now() {
    return performance.now();
  }

  /** Frames of one sender since a time of this page's clock. */
  watch({ name, since = 0 }) {
    return (this.frames.get(name) ?? []).filter((frame) => frame.at >= since);
  }

  hear({ name }) {
    return this.ears.get(name)?.() ?? null;
  }

  /** Ids of those who speak, loudest first. */
  speakers() {
    return this.room.speakers.map((speaker) => speaker.participant);
  }

  names() {
    return [...this.room.participants.values()].map((participant) => participant.name).sort();
  }

  state() {
    return { state: this.room.state, topology: this.room.topology, log: this.log, id: this.room.local?.id };
  }

  async mute({ source, muted }) {
    await this[source].setEnabled(!muted);
  }

  async leave() {
    await this.room.leave();
  }

  async say({ text }) {
    await this.room.chat.send(text);
  }

  /** The selected candidate pair and the RTP counts of each road; null for one that was closed meanwhile. */
  async roads() {
    const roads = this.room.roads();
    const describe = async (connection) => {
      // Firefox never answers for a connection that is closed while it is asked.
      const late = new Promise((resolve) => setTimeout(resolve, 3000, null));
      const report = await Promise.race([connection?.getStats() ?? null, late]);
      if (!report) return null;
      const stats = [...report.values()];
      const transport = stats.find((s) => s.type === 'transport');
      const pair = stats.find((s) => s.id === transport?.selectedCandidatePairId) ?? stats.find((s) => s.type === 'candidate-pair' && s.nominated);
      const candidate = (id) => {
        const found = stats.find((s) => s.id === id);
        if (!found) return null;
        const { candidateType: type, address, port, protocol, relayProtocol: relay = null } = found;
        return { type, address, port, protocol, relay };
      };
      const sum = (type, field) => stats.filter((s) => s.type === type).reduce((total, s) => total + (s[field] ?? 0), 0);
      return {
        state: connection.connectionState,
        local: pair ? candidate(pair.localCandidateId) : null,
        remote: pair ? candidate(pair.remoteCandidateId) : null,
        sent: sum('outbound-rtp', 'packetsSent'),
        received: sum('inbound-rtp', 'packetsReceived'),
        decoded: sum('inbound-rtp', 'framesDecoded'),
        lost: sum('inbound-rtp', 'packetsLost'),
      };
    };
    const direct = {};
    for (const [peer, connection] of roads.peers) direct[peer] = await describe(connection);
    return { direct, sfu: await describe(roads.sfu) };
  }
}

window.person = new Person();
