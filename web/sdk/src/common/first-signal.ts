/** Aborted with the first of them; `AbortSignal.any` is not in every browser that we support. Holds on to none of them afterwards. */
export function firstSignal(...signals: (AbortSignal | null | undefined)[]): AbortSignal {
  const first = new AbortController();
  for (const signal of signals) {
    if (signal?.aborted) first.abort(signal.reason);
    signal?.addEventListener('abort', () => first.abort(signal.reason), { once: true, signal: first.signal });
  }
  return first.signal;
}
