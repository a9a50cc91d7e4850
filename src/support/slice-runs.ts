/**
 * Of a stream of runs the items from the `skip`th on, `count` at most. What is below is closed as soon as they
 * have all been read.
 */
export function sliceRuns<Item>(
  source: AsyncIterableIterator<readonly Item[]>,
  skip: number,
  count: number,
): AsyncIterableIterator<readonly Item[]> {
  let before = skip;
  let left = count;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (left > 0) {
        const { value: run, done } = await source.next();
        if (done === true) break;
        const slice = run.slice(before, before + left);
        before = Math.max(before - run.length, 0);
        left -= slice.length;
        if (slice.length > 0) return { done: false, value: slice };
      }
      await source.return?.();
      return { done: true, value: undefined };
    },
    async return() {
      left = 0;
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
