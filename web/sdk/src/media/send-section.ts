import { OperationQueue } from '../common/operation-queue.js';

/** One of the sizes, or rates, in which a picture is sent. */
export interface VideoEncoding extends RTCRtpEncodingParameters {
  /** Layers in one stream, where the codec has them: `L1T3`, `L3T3_KEY` … */
  scalabilityMode?: string;
}

export type Encodings = readonly VideoEncoding[];

/** Of these several encodings make several streams; of the others they make layers in one. */
const SIMULCAST = /\/(?:VP8|H264|rtx|red|ulpfec)$/i;

/** One sendonly section. Everything that sets its sender's parameters goes through here, one after the other. */
export class SendSection {
  readonly transceiver: RTCRtpTransceiver;
  readonly #queue = new OperationQueue();
  #encodings: Encodings;
  /** RIDs of the encodings that anybody watches; null: all. */
  #watched: readonly string[] | null = null;

  /** `encodings`: none leaves it to the browser. */
  constructor(pc: RTCPeerConnection, kind: string, track: MediaStreamTrack | null, encodings: Encodings) {
    this.#encodings = encodings;
    const sendEncodings = encodings.map((encoding) => ({ ...encoding }));
    this.transceiver = pc.addTransceiver(track ?? kind, {
      direction: 'sendonly',
      ...(encodings.length > 0 && { sendEncodings }),
    });
    if (encodings.length > 1 && !encodings.some(({ scalabilityMode }) => scalabilityMode)) {
      const known = globalThis.RTCRtpReceiver?.getCapabilities('video')?.codecs ?? [];
      const codecs = known.filter(({ mimeType }) => SIMULCAST.test(mimeType));
      this.transceiver.setCodecPreferences?.(codecs);
    }
  }

  /** Whether it can be used again for this. */
  fits(kind: string, encodings: Encodings): boolean {
    return this.transceiver.receiver.track.kind === kind && encodings.length < 2;
  }

  /** An offer has to follow. */
  use(track: MediaStreamTrack | null, encodings: Encodings): void {
    this.#encodings = encodings;
    this.#watched = null;
    this.transceiver.direction = 'sendonly';
    void this.replace(track);
    this.settle();
  }

  /** An offer has to follow. False: it is over. Firefox gives all encodings but one up while a section is inactive, and never has them again. */
  rest(): boolean {
    if (this.#encodings.length > 1) {
      this.transceiver.stop();
      return false;
    }
    this.transceiver.direction = 'inactive';
    void this.replace(null);
    return true;
  }

  /** A closed connection refuses: then there is nothing to send anyway. */
  async replace(track: MediaStreamTrack | null): Promise<void> {
    try {
      await this.transceiver.sender.replaceTrack(track);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
    }
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

  readonly #wanted = ({ rid, scaleResolutionDownBy }: RTCRtpEncodingParameters): object => {
    const [first, ...others] = this.#encodings;
    const own = others.length > 0 ? this.#encodings.find((encoding) => encoding.rid === rid) : first;
    const watched = !rid || !this.#watched || this.#watched.includes(rid);
    // What is not said is taken back: the section may have been used otherwise before.
    const plain = {
      maxBitrate: undefined,
      maxFramerate: undefined,
      ...(scaleResolutionDownBy && { scaleResolutionDownBy: 1 }),
    };
    return { ...plain, ...own, rid, active: (own?.active ?? true) && watched };
  };

  #set(change: (encoding: RTCRtpEncodingParameters) => object): Promise<void> {
    return this.#queue.run(async () => {
      const { sender } = this.transceiver;
      const parameters = sender.getParameters();
      const before = JSON.stringify(parameters.encodings);
      for (const encoding of parameters.encodings) Object.assign(encoding, change(encoding));
      if (JSON.stringify(parameters.encodings) !== before) await sender.setParameters(parameters);
    });
  }
}
