import type { Findings } from './examine.ts';
import { verdictOf } from './verdict.ts';

export interface Circumstances {
  /** Where the server is: no address of a room, which is an invitation where rooms are open. */
  page: string;
  /** What the browser calls itself. */
  browser: string;
  at: Date;
}

/**
 * For the administrator: the same words in every language. Holds no token, name or credential; the addresses in it are this device's own, as
 * the server sees them anyway.
 */
export function reportOf({ checks, servers }: Findings, { page, browser, at }: Circumstances): string {
  const lines = checks.map(({ id, state, detail }) => {
    const facts = Object.entries(detail).map(([key, value]) => `${key}=${quoted(value)}`);
    return [id.padEnd(10), state.padEnd(7), ...facts].join(' ').trimEnd();
  });
  return [
    `Tertulia connection report: ${verdictOf(checks)}`,
    `page ${page}`,
    `time ${at.toISOString()}`,
    `browser ${browser}`,
    `to be open: ${servers.udp ? `UDP ${servers.udp}` : 'UDP ?'}, ${servers.tcp ? `TCP ${servers.tcp}` : 'TCP ?'}`,
    '',
    ...lines,
    '',
  ].join('\n');
}

const quoted = (value: unknown): string => (/\s/.test(String(value)) ? JSON.stringify(value) : String(value));
