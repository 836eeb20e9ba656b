import type { ViewerState } from 'tertulia-client/viewer';

const en = {
  title: (room: string) => `${room} · live`,
  live: 'Live',
  viewers: (count: number) => `${count} ${plural('en', count) === 'one' ? 'viewer' : 'viewers'}`,
  delay: (seconds: string) => `Delay ${seconds}`,
  delayHint: 'From the server to your screen',
  player: 'Live stream',
  controls: 'Player controls',
  play: 'Play',
  pause: 'Pause',
  mute: 'Mute',
  unmute: 'Unmute',
  volume: 'Volume',
  quality: 'Quality',
  qualities: { auto: 'Automatic', high: 'High', medium: 'Medium', low: 'Low' },
  pictureInPicture: 'Picture in picture',
  fullScreen: 'Full screen',
  endFullScreen: 'Leave full screen',
  start: 'Play',
  soundOn: 'Turn sound on',
  again: 'Try again',
  sharing: (name: string) => `${name} is sharing a screen`,
  state: {
    connecting: 'Connecting…',
    waiting: 'The stream has not started yet. It will play here by itself.',
    live: '',
    buffering: 'One moment…',
    ended: 'The stream has ended.',
    error: 'The stream cannot be shown.',
  } satisfies Record<ViewerState, string> as Record<ViewerState, string>,
  unreachable: 'No connection. Trying again…',
  errors: {
    token_required: 'You need an invitation to watch this.',
    token_invalid: 'This invitation is not valid. Ask for a new link.',
    token_expired: 'This invitation has expired. Ask for a new link.',
    wrong_room: 'This invitation is for another room.',
    denied: 'A moderator did not let you in.',
    removed: 'A moderator has taken you out.',
    room_full: 'The room is full.',
    room_locked: 'The room is locked.',
  } as Readonly<Record<string, string>>,
};

export type Words = typeof en;

const load = {
  en: async () => en,
  zh: async () => (await import('./zh.ts')).zh,
} satisfies Record<string, () => Promise<Words>>;
export type Language = keyof typeof load;

function plural(language: Language, count: number): Intl.LDMLPluralRule {
  return new Intl.PluralRules(language).select(count);
}

/** The first of the wanted languages (as `navigator.languages` names them) that there are words for. */
export function pickLanguage(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '').find((tag) => tag in load);
  return (known ?? 'en') as Language;
}

export const wordsOf = (language: Language): Promise<Words> => load[language]();
