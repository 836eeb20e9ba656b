import type { Joined, ServerMessage } from '../wire/generated.js';
import type { RoomContext } from './context.js';
import type { Presence } from './presence.js';
import { createPresence } from './presence.js';
import type { RoomEvents } from './room-events.js';
import type { Shared } from './shared.js';
import { createShared } from './shared.js';
import type { SubscribeOptions, Topic } from './topic.js';
import { createTopics } from './topic.js';

type LiveMessage = Extract<ServerMessage, { type: 'data' | 'presence' | 'state' | 'state_deleted' }>;

/** What the live data of a room need of it. */
export interface LivePorts extends Pick<RoomContext, 'request' | 'clock'> {
  self(): string;
  tell<K extends 'sharedchange' | 'presencechange'>(type: K, fields: RoomEvents[K]): void;
}

/** What the room tells its live data. */
export interface LiveInput {
  handleJoined(joined: Joined, again: boolean): void;
  /** The same session goes on, on another socket. */
  handleResumed(): void;
  handleMessage(message: LiveMessage): void;
  handleLeft(participant: string): void;
  handleClosed(): void;
}

/** What is shared in a room, what people say of themselves, and topics. */
export function createLive(room: LivePorts): {
  shared: Shared;
  presence: Presence;
  topic: <T>(name: string, options?: SubscribeOptions) => Topic<T>;
  input: LiveInput;
} {
  const { shared, input: sharedInput } = createShared(room, (change) => room.tell('sharedchange', change));
  const { presence, input: presenceInput } = createPresence(
    room,
    () => room.self(),
    (participant, state) => room.tell('presencechange', { participant, state }),
  );
  const { topic, input: topicInput } = createTopics(room);
  return {
    shared,
    presence,
    topic,
    input: {
      handleJoined(joined, again) {
        sharedInput.handleSnapshot(joined.state);
        presenceInput.handleSnapshot(joined.presence, again);
        if (again) topicInput.handleBack();
      },
      handleResumed: () => topicInput.handleBack(),
      handleMessage(message) {
        switch (message.type) {
          case 'data':
            return topicInput.handleMessage(message);
          case 'presence':
            return presenceInput.handleChanged(message.participant, message.state);
          case 'state':
            return sharedInput.handleChanged(message.entry, message.from);
          case 'state_deleted':
            return sharedInput.handleDeleted(message.key, message.from);
        }
      },
      handleLeft: (participant) => presenceInput.handleLeft(participant),
      handleClosed() {
        presenceInput.handleClosed();
        topicInput.handleClosed();
      },
    },
  };
}
