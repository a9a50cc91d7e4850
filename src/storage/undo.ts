/**
 * How a transaction takes back what it has written to memory: steps, done in the opposite order.
 *
 * A transaction is one synchronous run, so nothing else happens between a write and its undoing: no batch has begun,
 * no fetch has ended. What was marked for the next batch may stay marked: it persists its present state.
 */
export class Undo {
  readonly #steps: (() => void)[] = [];
  readonly #known = new FewObjects();
  /** The command that runs now may write: what it looks at must be remembered first. */
  mayWrite = false;

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Whether `owner` has not been asked for before: its state is still that of before the transaction. */
  isFirst(owner: object): boolean {
    return this.#known.add(owner);
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

/** Most transactions write to a key or two: a `Set` takes longer to make than those to look through. */
class FewObjects {
  #few: object[] = [];
  #many: Set<object> | null = null;

  has(object: object): boolean {
    return this.#many === null ? this.#few.includes(object) : this.#many.has(object);
  }

  /** Whether it is new. */
  add(object: object): boolean {
    if (this.has(object)) return false;
    if (this.#many !== null) this.#many.add(object);
    else if (this.#few.length < MAX_FEW) this.#few.push(object);
    else this.#many = new Set([...this.#few, object]);
    return true;
  }

  clear(): void {
    this.#few = [];
    this.#many = null;
  }
}

const MAX_FEW = 8;
