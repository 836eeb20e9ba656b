import { useState } from 'react';
import type { ParticipantSnapshot, Room, RoomSnapshot } from 'tertulia-client';
import { useRoomValue } from '../useRoomValue.ts';

type People = readonly ParticipantSnapshot[];

/** Everybody in the room with oneself first. Renders again only when a person changes: not when somebody speaks or writes. */
export function usePeople(room: Room): People {
  const [select] = useState(selectPeople);
  return useRoomValue(room, select);
}

function selectPeople(): (snapshot: RoomSnapshot) => People {
  let last: People = [];
  return ({ local, participants }) => {
    const next = local ? [local, ...participants] : participants;
    if (next.length !== last.length || next.some((person, index) => person !== last[index])) last = next;
    return last;
  };
}
