import { OperationQueue } from '../common/operation-queue.js';

/** One of the sizes, or rates, in which a picture is sent. */
export interface VideoEncoding extends RTCRtpEncodingParameters {
  /** Layers in one stream, where the codec has them: `L1T3`, `L3T3_KEY` … */
  scalabilityMode?: string;
  /** Of all encodings of a picture; the first one's counts. */
  codec?: { mimeType: string };
}

export type Encodings = readonly VideoEncoding[];

/** Of these several encodings make several streams; of the others they make layers in one. */
const SIMULCAST = /\/(?:VP8|H264|rtx|red|ulpfec)$/i;

/** One sendonly section. Everything that sets its sender's parameters goes through here, one after the other. */
export class SendSection {
  readonly transceiver: RTCRtpTransceiver;
  readonly #queue = new OperationQueue();
  #encodings: Encodings;
  /** It was said in which codecs it is sent. */
  #prefers = false;
  /** RIDs of the encodings that anybody watches; null: all. */
  #watched: readonly string[] | null = null;

  /** `encodings`: none leaves it to the browser. */
  constructor(pc: RTCPeerConnection, kind: string, track: MediaStreamTrack | null, encodings: Encodings) {
    this.#encodings = encodings;
    this.transceiver = add(pc, kind, track, encodings);
    this.#prefer();
  }

  /** Whether it can be used again for this: encodings have their names for good. */
  fits(kind: string, encodings: Encodings): boolean {
    const rids = (list: Encodings) => list.map(({ rid }) => rid).join();
    const own = this.transceiver.sender.getParameters().encodings;
    const alike = encodings.length > 1 ? rids(own) === rids(encodings) : this.#encodings.length < 2;
    return this.transceiver.receiver.track.kind === kind && alike;
  }

  /** Firefox gives all encodings but one up while a section is inactive, and never has them again. */
  get spent(): boolean {
    return this.transceiver.sender.getParameters().encodings.length < this.#encodings.length;
  }

  /** An offer has to follow. */
  use(track: MediaStreamTrack | null, encodings: Encodings): void {
    this.#encodings = encodings;
    this.#watched = null;
    this.transceiver.direction = 'sendonly';
    this.#prefer();
    void this.replace(track);
    this.settle();
  }

  /** An offer has to follow. It is not stopped: Chromium offers no RIDs in the section that takes the place of one with several encodings. */
  rest(): void {
    this.transceiver.direction = 'inactive';
    void this.replace(null);
  }

  /** A closed connection refuses: then there is nothing to send anyway. `encodings`: what a track of this size is worth; no more become of those that are there. */
  async replace(track: MediaStreamTrack | null, encodings: Encodings = []): Promise<void> {
    this.#encodings = this.#encodings.map((old) => encodings.find(({ rid }) => rid === old.rid) ?? old);
    try {
      await this.transceiver.sender.replaceTrack(track);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
    }
    this.settle();
  }

  setWatched(rids: readonly string[]): void {
    this.#watched = rids;
    this.settle();
  }

  /** Makes the sender what it is to be; nothing happens where it is so. */
  settle(): void {
    this.#set(this.#wanted).catch(() => undefined); // closed, or stopped
  }

  /** Pictures begin anew, with a key frame; the only way to it that all browsers know. */
  async refresh(): Promise<void> {
    if (this.transceiver.sender.track?.kind !== 'video') return;
    await Promise.allSettled([this.#set(() => ({ active: false })), this.#set(this.#wanted)]);
  }

  /** The codecs in which it can be sent as it shall be, in order; none leaves it to the browser. */
  #prefer(): void {
    if (this.transceiver.receiver.track.kind !== 'video') return;
    const known = globalThis.RTCRtpReceiver?.getCapabilities('video')?.codecs ?? [];
    const [first, ...others] = this.#encodings;
    const { mimeType = '' } = first?.codec ?? {};
    const chosen = known.filter((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
    const usable = others.length > 0 ? known.filter((codec) => SIMULCAST.test(codec.mimeType)) : known;
    const codecs = [...chosen, ...usable.filter((codec) => !chosen.includes(codec))];
    const prefers = chosen.length > 0 || others.length > 0;
    if (prefers || this.#prefers) this.transceiver.setCodecPreferences?.(prefers ? codecs : []);
    this.#prefers = prefers;
  }

  readonly #wanted = ({ rid, scaleResolutionDownBy, scalabilityMode: layers }: VideoEncoding): object => {
    const [first, ...others] = this.#encodings;
    const encoding = others.length > 0 ? this.#encodings.find((encoding) => encoding.rid === rid) : first;
    const { codec: _, scalabilityMode, ...own } = encoding ?? {};
    const watched = !rid || !this.#watched || this.#watched.includes(rid);
    // What is not said is taken back: the section may have been used otherwise before.
    const plain = {
      maxBitrate: undefined,
      maxFramerate: undefined,
      ...(scaleResolutionDownBy && { scaleResolutionDownBy: 1 }),
      // Firefox does not know of layers: what it never tells would be another wish each time.
      ...(layers && { scalabilityMode }),
    };
    return { ...plain, ...own, rid, active: (own.active ?? true) && watched };
  };

  #set(change: (encoding: RTCRtpEncodingParameters) => object): Promise<void> {
    return this.#queue.run(async () => {
      const { sender } = this.transceiver;
      const parameters = sender.getParameters();
      const before = JSON.stringify(parameters.encodings);
      for (const encoding of parameters.encodings) Object.assign(encoding, change(encoding));
      if (JSON.stringify(parameters.encodings) === before) return;
      try {
        await sender.setParameters(parameters);
      } catch (error) {
        if (!isAboutLayers(error, parameters.encodings)) throw error;
        const again = sender.getParameters();
        for (const encoding of again.encodings) {
          const { scalabilityMode: _, ...others }: VideoEncoding = change(encoding);
          Object.assign(encoding, others);
        }
        await sender.setParameters(again);
      }
    });
  }
}

/** The codec in use may not have the layers that were asked for. Then it sends without: to be refused anything else would be worse. */
function isAboutLayers(error: unknown, encodings: readonly VideoEncoding[]): boolean {
  const refused = error instanceof DOMException && error.name !== 'InvalidStateError';
  return refused && encodings.some(({ scalabilityMode }) => scalabilityMode);
}

/** With layers if the browser has them in any codec. */
function add(pc: RTCPeerConnection, kind: string, track: MediaStreamTrack | null, encodings: Encodings) {
  const sendEncodings: VideoEncoding[] = encodings.map(({ codec: _, ...encoding }) => encoding);
  const init = (sendEncodings: VideoEncoding[]): RTCRtpTransceiverInit => ({
    direction: 'sendonly',
    ...(sendEncodings.length > 0 && { sendEncodings }),
  });
  try {
    return pc.addTransceiver(track ?? kind, init(sendEncodings));
  } catch (error) {
    if (!isAboutLayers(error, sendEncodings)) throw error;
    return pc.addTransceiver(track ?? kind, init(sendEncodings.map(({ scalabilityMode: _, ...encoding }) => encoding)));
  }
}
