import type { Server } from "../commands/host.ts";
import type { RunningScript } from "../commands/suspension.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { Attempt, Fault } from "../storage/attempt.ts";
import { unixMs } from "../support/clock.ts";
import type { DiskHealth } from "./disk-health.ts";
import type { Gates } from "./gates.ts";

export interface OwnWorkOptions {
  readonly keyspace: Keyspace;
  readonly gates: Gates;
  readonly disk: DiskHealth;
  readonly isReadonly: () => boolean;
  readonly busy: { readonly script: RunningScript | null };
  /** What was done is final. */
  readonly finish: (attempt: Attempt) => void;
}

/** What the server does to the keyspace of itself, by the same rules as handlers: when it may, and how it is run. */
export class OwnWork {
  readonly #options: OwnWorkOptions;
  #server: Server | null = null;

  constructor(options: OwnWorkOptions) {
    this.#options = options;
  }

  attach(server: Server): void {
    this.#server = server;
  }

  /**
   * Not while nothing can be written; CLIENT PAUSE, and `readonly`, promise that nothing changes; and a replica is told
   * by its master when a key goes.
   */
  get mayRemoveExpired(): boolean {
    return !this.#options.keyspace.isReplica && this.mayChange;
  }

  /** The server may change data of itself. */
  get mayChange(): boolean {
    const { disk, isReadonly, busy } = this.#options;
    const { pause } = this.#server!;
    return disk.failure === null && pause.mode === "off" && !isReadonly() && busy.script === null;
  }

  /** Runs `work` like a handler: it may run several times, and reads before it writes. Resolves when it is done. */
  async run(work: () => void): Promise<void> {
    const { gates } = this.#options;
    await gates.passed();
    await this.#run(work, async (fault) => {
      await gates.fetch(fault);
      await gates.passed();
    });
  }

  /** The same for who holds everything else (`Executor.holding`). */
  async runHeld(work: () => void): Promise<void> {
    await this.#run(work, (fault) => fault.fetch());
  }

  async #run(work: () => void, fetch: (fault: Fault) => Promise<void>): Promise<void> {
    const { keyspace, finish } = this.#options;
    const attempt = new Attempt();
    const nowMs = unixMs();
    try {
      for (;;) {
        keyspace.reading.attempt = attempt;
        keyspace.setTime(nowMs);
        attempt.restart();
        try {
          work();
          finish(attempt);
          return;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          await fetch(error);
        }
      }
    } finally {
      attempt.release();
    }
  }
}
