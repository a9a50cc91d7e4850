/**
 * A stream of runs made from another. Not a generator: one that was never started would not run its `finally`,
 * and what is below would stay open.
 */
export function mapRuns<From, To>(
  source: AsyncIterableIterator<readonly From[]>,
  map: (run: readonly From[]) => readonly To[],
): AsyncIterableIterator<readonly To[]> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const run = await source.next();
      return run.done === true ? { done: true, value: undefined } : { done: false, value: map(run.value) };
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
