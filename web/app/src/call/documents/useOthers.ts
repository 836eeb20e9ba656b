import { useEffect, useState } from 'react';
import type { SharedDocument } from 'tertulia-client';

/** Names of the others who have the document open, each once. */
export function useOthers({ awareness }: SharedDocument): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    const look = () => {
      const people = new Map<string, string>();
      for (const [client, state] of awareness.getStates()) {
        const user = state.user as { id?: unknown; name?: unknown } | undefined;
        if (client !== awareness.clientID && typeof user?.id === 'string' && typeof user.name === 'string')
          people.set(user.id, user.name);
      }
      const found = [...people.values()].sort();
      setNames((before) => (before.join('\n') === found.join('\n') ? before : found));
    };
    look();
    awareness.on('change', look);
    return () => awareness.off('change', look);
  }, [awareness]);
  return names;
}
