import type { RoomError } from '../common/room-error.js';
import type {
  IceServerLists,
  Invited,
  Joined,
  Ok,
  Pong,
  Published,
  Resumed,
  ServerMessage,
} from '../wire/generated.js';

/** What the server tells by itself, in order; replies and the session's own messages are not among it. */
export type ServerEvent = Exclude<
  ServerMessage,
  | Ok
  | Pong
  | Resumed
  | Joined
  | Published
  | Invited
  | {
      type: 'answered' | 'chat_page' | 'file_granted' | 'file_page' | 'file_linked' | 'state_stored' | 'error' | 'bye';
    }
>;

export interface SignalEvents {
  message: { message: ServerEvent };
  /** In the room: first, or anew because the old session was gone. */
  joined: { joined: Joined; again: boolean };
  /** The same session goes on; everything missed follows as `message`. */
  resumed: { iceServers: IceServerLists };
  /**
   * After `wake` the server has answered on the same socket. `changed`: the network is another one, or is back, as the browser told; else
   * something was only suspected.
   */
  heard: { changed: boolean };
  /** The socket is lost; attempt number `attempt` follows in `delay` milliseconds. `full`: by joining anew. */
  reconnecting: { attempt: number; delay: number; phase: 'signal' | 'full' };
  /** The session has ended for good after it had begun. */
  closed: { error: RoomError };
  /** Something came that breaks the rules; the connection cures itself. For logs. */
  fault: { error: RoomError };
}
