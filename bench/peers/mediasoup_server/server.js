// mediasoup with one worker and one room: `node server.js ADDRESS PORT`. It speaks what bench/load/src/doors/ortc.rs speaks.

import { createServer } from 'node:http';
import { createWorker } from 'mediasoup';

const [address, port] = process.argv.slice(2);
const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

const worker = await createWorker({ logLevel: 'warn' });
worker.on('died', () => process.exit(1));
const webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: address }] });
const router = await worker.createRouter({
  mediaCodecs: [
    { kind: 'audio', mimeType: 'audio/opus', clockRate: 48000, channels: 2, parameters: { useinbandfec: 1 } },
    { kind: 'video', mimeType: 'video/VP8', clockRate: 90000 },
  ],
});
const producers = [];

async function connect(remote) {
  const transport = await router.createWebRtcTransport({ webRtcServer, initialAvailableOutgoingBitrate: 1_000_000 });
  const [algorithm, value] = remote.fingerprint.split(' ');
  await transport.connect({ dtlsParameters: { role: 'client', fingerprints: [{ algorithm, value }] } });
  return transport;
}

function described({ iceParameters, iceCandidates, dtlsParameters }) {
  const { algorithm, value } = dtlsParameters.fingerprints.find((one) => one.algorithm === 'sha-256');
  const [candidate] = iceCandidates;
  return {
    ufrag: iceParameters.usernameFragment,
    pwd: iceParameters.password,
    fingerprint: `${algorithm} ${value}`,
    address: `${candidate.address ?? candidate.ip}:${candidate.port}`,
    lite: true,
    active: false,
  };
}

async function publish({ person, transport: remote, tracks, payload_types: types, extensions }) {
  const transport = await connect(remote);
  for (const { kind, ssrc, rtx } of tracks) {
    const video = [
      {
        mimeType: 'video/VP8',
        payloadType: types.vp8,
        clockRate: 90000,
        rtcpFeedback: [
          { type: 'transport-cc' },
          { type: 'ccm', parameter: 'fir' },
          { type: 'nack' },
          { type: 'nack', parameter: 'pli' },
        ],
      },
      { mimeType: 'video/rtx', payloadType: types.rtx, clockRate: 90000, parameters: { apt: types.vp8 } },
    ];
    const audio = [
      {
        mimeType: 'audio/opus',
        payloadType: types.opus,
        clockRate: 48000,
        channels: 2,
        parameters: { minptime: 10, useinbandfec: 1 },
        rtcpFeedback: [{ type: 'transport-cc' }],
      },
    ];
    const level = { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: extensions.audio_level };
    const producer = await transport.produce({
      kind,
      rtpParameters: {
        codecs: kind === 'video' ? video : audio,
        headerExtensions: [
          { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: extensions.mid },
          { uri: TRANSPORT_CC, id: extensions.transport_cc },
          ...(kind === 'audio' ? [level] : []),
        ],
        encodings: [rtx ? { ssrc, rtx: { ssrc: rtx } } : { ssrc }],
        rtcp: { cname: `person ${person}` },
      },
    });
    producers.push({ person, producer });
  }
  return { transport: described(transport), streams: [] };
}

async function watch({ person, transport: remote }) {
  const transport = await connect(remote);
  const streams = [];
  let transportCc = 0;
  for (const { producer } of producers.filter((one) => one.person !== person)) {
    const { kind, rtpParameters } = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: router.rtpCapabilities,
    });
    const [{ ssrc, rtx }] = rtpParameters.encodings;
    streams.push({ kind, ssrc, rtx: rtx?.ssrc ?? null });
    transportCc = rtpParameters.headerExtensions.find(({ uri }) => uri === TRANSPORT_CC)?.id ?? transportCc;
  }
  return { transport: described(transport), streams, transport_cc: transportCc };
}

async function answer(request) {
  let body = '';
  for await (const part of request) body += part;
  const asked = JSON.parse(body);
  return request.url === '/publish' ? publish(asked) : watch(asked);
}

createServer((request, response) => {
  answer(request).then(
    (reply) => response.end(JSON.stringify(reply)),
    (error) => {
      response.statusCode = 500;
      response.end(`${error.stack}`);
    },
  );
}).listen(Number(port), address);
