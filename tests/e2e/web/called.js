// A page as the tutorials have it: one RTCPeerConnection, no library. It answers a call, or makes one; the test carries the descriptions.

import { listen, paint, read, tone } from '/picture.js';

const peer = new RTCPeerConnection();
const shown = new Map();
const ears = [];

peer.ontrack = ({ track }) => {
  if (track.kind === 'audio') {
    ears.push(listen(new MediaStream([track])));
    return;
  }
  const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
  video.srcObject = new MediaStream([track]);
  document.body.append(video);
  video.play().catch(() => {});
  const look = () => {
    const picture = read(video);
    if (picture?.id !== undefined && !picture.bad) shown.set(`${picture.id}:${picture.n}`, picture.id);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
};

/** Only these codecs of video, by name, in this order. */
function prefer(transceiver, names) {
  const known = RTCRtpReceiver.getCapabilities('video').codecs;
  const wanted = names.flatMap((name) => known.filter((codec) => codec.mimeType === `video/${name}`));
  transceiver.setCodecPreferences([...wanted, ...known.filter((codec) => codec.mimeType === 'video/rtx')]);
}

const described = async (make) => {
  await peer.setLocalDescription(await make());
  return peer.localDescription.sdp;
};

window.called = {
  /** What it will send: a picture of identity `id`, a tone. */
  send({ id, hz }) {
    if (id) peer.addTrack(paint(id).track);
    if (hz) peer.addTrack(tone(hz));
  },
  add(direction, codecs) {
    const transceiver = peer.addTransceiver('video', { direction });
    if (codecs) prefer(transceiver, codecs);
  },
  /** Restricts the section that sends its picture. */
  prefer(codecs) {
    prefer(peer.getTransceivers().find(({ sender }) => sender.track?.kind === 'video'), codecs);
  },
  /** Sends another of the agreed codecs from now on. */
  async change(name) {
    const { sender } = peer.getTransceivers().find(({ sender: { track } }) => track?.kind === 'video');
    const parameters = sender.getParameters();
    parameters.encodings[0].codec = parameters.codecs.find(({ mimeType }) => mimeType === `video/${name}`);
    await sender.setParameters(parameters);
  },
  async answer(sdp) {
    await peer.setRemoteDescription({ type: 'offer', sdp });
    return described(() => peer.createAnswer());
  },
  offer: () => described(() => peer.createOffer()),
  accept: (sdp) => peer.setRemoteDescription({ type: 'answer', sdp }).then(() => null),
  /** How many different pictures of an identity were decoded so far. */
  pictures: (id) => [...shown.values()].filter((seen) => seen === id).length,
  hears: (hz) => ears.some((hear) => Math.abs(hear().hz - hz) < 12 && hear().above > 25),
  /** Codecs of the video streams in a direction: "inbound" or "outbound". */
  async codecs(direction) {
    const stats = await peer.getStats();
    const streams = [...stats.values()].filter(({ type, kind }) => type === `${direction}-rtp` && kind === 'video');
    return streams.map(({ codecId }) => stats.get(codecId)?.mimeType).filter(Boolean);
  },
};
