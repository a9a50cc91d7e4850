import { WaitFor } from "../commands/wait-for.ts";
import type { Reply } from "../resp/reply.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import { unixMs } from "../support/clock.ts";
import type { BlockedClients, Ready } from "./blocked.ts";
import { Suspended } from "./busy-script.ts";

/** The key that became ready had nothing for the client. */
export const NOT_SERVED = Symbol("not served");

/** What came of one attempt. */
export type Outcome = Reply | Fault | WaitFor | Suspended | typeof NOT_SERVED;

/** What serving needs of the executor. */
export interface ServingHost {
  tryBlocked(ready: Ready, attempt: Attempt, nowMs: number): Outcome;
  fetch(fault: Fault): Promise<void>;
  /** The batch that must be written before the reply may leave, 0 for none. */
  batchToWaitFor(attempt: Attempt): number;
  /** The reply for a fetch that failed. */
  failed(ready: Ready, error: unknown): Reply;
}

/**
 * Runs the commands of blocked clients again when a key became ready for them: first come, first served, before any
 * other command. That holds when one of them needs the disk, too: all others wait until it is served.
 */
export class Serving {
  readonly #host: ServingHost;
  readonly #blocked: BlockedClients;
  #isServing = false;
  /** While a client is being served from disk. */
  #pending: Promise<void> | null = null;

  constructor(host: ServingHost, blocked: BlockedClients) {
    this.#host = host;
    this.#blocked = blocked;
  }

  /** What other commands have to wait for, null when nothing. */
  get pending(): Promise<void> | null {
    return this.#pending;
  }

  /** To be called after every command. */
  run(): void {
    if (this.#blocked.hasReady && !this.#isServing) this.#serve([]);
  }

  /** First `queue`, then whom the commands of those made ready in turn. */
  #serve(queue: Ready[]): void {
    this.#isServing = true;
    for (;;) {
      while (queue.length === 0 && this.#blocked.hasReady) queue.push(...this.#blocked.takeReady());
      const ready = queue.shift();
      if (ready === undefined) break;
      if (!this.#blocked.isWaiting(ready.blocked.caller)) continue;
      const attempt = new Attempt();
      const nowMs = unixMs();
      const result = this.#host.tryBlocked(ready, attempt, nowMs);
      if (result instanceof Fault) {
        this.#pending = this.#serveFromDisk(ready, result, attempt, nowMs).then(() => {
          this.#pending = null;
          this.#serve(queue);
        });
        return;
      }
      attempt.release();
      this.#served(ready, result, attempt);
    }
    this.#isServing = false;
  }

  async #serveFromDisk(ready: Ready, first: Fault, attempt: Attempt, nowMs: number): Promise<void> {
    let result: Outcome = first;
    try {
      while (result instanceof Fault) {
        await this.#host.fetch(result);
        if (!this.#blocked.isWaiting(ready.blocked.caller)) return;
        result = this.#host.tryBlocked(ready, attempt, nowMs);
      }
      this.#served(ready, result, attempt);
    } catch (error) {
      this.#blocked.release(ready.blocked.caller, this.#host.failed(ready, error));
    } finally {
      attempt.release();
    }
  }

  #served({ blocked }: Ready, result: Exclude<Outcome, Fault>, attempt: Attempt): void {
    // What blocks runs no scripts.
    if (result === NOT_SERVED || result instanceof WaitFor || result instanceof Suspended) return;
    const { caller } = blocked;
    this.#blocked.remove(caller);
    const batch = this.#host.batchToWaitFor(attempt);
    // Its next request must not begin in the middle of the one that has served it.
    queueMicrotask(() => caller.resume(result, batch));
  }
}
