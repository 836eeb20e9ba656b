import type { Outcome } from './check.ts';
import { failed, ok, skipped } from './check.ts';
import { placeOf } from './servers.ts';
import type { Tools } from './tools.ts';
import { Late, within } from './within.ts';

const PATIENCE = 6000;

/** Two are enough to see whether each is shown another port. */
const MOST = 4;

/** What the outside sees of this device: its address, and whether what stands in between uses the same port for everybody. */
export async function seeAddress(
  servers: readonly RTCIceServer[],
  tools: Tools,
  signal: AbortSignal,
): Promise<Outcome> {
  const [first] = servers;
  if (!first) return skipped('not-offered');
  const at = placeOf(String(first.urls));
  const pc = tools.createPeerConnection({ iceServers: servers.slice(0, MOST) });
  const seen: Candidate[] = [];
  let refused = false;
  let late = false;
  try {
    const gathered = new Promise<void>((resolve) => {
      pc.onicecandidateerror = () => {
        refused = true;
      };
      pc.onicecandidate = ({ candidate }) => {
        if (!candidate) return resolve();
        const parsed = parse(candidate.candidate);
        if (parsed) seen.push(parsed);
      };
    });
    pc.createDataChannel('doctor');
    await pc.setLocalDescription();
    await within(PATIENCE, signal, gathered);
  } catch (error) {
    signal.throwIfAborted();
    // One of several servers that does not answer takes its time; what the others showed counts.
    late = error instanceof Late;
    if (!late) return failed('error', { at, error: String(error) });
  } finally {
    pc.close();
  }
  const { hosts, outside } = sorted(seen);
  const [shown] = outside;
  if (shown) {
    const { address } = shown;
    // More of them than there are sockets: at least one socket was shown at two ports.
    if (outside.length > hosts.length) return ok({ at, address, nat: 'symmetric' });
    // A browser that hides its own addresses does not tell whether this one is its own.
    const hidden = hosts.some((host) => host.address.endsWith('.local'));
    return ok({ at, address, ...(!hidden && { nat: 'nat' as const }) });
  }
  if (late || refused) return failed(late ? 'timeout' : 'unreachable', { at });
  return ok({ at, nat: 'none' });
}

interface Candidate {
  protocol: string;
  address: string;
  port: string;
  type: string;
}

/** RFC 8839, section 5.1. */
function parse(line: string): Candidate | null {
  const [, protocol = '', address = '', port = '', type = ''] =
    /^candidate:\S+ \d+ (\S+) \d+ (\S+) (\d+) typ (\w+)/i.exec(line) ?? [];
  return type ? { protocol: protocol.toLowerCase(), address, port, type } : null;
}

/** IPv4 and names that stand for addresses: there is no NAT that matters for IPv6. */
function sorted(seen: readonly Candidate[]): { hosts: Candidate[]; outside: Candidate[] } {
  const found = seen.filter(({ protocol, address }) => protocol === 'udp' && !address.includes(':'));
  const of = (type: string) => {
    const all = found.filter((candidate) => candidate.type === type);
    return [...new Map(all.map((one) => [`${one.address}:${one.port}`, one])).values()];
  };
  return { hosts: of('host'), outside: of('srflx') };
}
