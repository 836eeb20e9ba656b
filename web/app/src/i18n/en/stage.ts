import type { LayerReason } from 'tertulia-client';
import type { Verdict } from '../../call/stage/quality.ts';

/** What a tile says to those who do not see it. */
export interface TileWords {
  name: string;
  own: boolean;
  screen: boolean;
  muted: boolean;
  /** Place in the queue; 0 while the hand is down. */
  hand: number;
  away: boolean;
  pinned: boolean;
  spotlit: boolean;
}

function ordinal(number: number): string {
  const ending = { one: 'st', two: 'nd', few: 'rd', other: 'th' } as Record<string, string>;
  return `${number}${ending[new Intl.PluralRules('en', { type: 'ordinal' }).select(number)]}`;
}

const you = (name: string) => `${name} (you)`;
const screenOf = (name: string) => `${name}’s screen`;
const hand = (place: number) => `hand raised, ${ordinal(place)}`;

const verdict: Record<Verdict, string> = {
  good: 'Your connection is good.',
  fair: 'Your connection is all right.',
  upload: 'Your upload is weak: others may see you blurred.',
  download: 'Your download is weak: others may freeze or break up.',
  slow: 'Your connection is slow to answer: people may talk over each other.',
  computer: 'Your computer is busy: your video is sent smaller. Closing other programs helps.',
  interrupted: 'The connection is interrupted.',
};

const reasons: Record<LayerReason, string> = {
  best: 'full size',
  size: 'fills its tile',
  bandwidth: 'your network carries no more',
  publisher: 'no more is sent',
  hidden: 'not shown',
  starved: 'your network does not carry it',
};

/** The stage: tiles, reactions, statistics. */
export const stage = {
  people: 'People in the call',
  tile: ({ name, own, screen, muted, hand: place, away, pinned, spotlit }: TileWords) =>
    [
      screen ? (own ? 'Your screen' : screenOf(name)) : own ? you(name) : name,
      !screen && muted && 'microphone off',
      place > 0 && hand(place),
      pinned && 'pinned',
      spotlit && 'in the spotlight',
      away && 'reconnecting',
    ]
      .filter(Boolean)
      .join(', '),
  you,
  screenOf,
  yourScreen: 'Your screen',
  hand: (place: number) => `Hand raised, ${ordinal(place)}`,
  microphoneOff: 'Microphone is muted',
  pinned: 'Pinned',
  spotlit: 'In the spotlight',
  away: 'Reconnecting…',
  starting: 'Starting…',
  quality: { poor: 'Poor connection', lost: 'No connection' },
  pin: 'Pin',
  unpin: 'Unpin',
  more: (name: string) => `More about ${name}`,
  hideSelf: 'Hide own view',
  moveSelf: 'Move to the next corner',
  wholePicture: 'Show the whole picture',
  sharing: 'You are sharing your screen',
  stopSharing: 'Stop sharing',
  empty: 'Your own view is hidden',
  emptyHint: 'Only from you: others see it.',
  showSelf: 'Show own view',
  pages: 'Pages',
  page: (page: number, pages: number) => `${page} of ${pages}`,
  previousPage: 'Previous page',
  nextPage: 'Next page',
  reacted: (name: string, reaction: string) => `${name}: ${reaction}`,
  moreReactions: (count: number) => (count === 1 ? '1 more reaction' : `${count} more reactions`),

  statistics: {
    title: 'Connection',
    measuring: 'Measuring…',
    verdict,
    road: 'Road',
    direct: 'Direct',
    server: 'By the server',
    send: 'Sent',
    receive: 'Received',
    rtt: 'Round trip',
    loss: 'Loss',
    available: 'Room for sending',
    messages: 'Round trip of messages',
    kbps: (value: number) => `${Math.round(value)} kbit/s`,
    ms: (value: number) => `${Math.round(value)} ms`,
    percent: (value: number) => `${(value * 100).toFixed(1)} %`,
    unknown: 'not known',
    plot: (what: string, now: string, least: string, most: string) =>
      `${what} over the last two minutes: now ${now}, between ${least} and ${most}.`,
    table: 'Tracks',
    person: 'Person',
    source: 'Track',
    direction: 'Direction',
    picture: 'Picture',
    rate: 'Rate',
    jitter: 'Jitter',
    codec: 'Codec',
    freezes: 'Freezes',
    score: 'Score, 1 to 5',
    why: 'Why this size',
    reasons,
    up: 'sent',
    down: 'received',
    sources: { camera: 'Camera', microphone: 'Microphone', screen: 'Screen', screen_audio: 'Screen sound' },
    size: (width: number, height: number, fps: number) => `${width}×${height}, ${Math.round(fps)}/s`,
    copy: 'Copy for a bug report',
    copied: 'Copied',
    notCopied: 'The browser did not let this page copy.',
  },
};
