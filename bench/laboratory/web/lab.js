// The sender's and the receiver's page, driven from outside: `lab.publish(…)`, `lab.receive(…)`, `lab.sample()`, `lab.take()`.

import { now, paint, read } from './scene.js';

const EVERY = 200;
const TONE = 440;

const KEPT = {
  'inbound-rtp': [
    'kind', 'frameWidth', 'frameHeight', 'framesDecoded', 'framesDropped', 'keyFramesDecoded', 'freezeCount', 'totalFreezesDuration', 'pauseCount',
    'totalPausesDuration', 'packetsReceived', 'packetsLost', 'packetsDiscarded', 'nackCount', 'pliCount', 'firCount', 'bytesReceived', 'jitter',
    'jitterBufferDelay', 'jitterBufferEmittedCount', 'concealedSamples', 'silentConcealedSamples', 'totalSamplesReceived',
    'retransmittedPacketsReceived',
  ],
  'outbound-rtp': [
    'kind', 'rid', 'active', 'frameWidth', 'frameHeight', 'framesEncoded', 'keyFramesEncoded', 'bytesSent', 'targetBitrate', 'nackCount', 'pliCount',
    'firCount', 'retransmittedPacketsSent', 'qualityLimitationReason',
  ],
  'candidate-pair': ['nominated', 'currentRoundTripTime', 'availableOutgoingBitrate', 'availableIncomingBitrate'],
};

const samples = [];
const shown = [];
let picture = null;
let connection = () => null;

async function sample() {
  const at = now();
  const stats = [...((await connection()?.getStats()) ?? new Map()).values()];
  const kept = stats.flatMap((one) => {
    const fields = KEPT[one.type];
    if (!fields || (one.type === 'candidate-pair' && !one.nominated)) return [];
    return [{ type: one.type, ...Object.fromEntries(fields.filter((name) => name in one).map((name) => [name, one[name]])) }];
  });
  samples.push({ at, stats: kept });
}

/** The element is as large as the sender's picture, whatever arrives: an SDK may ask for what fits it. */
function look(track, { width, height }) {
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true, width, height });
  video.srcObject = new MediaStream([track]);
  document.body.append(video);
  const note = (_, { width }) => {
    shown.push({ at: now(), n: read(video), width });
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
}

function hear(track) {
  // What nobody plays is not decoded, and then nothing is concealed.
  const audio = Object.assign(new Audio(), { srcObject: new MediaStream([track]) });
  document.body.append(audio);
  audio.play();
}

function tone(hz) {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency: hz });
  const out = context.createMediaStreamDestination();
  oscillator.connect(new GainNode(context, { gain: 0.3 })).connect(out);
  oscillator.start();
  return out.stream.getAudioTracks()[0];
}

const road = (server) => import(`./${server}.js`);

window.lab = {
  /** `sending`: how, where the server's own client can be told. */
  async publish({ server, room, sending, ...size }) {
    picture = paint(size);
    connection = await (await road(server)).publish(room, picture.track, tone(TONE), sending);
  },

  async receive({ server, room, ...size }) {
    connection = await (await road(server)).receive(room, (track) => (track.kind === 'video' ? look : hear)(track, size));
  },

  /** From now on, several times a second. */
  sample: () => setInterval(sample, EVERY),

  /** Of the picture that is shown. */
  width: () => shown.at(-1)?.width ?? 0,

  /** All that was noted. */
  take: () => ({ samples, shown, painted: Object.fromEntries(picture?.painted ?? []) }),
};
