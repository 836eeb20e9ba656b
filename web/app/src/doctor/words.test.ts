import { expect, test } from 'vitest';
import { doctor as en } from '../i18n/en/doctor.ts';
import { doctor as zh } from '../i18n/zh/doctor.ts';
import { CHECKS, type Check } from './check.ts';
import { meaningOf } from './words.ts';

const meaning = (check: Check) => meaningOf(check, en);

test('each end of each check has a sentence in each language', () => {
  for (const words of [en, zh]) {
    for (const id of CHECKS) {
      for (const state of ['ok', 'warning', 'failed', 'skipped'] as const) {
        const said = meaningOf({ id, state, detail: state === 'ok' ? {} : { reason: 'timeout' } }, words);
        expect(said, `${id} ${state}`).toMatch(/[.。]$/);
        expect(said).not.toMatch(/undefined/);
      }
      for (const state of ['waiting', 'running'] as const) expect(meaningOf({ id, state, detail: {} }, words)).toBe('');
    }
  }
});

test('what is known is said', () => {
  expect(meaning({ id: 'media', state: 'ok', detail: { road: 'tcp', rtt: 40 } })).toBe(
    'They go through TCP: calls work, with more delay. Round trip 40 ms.',
  );
  expect(meaning({ id: 'stun', state: 'ok', detail: { nat: 'symmetric', address: '198.51.100.7' } })).toContain(
    'at another port for everybody',
  );
  expect(meaning({ id: 'turn-tcp', state: 'failed', detail: { reason: 'timeout' } })).toBe(
    'Nothing comes through it. There was no answer in time.',
  );
  expect(meaning({ id: 'camera', state: 'skipped', detail: {} })).toBe('Your browser will ask when you join.');
});

test('what an administrator has to open is named', () => {
  expect(en.verdict.blocked.text(en.open('a.example:3478', 'a.example:443'))).toContain(
    'Ask your administrator to open UDP to a.example:3478 or TCP to a.example:443.',
  );
  expect(en.open(null, 'a.example')).toBe('TCP to a.example');
});
