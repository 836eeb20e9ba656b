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

  async join({ room, name, id, hz, fps = 10, scale = 1, grain = 0, sending = {}, options = {}, clap = false, publish = ['camera', 'microphone'] }) {
    this.room = new Room(`/r/${room}`, options);
    this.room.addEventListener('publicationadded', (event) => this.#attach(event.publication, event.participant));
    this.room.addEventListener('publicationremoved', (event) => this.#detach(event.publication));
    this.room.addEventListener('statechange', () => this.#note('state', this.room.state));
    this.room.addEventListener('topologychange', () => this.#note('topology', { ...this.room.topology }));
    this.room.addEventListener('fault', ({ error }) => this.#note('fault', `${error.code}: ${error.message}`));
    await this.room.join({ name });
    if (clap) this.board = clapper(hz);
    if (publish.includes('camera')) {
      this.painted = paint(id, fps, this.board?.flash, scale, grain);
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
    const key = /^(camera|microphone)$/.test(publication.source) ? participant.name : `${participant.name}/${publication.source}`;
    if (publication.kind === 'audio') {
      this.ears.set(key, listen(publication.stream));
      return;
    }
    const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
    video.srcObject = publication.stream;
    document.body.append(video);
    video.play().catch(() => {});
    this.elements.set(publication.id, video);
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
    const { frameWidth: width = 0, framesDecoded: frames = 0, keyFramesDecoded: keyFrames = 0, pliCount = 0, codecId } = found;
    const codec = stats.find(({ id }) => id === codecId)?.mimeType;
    return { width, frames, keyFrames, pliCount, codec };
  }

  /** What the server says of somebody's picture as it comes here: why it is no better layer. */
  async reason({ name }) {
    for await (const { publications } of this.room.statistics({ every: 250 })) {
      return publications.get(this.#cameraOf(name).id)?.reason ?? null;
    }
  }

  /** How good everybody's connection is, as the server says, by name. */
  qualities() {
    const people = [this.room.local, ...this.room.participants.values()];
    return Object.fromEntries(people.map(({ name, connectionQuality }) => [name, connectionQuality]));
  }

  /** The encodings of this page's own picture as they go to the server, by RID. */
  async sent() {
    const stats = [...(await this.room.roads().sfu.getStats()).values()];
    const sent = stats.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video');
    return Object.fromEntries(
      sent.map((one) => {
        const { rid = '', frameWidth: width = 0, framesEncoded: frames = 0, keyFramesEncoded: keyFrames = 0 } = one;
        return [rid, { width, frames, keyFrames, layers: one.scalabilityMode }];
      }),
    );
  }

  /** In how many sections the server takes a header extension from this page, and in how many it sends one. */
  extended({ uri }) {
    const { sdp } = this.room.roads().sfu.remoteDescription;
    const sections = sdp.split('\nm=').filter((section) => section.includes(uri));
    const count = (direction) => sections.filter((section) => section.includes(`a=${direction}`)).length;
    return { takes: count('recvonly'), sends: count('sendonly') };
  }

  /** The codecs of the pictures that arrive by the server. */
  async codecs() {
    const stats = [...(await this.room.roads().sfu.getStats()).values()];
    const received = stats.filter((s) => s.type === 'inbound-rtp' && s.kind === 'video' && s.framesDecoded > 0);
    return received.map(({ codecId }) => stats.find(({ id }) => id === codecId)?.mimeType);
  }

  /** The codecs in which this page's pictures go to the server. */
  async sentIn() {
    const stats = [...(await this.room.roads().sfu.getStats()).values()];
    const sent = stats.filter((s) => s.type === 'outbound-rtp' && s.kind === 'video' && s.active !== false && s.codecId);
    return [...new Set(sent.map(({ codecId }) => stats.find(({ id }) => id === codecId)?.mimeType))];
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

  /** Begins or ends to publish what this page has. */
  async turn({ source, on, sending = {} }) {
    if (on) this[source] = await this.room.local.publish(this[source].track, { source, ...sending });
    else await this[source].unpublish();
  }

  async share({ id, hz }) {
    this.screen ??= paint(id, 5).track;
    this.film ??= tone(hz);
    this.shared = [
      await this.room.local.publish(this.screen, { source: 'screen' }),
      await this.room.local.publish(this.film, { source: 'screen_audio' }),
    ];
  }

  async unshare() {
    for (const publication of this.shared) await publication.unpublish();
  }

  /** Another camera in the place of this page's, and another microphone where it has a pitch. */
  async exchange({ id, hz, scale }) {
    const before = this.painted;
    this.painted = paint(id, 10, null, scale);
    await this.camera.replace(this.painted.track);
    before.stop();
    before.track.stop();
    if (hz) await this.microphone.replace(tone(hz));
  }

  /** What its picture's encodings may take at most, in bits a second, by RID. */
  rates() {
    const { sfu } = this.room.roads();
    const sender = sfu.getSenders().find(({ track }) => track === this.camera.track);
    return Object.fromEntries(sender.getParameters().encodings.map(({ rid, maxBitrate }) => [rid, maxBitrate]));
  }

  /** How often the connections to the server and to other people were described anew: the versions in the origin (RFC 8866 section 5.2). */
  offers() {
    const { sfu, peers } = this.room.roads();
    const versions = [sfu, ...peers.values()].map((pc) => Number(pc.localDescription.sdp.match(/^o=\S+ \S+ (\d+)/m)[1]));
    return versions.reduce((sum, version) => sum + version, 0);
  }

  /** What must not grow. */
  weight() {
    const { sfu } = this.room.roads();
    const { sdp } = sfu.localDescription;
    return {
      bytes: sdp.length,
      sections: sdp.match(/^m=/gm).length,
      transceivers: sfu.getTransceivers().length,
      publications: [...this.room.participants.values()].reduce((sum, { publications }) => sum + publications.size, 0),
      elements: this.elements.size,
    };
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
