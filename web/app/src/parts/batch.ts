/** Collects texts and gives them out together, `delay` milliseconds after the first; the same text only once. */
export function createBatch(delay: number, flush: (texts: string[]) => void) {
  let waiting: string[] = [];
  let timer: ReturnType<typeof setTimeout> | null = null;
  return {
    add(text: string): void {
      if (!waiting.includes(text)) waiting.push(text);
      timer ??= setTimeout(() => {
        const texts = waiting;
        waiting = [];
        timer = null;
        flush(texts);
      }, delay);
    },
    stop(): void {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
