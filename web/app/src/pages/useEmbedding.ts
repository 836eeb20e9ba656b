import { type RefObject, useEffect, useRef } from 'react';
import type { OwnedDevices } from '../call/media/own-devices.ts';
import type { Commands, FrameState, Hello, Parent } from '../embed.ts';
import type { Stage } from './RoomPage.tsx';

interface Options {
  embedding: { parent: Parent; hello: Hello | null } | null;
  stage: Stage;
  devices: OwnedDevices;
  token: RefObject<string | null>;
  join: (name: string) => Promise<void>;
  cancel: () => void;
}

/** Tells the page around the frame how far one is, and does what it says. */
export function useEmbedding(options: Options): void {
  const { embedding, stage } = options;
  const parent = embedding?.parent ?? null;
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });

  useEffect(() => {
    if (!parent) return;
    return parent.follow(commandsFor(() => latest.current));
  }, [parent]);

  useEffect(() => {
    const hello = embedding?.hello;
    if (hello?.autojoin && hello.name) void latest.current.join(hello.name);
  }, [embedding]);

  useEffect(() => {
    if (!parent) return;
    if (stage.is !== 'call') {
      parent.report(stateAround(stage));
      return;
    }
    const { room } = stage;
    const report = () => {
      const { state } = room;
      if (state === 'closed') return;
      parent.report({ state, reason: null, participants: room.participants.size + 1 });
    };
    report();
    return room.subscribe(report);
  }, [parent, stage]);
}

function stateAround(stage: Exclude<Stage, { is: 'call' }>): FrameState {
  if (stage.is === 'ended') return { state: 'closed', reason: stage.code, participants: 0 };
  const states = { idle: 'new', joining: 'connecting', waiting: 'waiting' } as const;
  return { state: states[stage.entry], reason: null, participants: 0 };
}

function commandsFor(latest: () => Options): Commands {
  return {
    hello({ token }) {
      if (token) latest().token.current = token;
    },
    leave() {
      const { stage, cancel } = latest();
      if (stage.is === 'call') void stage.room.leave();
      else if (stage.is === 'prejoin' && stage.entry !== 'idle') cancel();
    },
    mute(source, muted) {
      latest().devices.turn(source, !muted);
    },
  };
}
