/** One who waits until so many replicas have everything up to `offset`. */
export interface AckWaiter {
  readonly offset: number;
  readonly replicas: number;
  /** It waits no more. */
  readonly isOver: () => boolean;
  /** Enough replicas have it. */
  readonly resume: (replicas: number) => void;
}

const MANY = 64;

/** Those who wait for replicas: WAIT. */
export class AckWaiters {
  #waiting: AckWaiter[] = [];
  /** When there are so many, those that wait no more are dropped: no replica may come that would show it. */
  #many = MANY;

  add(waiter: AckWaiter): void {
    if (this.#waiting.length >= this.#many) {
      this.#waiting = this.#waiting.filter(({ isOver }) => !isOver());
      this.#many = Math.max(MANY, 2 * this.#waiting.length);
    }
    this.#waiting.push(waiter);
  }

  /** A replica has more than before. `count`: how many have everything up to an offset. */
  check(count: (offset: number) => number): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      if (waiter.isOver()) continue;
      const replicas = count(waiter.offset);
      if (replicas >= waiter.replicas) waiter.resume(replicas);
      else this.#waiting.push(waiter);
    }
  }
}
