import type { RedoLog } from "./redo/redo-log.ts";

export type FsyncPolicy = "always" | "everysec" | "no";

const FSYNC_INTERVAL_MS = 1000;

/** When what was appended to the redo log is made to survive a loss of power. */
export class Fsyncs {
  readonly #log: RedoLog;
  readonly #policy: () => FsyncPolicy;
  readonly #onFailure: (error: Error) => void;
  /** Something was appended that the next of `everysec` has to take. */
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  count = 0;

  /** `onFailure`: one that nobody waits for has failed. */
  constructor(log: RedoLog, policy: () => FsyncPolicy, onFailure: (error: Error) => void) {
    this.#log = log;
    this.#policy = policy;
    this.#onFailure = onFailure;
  }

  /** After an append: resolves when it counts as written; null when it does already. */
  appended(): Promise<void> | null {
    const policy = this.#policy();
    if (policy === "no") return null;
    if (policy === "everysec") {
      this.#syncSoon();
      return null;
    }
    this.count++;
    return this.#log.sync();
  }

  #syncSoon(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#sync().catch(this.#onFailure);
    }, FSYNC_INTERVAL_MS);
    this.#timer.unref();
  }

  /** What waits for the next of `everysec` is on the disk when this resolves. */
  async sync(): Promise<void> {
    if (this.#timer !== null) await this.#sync();
  }

  async #sync(): Promise<void> {
    while (this.#running !== null) await this.#running;
    this.close();
    this.count++;
    this.#running = this.#log.sync().finally(() => (this.#running = null));
    await this.#running;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
