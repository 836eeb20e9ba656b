// WHIP and WHEP as the reference shows them: fetch and one RTCPeerConnection, no library. `use` has somebody else's client do it instead.

import { listen, paint, read, tone } from '/picture.js';

const peer = new RTCPeerConnection();
const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true, playsInline: true });
document.body.append(video);
let ear = () => null;
let session = null;

peer.ontrack = ({ track, streams: [stream] }) => {
  video.srcObject = stream;
  video.play().catch(() => {});
  if (track.kind === 'audio') ear = listen(new MediaStream([track]));
};

const authorization = (token) => (token ? { authorization: `Bearer ${token}` } : {});

async function exchange(url, token) {
  await peer.setLocalDescription();
  const headers = { 'content-type': 'application/sdp', ...authorization(token) };
  const answer = await fetch(url, { method: 'POST', headers, body: peer.localDescription.sdp });
  if (answer.status !== 201) return { status: answer.status, ...(await answer.json()) };
  session = { url: new URL(answer.headers.get('location'), url).href, etag: answer.headers.get('etag'), token };
  await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
  return { status: answer.status, ...session };
}

function send(id, hz, fps) {
  const stream = new MediaStream([paint(id, fps).track, tone(hz)]);
  for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
}

function receive() {
  for (const kind of ['audio', 'video']) peer.addTransceiver(kind, { direction: 'recvonly' });
}

const lines = (sdp, name) => [...sdp.matchAll(new RegExp(`^a=${name}.*$`, 'gm'))].map(([line]) => line.trim());
const first = (sdp, name) => lines(sdp, name)[0];

window.http = {
  publish: ({ url, id, hz, fps = 10, token }) => (send(id, hz, fps), exchange(url, token)),
  play: ({ url, token }) => (receive(), exchange(url, token)),

  /** The client in this module publishes (`whip`) or plays (`whep`). */
  async use({ module, what, url, id, hz, fps = 10, token }) {
    const { WHIPClient, WHEPClient } = await import(module);
    if (what === 'whip') {
      send(id, hz, fps);
      window.theirs = new WHIPClient();
      await window.theirs.publish(peer, url, token);
    } else {
      receive();
      window.theirs = new WHEPClient();
      await window.theirs.view(peer, url, token);
    }
    return null;
  },

  /** ICE anew, by PATCH: gives its status. */
  async restart() {
    await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
    const { sdp } = peer.localDescription;
    const section = sdp.match(/^m=.*$/m)[0];
    const fragment = [first(sdp, 'ice-ufrag:'), first(sdp, 'ice-pwd:'), section.trim(), first(sdp, 'mid:'), ...lines(sdp, 'candidate:')];
    const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*', ...authorization(session.token) };
    const answer = await fetch(session.url, { method: 'PATCH', headers, body: fragment.map((line) => `${line}\r\n`).join('') });
    const text = await answer.text();
    if (answer.status !== 200) return answer.status;
    const fresh = { 'ice-ufrag:': first(text, 'ice-ufrag:'), 'ice-pwd:': first(text, 'ice-pwd:') };
    let remote = peer.remoteDescription.sdp;
    for (const [name, line] of Object.entries(fresh)) remote = remote.replaceAll(new RegExp(`^a=${name}.*$`, 'gm'), line);
    await peer.setRemoteDescription({ type: 'answer', sdp: remote });
    session.etag = answer.headers.get('etag');
    return answer.status;
  },

  async end() {
    const answer = await fetch(session.url, { method: 'DELETE', headers: authorization(session.token) });
    peer.close();
    return answer.status;
  },

  /** Sends silence in place of the tone, or the tone again. */
  hush: ({ on }) => peer.getSenders().forEach(({ track }) => {
    if (track?.kind === 'audio') track.enabled = !on;
  }),

  /** What was sent of sound so far. */
  async said() {
    const stats = [...(await peer.getStats()).values()];
    const { packetsSent, bytesSent } = stats.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio');
    return { packets: packetsSent, bytes: bytesSent };
  },

  look: () => read(video),
  hear: () => ear(),
  state: () => peer.connectionState,

  /** Our ufrag in the pair that media takes now, and the one that was offered last. */
  async ice() {
    const stats = await peer.getStats();
    const transport = [...stats.values()].find(({ type }) => type === 'transport');
    const pair = stats.get(transport?.selectedCandidatePairId);
    const used = stats.get(pair?.localCandidateId)?.usernameFragment ?? null;
    return { used, offered: first(peer.localDescription.sdp, 'ice-ufrag:').split(':')[1] };
  },
};
