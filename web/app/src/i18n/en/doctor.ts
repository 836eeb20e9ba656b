import type { Check, CheckId, Detail, Reason, Road } from '../../doctor/check.ts';
import type { Verdict } from '../../doctor/verdict.ts';

const within = (rtt: number | undefined) => (rtt === undefined ? '' : ` Round trip ${rtt} ms.`);

const roads: Record<Road, string> = {
  udp: 'They go directly to the server, by UDP: best quality.',
  tcp: 'They go through TCP: calls work, with more delay.',
  tls: 'They go through TLS: calls work, with more delay.',
};

function stun({ address, nat }: Detail): string {
  if (nat === 'none' || !address) return 'No router changes your address: direct calls come about easily.';
  if (nat === 'symmetric')
    return `Seen from outside you are ${address}, at another port for everybody. Direct calls mostly need the relay.`;
  const router = nat === 'nat' ? ', behind a router' : '';
  return `Seen from outside you are ${address}${router}. Direct calls work with most people.`;
}

const relay = (road: string) => (detail: Detail) =>
  `Bytes went through it and came back, by ${road}.${within(detail.rtt)}`;

interface Summary {
  title: string;
  text: (open: string) => string;
}

const verdict: Record<Verdict, Summary> = {
  checking: { title: 'Trying every way to the server…', text: () => 'This takes some seconds.' },
  udp: { title: 'Calls will work', text: () => 'Video will go directly, by UDP: best quality.' },
  tcp: {
    title: 'Calls will work, with more delay',
    text: (open) =>
      `Your network blocks UDP, so picture and sound go through TCP. For the best quality your administrator has to open ${open}.`,
  },
  tls: {
    title: 'Calls will work, with more delay',
    text: (open) =>
      `Your network lets only encrypted TCP through, so picture and sound go that way. For the best quality your administrator has to open ${open}.`,
  },
  partly: {
    title: 'Calls will not work reliably',
    text: () =>
      'The relay can be reached, but the server’s own port for picture and sound cannot. Send the report to whoever runs this server.',
  },
  unknown: {
    title: 'The server answers; the rest could not be tried',
    text: () =>
      'It shows its ways only to those with an invitation. Join by your link: if the call does not connect, you can check from there.',
  },
  blocked: {
    title: 'Calls will not work from here',
    text: (open) => `Nothing gets through for picture and sound. Ask your administrator to open ${open}.`,
  },
  'no-socket': {
    title: 'Calls will not work from here',
    text: () =>
      'Pages of this server load, but something on the way, such as a proxy, stops its WebSockets. Ask your administrator to let them through.',
  },
  'no-server': {
    title: 'The server cannot be reached',
    text: () => 'Look at your network. If other pages load, the server may be down: tell whoever runs it.',
  },
  'no-webrtc': {
    title: 'This browser cannot take part in calls',
    text: () =>
      'WebRTC is missing or switched off, perhaps by an extension. A current version of Chrome, Edge, Firefox or Safari can.',
  },
};

/** What the page “Can I connect?” says. Loaded with it. */
export const doctor = {
  visitor: 'Connection check',
  lead: 'Every way by which a call can reach you is tried. Camera and microphone stay off.',
  verdict,
  open: (udp: string | null, tcp: string | null) =>
    [udp && `UDP to ${udp}`, tcp && `TCP to ${tcp}`].filter(Boolean).join(' or '),
  list: 'What was tried',
  again: 'Try again',
  copy: 'Copy report',
  copyHint: 'For your administrator. It holds no passwords and no invitation.',
  copied: 'Copied',
  notCopied: 'The browser did not let this page copy.',
  tryDevices: 'Try camera and microphone',
  tryDevicesHint: 'Your browser will ask for permission.',

  state: {
    waiting: 'not tried yet',
    running: 'being tried',
    ok: 'works',
    warning: 'needs attention',
    failed: 'does not work',
    skipped: 'not tried',
  } satisfies Record<Check['state'], string>,
  name: {
    browser: 'Browser',
    secure: 'Secure page',
    server: 'Server',
    socket: 'Messages (WebSocket)',
    media: 'Picture and sound',
    stun: 'Your address (STUN)',
    'turn-udp': 'Relay by UDP',
    'turn-tcp': 'Relay by TCP',
    'turn-tls': 'Relay by TLS',
    camera: 'Camera',
    microphone: 'Microphone',
  } satisfies Record<CheckId, string>,
  works: {
    browser: () => 'It can take part in calls.',
    secure: () => 'Camera and microphone can be used here.',
    server: ({ rtt }) => `It answers.${within(rtt)}`,
    socket: ({ rtt }) => `They get through.${within(rtt)}`,
    media: ({ road, rtt }) => `${roads[road ?? 'udp']}${within(rtt)}`,
    stun,
    'turn-udp': relay('UDP'),
    'turn-tcp': relay('TCP'),
    'turn-tls': relay('TLS'),
    camera: () => 'You have allowed it.',
    microphone: () => 'You have allowed it.',
  } as Record<CheckId, (detail: Detail) => string>,
  fails: {
    browser: 'It cannot take part in calls.',
    secure:
      'Browsers give out camera and microphone only over https or on localhost. Ask whoever runs this server to turn on TLS.',
    server: 'It does not answer.',
    socket: 'They do not get through.',
    media: 'Nothing gets through to the server.',
    stun: 'No answer: your network seems to block UDP.',
    'turn-udp': 'Nothing comes through it. Where UDP is blocked, TCP or TLS is used.',
    'turn-tcp': 'Nothing comes through it.',
    'turn-tls': 'Nothing comes through it.',
    camera: 'Others will not see you. You can watch and listen.',
    microphone: 'Others will not hear you. You can watch and listen.',
  } satisfies Record<CheckId, string>,
  why: {
    timeout: 'There was no answer in time.',
    unreachable: 'Nobody answered.',
    credentials: 'The relay did not accept the password that the server gave out. Tell whoever runs the server.',
    quota: 'The relay has no place left.',
    invitation: 'The server wants an invitation for that.',
    refused: 'Your invitation is not valid, or not any more.',
    'not-offered': 'The server does not offer it.',
    'waiting-room': 'A moderator would have to let you in first.',
    personal: 'Your invitation is for you alone: trying it here would put you out of a call elsewhere.',
    unsupported: 'This browser has nothing for it.',
    denied: 'It is blocked in your browser for this page.',
    'no-device': 'None was found.',
    'in-use': 'Another program uses it.',
    insecure: 'This page is not secure.',
    error: 'Something unexpected happened; the report says what.',
  } satisfies Record<Reason, string>,
  notAsked: 'Your browser will ask when you join.',
  both: (one: string, other: string) => `${one} ${other}`,
};
