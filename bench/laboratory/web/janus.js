// By the HTTP interface of Janus and its video room: https://janus.conf.meetecho.com/docs/rest and …/videoroom.

const API = `http://${location.hostname}:8088/janus`;
const PUBLISHER = 1;

const transaction = () => Math.random().toString(36).slice(2);

/** A handle of the plugin: `ask` gives the event that answers. */
class Handle {
  #waiting = new Map();

  static async attach() {
    const handle = new Handle();
    const { data: session } = await Handle.#post(API, { janus: 'create' });
    handle.session = `${API}/${session.id}`;
    const { data } = await Handle.#post(handle.session, { janus: 'attach', plugin: 'janus.plugin.videoroom' });
    handle.url = `${handle.session}/${data.id}`;
    handle.#listen();
    return handle;
  }

  static async #post(url, body) {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ transaction: transaction(), ...body }) });
    const said = await answer.json();
    if (said.janus === 'error') throw new Error(JSON.stringify(said.error));
    return said;
  }

  async #listen() {
    for (;;) {
      const answer = await fetch(`${this.session}?maxev=1`);
      const event = await answer.json();
      this.#waiting.get(event.transaction)?.(event);
    }
  }

  async ask(body, jsep) {
    const name = transaction();
    const answered = new Promise((resolve) => this.#waiting.set(name, resolve));
    const said = await Handle.#post(this.url, { transaction: name, janus: 'message', body, ...(jsep && { jsep }) });
    const event = said.janus === 'success' ? said : await answered;
    const { error } = event.plugindata.data;
    if (error) throw new Error(error);
    return event;
  }
}

async function complete(peer) {
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== 'complete') {
    await new Promise((resolve) => peer.addEventListener('icegatheringstatechange', resolve, { once: true }));
  }
  return peer.localDescription;
}

export async function publish(name, video, audio) {
  const room = Number(name);
  const handle = await Handle.attach();
  await handle.ask({ request: 'create', room, publishers: 2, audiocodec: 'opus', videocodec: 'vp8' });
  await handle.ask({ request: 'join', ptype: 'publisher', room, id: PUBLISHER });
  const peer = new RTCPeerConnection();
  for (const track of [audio, video]) peer.addTransceiver(track, { direction: 'sendonly' });
  const { jsep } = await handle.ask({ request: 'publish' }, await complete(peer));
  await peer.setRemoteDescription(jsep);
  return () => peer;
}

export async function receive(name, take) {
  const handle = await Handle.attach();
  const { jsep } = await handle.ask({ request: 'join', ptype: 'subscriber', room: Number(name), streams: [{ feed: PUBLISHER }] });
  const peer = new RTCPeerConnection();
  peer.ontrack = ({ track }) => take(track);
  await peer.setRemoteDescription(jsep);
  await handle.ask({ request: 'start' }, await complete(peer));
  return () => peer;
}
