import type { BatchWaiter } from "./committer.ts";

/** Who waits for which batch. Nearly all wait for the newest or the one before it, so a short list will do. */
export class OrderedWaiters {
  readonly #groups: { readonly batch: number; readonly waiters: BatchWaiter[] }[] = [];

  add(batch: number, waiter: BatchWaiter): void {
    for (let i = this.#groups.length - 1; i >= 0; i--) {
      const group = this.#groups[i]!;
      if (group.batch === batch) {
        group.waiters.push(waiter);
        return;
      }
      if (group.batch < batch) {
        this.#groups.splice(i + 1, 0, { batch, waiters: [waiter] });
        return;
      }
    }
    this.#groups.unshift({ batch, waiters: [waiter] });
  }

  /** Tells all who wait for `batch` or an earlier one. */
  release(batch: number, error: Error | null): void {
    while (this.#groups.length > 0 && this.#groups[0]!.batch <= batch) {
      for (const waiter of this.#groups.shift()!.waiters) waiter.batchDone(error);
    }
  }
}
