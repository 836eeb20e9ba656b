import { expect, test } from 'vitest';
import { NOTHING_YET } from './examine.ts';
import { reportOf } from './report.ts';

test('the report tells an administrator what was tried, in the same words everywhere', () => {
  const checks = NOTHING_YET.checks.map((check) =>
    check.id === 'turn-tcp'
      ? ({ id: 'turn-tcp', state: 'failed', detail: { reason: 'credentials', error: '401 Unauthorized' } } as const)
      : ({ ...check, state: 'ok', detail: {} } as const),
  );
  const report = reportOf(
    { checks, servers: { udp: 'meet.example.org:3478', tcp: null } },
    { page: 'https://meet.example.org/', browser: 'Mozilla/5.0', at: new Date('2026-01-02T03:04:05Z') },
  );
  expect(report.split('\n').slice(0, 7)).toEqual([
    'Tertulia connection report: udp',
    'page https://meet.example.org/',
    'time 2026-01-02T03:04:05.000Z',
    'browser Mozilla/5.0',
    'to be open: UDP meet.example.org:3478, TCP ?',
    '',
    'browser    ok',
  ]);
  expect(report).toContain('\nturn-tcp   failed  reason=credentials error="401 Unauthorized"\n');
});
