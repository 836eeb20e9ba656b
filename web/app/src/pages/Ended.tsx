import { useState } from 'react';
import type { RoomErrorCode } from 'tertulia-client';
import { CheckupDialog } from '../doctor/CheckupDialog.tsx';
import { useWords } from '../i18n/index.tsx';
import { Button } from '../parts/Button.tsx';
import { takeFocus } from '../parts/focus.ts';
import { Logo } from '../parts/Logo.tsx';
import styles from './Ended.module.css';

interface Props {
  /** The code of the last `bye` or error. */
  code: string;
  message: string;
  room: string;
  token: string | null;
  onRejoin: () => void;
  /** Inside another page there is no start to go back to. */
  embed: boolean;
}

/** Why it is over, and what now. */
export function Ended({ code, message, room, token, onRejoin, embed }: Props) {
  const { common, pages } = useWords();
  const [checking, setChecking] = useState(false);
  const { title, hint, unknown, rejoin, home } = pages.ended;
  const known = lookUp(title satisfies Record<End, string>, code);
  const reason = code === 'removed' ? message : '';
  const detail = known ? reason || lookUp(hint, code) : message || code;
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        {!embed && <Logo />}
        <h1 ref={takeFocus} tabIndex={-1}>
          {known ?? unknown}
        </h1>
        {detail && <p className={styles.detail}>{detail}</p>}
        {!HOPELESS.has(code) && (
          <Button wide onClick={onRejoin}>
            {BROKEN.has(code) || !known ? common.tryAgain : rejoin}
          </Button>
        )}
        {UNCONNECTED.has(code) && (
          <Button look="plain" wide onClick={() => setChecking(true)}>
            {pages.doctor.check}
          </Button>
        )}
        {checking && <CheckupDialog room={room} token={token} onClose={() => setChecking(false)} />}
        {!embed && <a href={document.baseURI}>{home}</a>}
      </div>
    </main>
  );
}

/** The compiler shows above which end has no words yet. */
type End = Exclude<RoomErrorCode, NotAnEnd>;

/** What cannot end a session: answers to a single request, and devices. */
type NotAnEnd =
  | 'no_such_participant'
  | 'no_such_message'
  | 'too_many_documents'
  | 'conflict'
  | 'too_many_subscriptions'
  | 'no_such_publication'
  | 'store_failed'
  | 'conflict'
  | 'too_many_subscriptions'
  | 'conflict'
  | 'too_many_subscriptions'
  | 'no_such_file'
  | 'type_refused'
  | 'storage_full'
  | 'too_many_uploads'
  | 'too_many_publications'
  | 'already_published'
  | 'bad_offer'
  | 'bad_answer'
  | 'stale_offer'
  | 'no_common_codec'
  | 'too_many_sections'
  | 'media_unavailable'
  | 'overflow'
  | 'no-device'
  | 'in-use'
  | 'insecure';

/** The same again would end the same. */
const HOPELESS: ReadonlySet<string> = new Set<End>([
  'token_required',
  'token_invalid',
  'token_expired',
  'wrong_room',
  'not_allowed',
  'unsupported',
]);

/** The network may be at fault. */
const UNCONNECTED: ReadonlySet<string> = new Set<End>([
  'unreachable',
  'heartbeat_lost',
  'session_gone',
  'gap',
  'too_slow',
  'join_timeout',
]);

/** Nobody wanted it: it may work now. */
const BROKEN: ReadonlySet<string> = new Set<End>([
  'unreachable',
  'server_stopping',
  'heartbeat_lost',
  'session_gone',
  'gap',
  'closed',
  'too_slow',
  'join_timeout',
  'room_full',
  'room_locked',
  'too_many_connections',
  'too_many_rooms',
  'too_many_messages',
  'identity_taken',
  'malformed',
  'unknown_type',
  'too_large',
  'wrong_order',
  'invalid',
  'internal',
]);

const lookUp = (texts: Record<string, string>, code: string): string | null =>
  Object.hasOwn(texts, code) ? (texts[code] ?? null) : null;
