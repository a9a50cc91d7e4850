import type { Session } from "./session.ts";

/**
 * Sends what clients have got in this turn of the event loop, replies and what was pushed: one write for each of them,
 * when the requests of all have run. A client that is written to at once is woken for one reply, and asks again before
 * the next one gets its own; to wake it is the dearest part of a short command.
 */
export class OutputFlusher {
  #sessions: Session[] = [];
  readonly #afterwards: () => void;

  /** @param afterwards when all has been sent */
  constructor(afterwards: () => void) {
    this.#afterwards = afterwards;
  }

  add(session: Session): void {
    if (session.isFlushDue) return;
    session.isFlushDue = true;
    if (this.#sessions.push(session) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const sessions = this.#sessions;
    this.#sessions = [];
    for (const session of sessions) {
      session.isFlushDue = false;
      session.flush();
    }
    this.#afterwards();
  }
}
