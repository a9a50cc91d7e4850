/**
 * How a transaction takes back what it has written to memory: steps, done in the opposite order.
 *
 * A transaction is one synchronous run, so nothing else happens between a write and its undoing: no batch has begun,
 * no fetch has ended. What was marked for the next batch may stay marked: it persists its present state.
 */
export class Undo {
  readonly #steps: (() => void)[] = [];
  readonly #known = new Set<object>();
  /** The command that runs now may write: what it looks at must be remembered first. */
  mayWrite = false;

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Whether `owner` has not been asked for before: its state is still that of before the transaction. */
  isFirst(owner: object): boolean {
    if (this.#known.has(owner)) return false;
    this.#known.add(owner);
    return true;
  }

  knows(owner: object): boolean {
    return this.#known.has(owner);
  }

  rollBack(): void {
    for (const step of this.#steps.toReversed()) step();
    // Some of them write, which adds steps.
    this.#steps.length = 0;
    this.#known.clear();
  }
}
