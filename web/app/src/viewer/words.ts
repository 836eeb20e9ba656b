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

const zh: Words = {
  title: (room) => `${room} · 直播`,
  live: '直播中',
  viewers: (count) => `${count} 人观看`,
  delay: (seconds) => `延迟 ${seconds}`,
  delayHint: '从服务器到您的屏幕',
  player: '直播',
  controls: '播放控制',
  play: '播放',
  pause: '暂停',
  mute: '静音',
  unmute: '取消静音',
  volume: '音量',
  quality: '清晰度',
  qualities: { auto: '自动', high: '高', medium: '中', low: '低' },
  pictureInPicture: '画中画',
  fullScreen: '全屏',
  endFullScreen: '退出全屏',
  start: '播放',
  soundOn: '打开声音',
  again: '重试',
  sharing: (name) => `${name} 正在共享屏幕`,
  state: {
    connecting: '正在连接…',
    waiting: '直播尚未开始，开始后会自动播放。',
    live: '',
    buffering: '请稍候…',
    ended: '直播已结束。',
    error: '无法播放直播。',
  },
  unreachable: '没有连接，正在重试…',
  errors: {
    token_required: '需要邀请才能观看。',
    token_invalid: '邀请无效，请索取新的链接。',
    token_expired: '邀请已过期，请索取新的链接。',
    wrong_room: '此邀请属于其他房间。',
    denied: '主持人没有允许您进入。',
    removed: '主持人已将您移出。',
    room_full: '房间已满。',
    room_locked: '房间已锁定。',
  },
};

const ALL = { en, zh };
export type Language = keyof typeof ALL;

function plural(language: Language, count: number): Intl.LDMLPluralRule {
  return new Intl.PluralRules(language).select(count);
}

/** The first of the wanted languages (as `navigator.languages` names them) that there are words for. */
export function pickLanguage(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '').find((tag) => tag in ALL);
  return (known ?? 'en') as Language;
}

export const wordsOf = (language: Language): Words => ALL[language];
