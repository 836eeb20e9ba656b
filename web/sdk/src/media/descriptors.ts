/** The dependency descriptor: which frames a frame needs, and of which layers it is (AV1 RTP, appendix A). */
export const DESCRIPTOR = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

interface HeaderExtension {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}

/** WebRTC Extensions section 4; TypeScript does not know of it yet, and not every browser has it. */
interface Negotiable {
  getHeaderExtensionsToNegotiate?(): HeaderExtension[];
  setHeaderExtensionsToNegotiate?(extensions: HeaderExtension[]): void;
}

/** Has a section in which pictures are received take descriptors. By itself Chromium offers them only where it sends layers. */
export function askForDescriptors(transceiver: RTCRtpTransceiver & Negotiable): void {
  const known = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
  const descriptor = known.find(({ uri }) => uri === DESCRIPTOR);
  if (!descriptor) return;
  descriptor.direction = 'sendrecv';
  transceiver.setHeaderExtensionsToNegotiate?.(known);
}
