import { Devices } from 'tertulia-client';

/** Sends an element's sound to a loudspeaker; to the usual one where that is gone, or where the browser does not let one choose. */
export async function chooseSpeaker(element: HTMLMediaElement, deviceId: string | null): Promise<void> {
  if (!Devices.canChooseSpeaker) return;
  await Devices.speaker(element, deviceId ?? '').catch(() => Devices.speaker(element, '').catch(() => undefined));
}

/** Two notes upwards, on that loudspeaker. Resolves when they have sounded; never rejects. */
export async function playChime(speakerId: string | null): Promise<void> {
  const context = new AudioContext();
  const target = context.createMediaStreamDestination();
  const element = new Audio();
  element.srcObject = target.stream;
  try {
    await chooseSpeaker(element, speakerId);
    await Promise.all([context.resume(), element.play()]);
    const start = context.currentTime + 0.05;
    note(context, target, 523.25, start);
    await new Promise((done) => {
      note(context, target, 783.99, start + 0.22).onended = done;
    });
  } catch {
    // Before the first click on the page a browser may forbid any sound.
  } finally {
    element.srcObject = null;
    await context.close();
  }
}

function note(context: AudioContext, target: AudioNode, frequency: number, at: number): OscillatorNode {
  const oscillator = new OscillatorNode(context, { frequency });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setTargetAtTime(0.25, at, 0.01);
  volume.gain.setTargetAtTime(0, at + 0.12, 0.12);
  oscillator.connect(volume).connect(target);
  oscillator.start(at);
  oscillator.stop(at + 0.7);
  return oscillator;
}
