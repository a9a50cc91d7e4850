/** The first `count` items of a stream of runs, which is then closed. */
export function firstOfRuns<Item>(
  source: AsyncIterableIterator<readonly Item[]>,
  count: number,
): AsyncIterableIterator<readonly Item[]> {
  let left = count;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (left === 0) return this.return!();
      const run = await source.next();
      if (run.done === true) return { done: true, value: undefined };
      const items = run.value.length <= left ? run.value : run.value.slice(0, left);
      left -= items.length;
      return { done: false, value: items };
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
