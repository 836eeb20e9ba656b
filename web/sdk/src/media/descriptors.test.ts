import { expect, it, vi } from 'vitest';
import { askForDescriptors, DESCRIPTOR } from './descriptors.js';

/** A section of a browser that knows these header extensions; returns what it was told to negotiate. */
function told(known?: { uri: string; direction: string }[]) {
  const set = vi.fn();
  const section = {
    setHeaderExtensionsToNegotiate: set,
    ...(known && { getHeaderExtensionsToNegotiate: () => known }),
  };
  askForDescriptors(section as unknown as RTCRtpTransceiver);
  return set.mock.calls;
}

it('asks for descriptors beside what is negotiated anyway', () => {
  const other = { uri: 'urn:other', direction: 'stopped' };
  const calls = told([other, { uri: DESCRIPTOR, direction: 'stopped' }]);
  expect(calls).toEqual([[[other, { uri: DESCRIPTOR, direction: 'sendrecv' }]]]);
});

it('leaves a browser alone that does not know of them', () => {
  expect(told([{ uri: 'urn:other', direction: 'sendrecv' }])).toEqual([]);
  expect(told()).toEqual([]);
});
