// schema/golden holds one example of every message; tests/wire/test_golden.py reads the same files. That each fits its type is
// what the compiler proves in golden.generated.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIENT_MESSAGE_TYPES, SERVER_MESSAGE_TYPES } from './generated.ts';
import { clientMessages, serverMessages } from './golden.generated.ts';

const folder = new URL('../../../../schema/golden/', import.meta.url);
const onDisk = Object.fromEntries(
  readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8'))]),
);

describe('golden messages', () => {
  it('are the ones that were type-checked', () => {
    expect({ ...clientMessages, ...serverMessages }).toEqual(onDisk);
  });

  it.each([
    ['client', clientMessages, CLIENT_MESSAGE_TYPES],
    ['server', serverMessages, SERVER_MESSAGE_TYPES],
  ] as const)('cover every type of message from the %s', (_, messages, types) => {
    expect(Object.values(messages).map((message) => message.type)).toEqual([...types]);
  });
});
