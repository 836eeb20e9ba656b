/** What is waited for did not come in time. */
export class Late extends Error {
  override readonly name = 'Late';
}

/** Waits for `ms` at most: rejects with Late, or with the reason of `signal`. The work itself goes on; who has begun it ends it. */
export async function within<T>(ms: number, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late()), ms);
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { signal: done.signal });
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    done.abort();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
