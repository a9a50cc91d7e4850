/** Requests that wait in memory, of all clients together, in bytes. */
const TOTAL = 512 * 1024 * 1024;
/** What every client may have, however much the others have. */
const LEAST = 1024 * 1024;
/**
 * What one client may have. Large, because clients send a whole pipeline before they read the first reply:
 * stopping them early would leave both sides waiting for each other.
 */
const MOST = 64 * 1024 * 1024;

/** How much clients may send ahead of what is run: much, as long as few do. */
export class InputBudget {
  #used = 0;

  /** A session's share of the total has changed. */
  account(change: number): void {
    this.#used += change;
  }

  /** How many bytes may wait before a client's socket is not read any further. */
  get perClient(): number {
    return this.#used < TOTAL ? MOST : LEAST;
  }
}
