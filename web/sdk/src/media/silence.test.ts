import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../test/fakes/clock.js';
import { createPeerConnection, fake } from '../../test/fakes/webrtc.js';
import { Silence } from './silence.js';
import type { Stats } from './stats.js';

/** Packets a second, each way. */
const RATE = 50;

describe('Silence', () => {
  let clock: FakeClock;
  let events: string[];
  let sections: number;
  let silence: Silence;
  let counters: { received: number; sent: number };
  const pc = () => fake(connection);
  let connection: RTCPeerConnection;

  beforeEach(() => {
    clock = new FakeClock();
    events = [];
    sections = 1;
    counters = { received: 0, sent: 0 };
    connection = createPeerConnection({});
    listen();
    report();
  });

  const listen = () => {
    silence = new Silence(connection, clock, {
      sends: () => sections > 0,
      silent: () => events.push(`silent ${clock.now()}`),
      heard: () => events.push(`heard ${clock.now()}`),
    });
  };
  const report = () => {
    const stats: Stats[] = [
      { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
      { id: 'P', type: 'candidate-pair', bytesReceived: counters.received, responsesReceived: 1 },
      { id: 'other', type: 'candidate-pair', bytesReceived: 0, responsesReceived: clock.now() },
      { id: 'out', type: 'outbound-rtp', packetsSent: counters.sent },
    ];
    pc().stats = stats;
  };
  /** Time passes in which this comes and goes. */
  const flow = async (ms: number, { receives = true, sends = true } = {}) => {
    for (let passed = 0; passed < ms; passed += 1000 / RATE) {
      counters.received += receives ? 100 : 0;
      counters.sent += sends ? 1 : 0;
      report();
      await clock.advance(1000 / RATE);
    }
  };

  it('tells within a second and a quarter that nothing comes any more', async () => {
    for (const phase of [0, 120, 240, 360, 480]) {
      silence.stop();
      listen();
      await flow(10_000 + phase);
      events = [];
      const begun = clock.now();
      await flow(1260, { receives: false });
      expect(events).toHaveLength(1);
      const after = Number(events[0]?.split(' ')[1]) - begun;
      expect(after).toBeGreaterThanOrEqual(750);
      expect(after).toBeLessThanOrEqual(1250);
      expect(silence.silent).toBe(true);
    }
  });

  it('tells at once that something comes again', async () => {
    await flow(10_000);
    await flow(2000, { receives: false });
    events = [];
    const begun = clock.now();
    await flow(500);
    expect(events).toHaveLength(1);
    expect(Number(events[0]?.split(' ')[1]) - begun).toBeLessThanOrEqual(120);
    expect(silence.silent).toBe(false);
  });

  it('takes a hiccup for nothing', async () => {
    await flow(10_000);
    for (let i = 0; i < 10; i++) {
      await flow(700, { receives: false });
      await flow(5000);
    }
    expect(events).toEqual([]);
  });

  it('knows nothing of a connection that sends nothing itself', async () => {
    await flow(10_000, { sends: false });
    await flow(5000, { receives: false, sends: false });
    await flow(10_000);
    await flow(5000, { receives: false, sends: false });
    expect(events).toEqual([]);
  });

  it('expects nothing of a connection that brought little before', async () => {
    for (let i = 0; i < 20; i++) {
      await flow(500);
      await flow(2000, { receives: false });
    }
    expect(events).toEqual([]);
  });

  it('takes what comes by the pair that is used, whatever comes by others, and media where a browser counts nothing else', async () => {
    const only = (packetsReceived: number) => {
      const stats: Stats[] = [
        { id: 'P', type: 'candidate-pair', nominated: true, state: 'succeeded' },
        { id: 'in', type: 'inbound-rtp', packetsReceived },
        { id: 'out', type: 'outbound-rtp', packetsSent: clock.now() },
      ];
      pc().stats = stats;
    };
    for (let i = 0; i < 50; i++) {
      only(i);
      await clock.advance(200);
    }
    expect(events).toEqual([]);
    for (let i = 0; i < 7; i++) {
      only(50);
      await clock.advance(200);
    }
    expect(events).toHaveLength(1);
  });

  it('rests longer and longer after telling it in vain', async () => {
    await flow(10_000);
    await flow(300_000, { receives: false });
    const times = events.map((event) => Number(event.split(' ')[1]));
    expect(events.every((event) => event.startsWith('silent'))).toBe(true);
    const rests = times.slice(1).map((time, i) => Math.round((time - (times[i] as number)) / 1000));
    expect(rests).toEqual([4, 8, 16, 32, 60, 60, 60]);
  });

  it('asks twice a second, and not at all where nothing is sent', async () => {
    await flow(10_000);
    expect(pc().polls).toBe(20);
    sections = 0;
    await flow(10_000);
    expect(pc().polls).toBe(20);
  });

  it('is over when it is stopped, also while it asks', async () => {
    await flow(10_000);
    await flow(700, { receives: false });
    const asked = clock.advance(500);
    silence.stop();
    await asked;
    await settle();
    expect(clock.timers).toBe(0);
    await flow(5000, { receives: false });
    expect(events).toEqual([]);
  });
});
