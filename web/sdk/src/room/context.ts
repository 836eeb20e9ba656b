import type { Clock } from '../common/clock.js';
import type { Roads } from '../media/roads.js';
import type { SignalManager } from '../signal/signal-manager.js';
import type { LocalPublication } from './local-publication.js';
import type { Participant } from './participant.js';
import type { Publication } from './publication.js';
import type { Right } from './room-events.js';
import type { Statistics } from './statistics.js';

/** What every asynchronous call takes. */
export interface CallOptions {
  /** Stops the waiting; the call rejects with the signal's reason. */
  signal?: AbortSignal | null;
}

/** What the parts of a room need of it. */
export interface RoomContext {
  readonly clock: Clock;
  readonly roads: Roads;
  readonly statistics: Statistics;
  readonly autoSubscribe: boolean;
  request: SignalManager['request'];
  can(right: Right): boolean;
  /** Resolves when requests can be sent again; rejects when the room is closed. */
  untilConnected(signal?: AbortSignal | null): Promise<void>;
  /** Something that a snapshot shows is different. */
  changed(): void;
  handlePublicationChanged(publication: Publication | LocalPublication): void;
  handleLocalEnded(publication: LocalPublication): void;
  handleLocalRemoved(publication: LocalPublication): void;
  handleTrack(publication: Publication, participant: Participant): void;
}
