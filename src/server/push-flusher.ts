import type { Session } from "./session.ts";

/** Sends what was pushed to clients in this turn of the event loop: one write for all messages of each. */
export class PushFlusher {
  readonly #sessions = new Set<Session>();
  #isScheduled = false;
  readonly #afterwards: () => void;

  /** @param afterwards when all has been sent */
  constructor(afterwards: () => void) {
    this.#afterwards = afterwards;
  }

  add(session: Session): void {
    this.#sessions.add(session);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const sessions = [...this.#sessions];
    this.#sessions.clear();
    for (const session of sessions) session.flushPushes();
    this.#afterwards();
  }
}
