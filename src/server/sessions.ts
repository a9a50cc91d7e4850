import type { Clients } from "../commands/host.ts";
import type { Connection } from "./connection.ts";

/** How many seconds the largest buffers are remembered. */
const PEAK_SECONDS = 8;

/** Who is connected, in order of connection. */
export class Sessions implements Clients {
  readonly #byId = new Map<number, Connection>();
  readonly #inputPeaks = new Array<number>(PEAK_SECONDS).fill(0);
  readonly #outputPeaks = new Array<number>(PEAK_SECONDS).fill(0);

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#byId.values();
  }

  byId(id: number): Connection | undefined {
    return this.#byId.get(id);
  }

  get recentMaxInputBuffer(): number {
    return Math.max(...this.#inputPeaks);
  }

  get recentMaxOutputBuffer(): number {
    return Math.max(...this.#outputPeaks);
  }

  add(session: Connection): void {
    this.#byId.set(session.id, session);
  }

  remove(session: Connection): void {
    this.#byId.delete(session.id);
  }

  /** Once a second: limits of time, and the peaks. */
  tick(nowMs: number): void {
    const slot = Math.floor(nowMs / 1000) % PEAK_SECONDS;
    let input = 0;
    let output = 0;
    for (const session of this.#byId.values()) {
      input = Math.max(input, session.inputBytes);
      output = Math.max(output, session.output.bytes);
      session.tick(nowMs);
    }
    this.#inputPeaks[slot] = input;
    this.#outputPeaks[slot] = output;
  }
}
