import { OrderedWaiters } from "./ordered-waiters.ts";
import type { Store, StoreBatch } from "./store.ts";

/** Something in memory whose changes are to be written: a key's entry, a collection's elements, a counter. */
export interface Persistent {
  /** The batch that holds (or will hold) its last change; 0 when it never changed. Set by the committer. */
  batch: number;
  /** Put the present state into the batch. Called once for each batch that it changed in. */
  persist(batch: StoreBatch): void;
  /** The batch of the last `persist` is in the store. */
  persisted?(): void;
}

/** Waits until a batch is in the store. */
export interface BatchWaiter {
  /** `error` is what kept the batch from being written, null when it was written. */
  batchDone(error: Error | null): void;
}

export type FsyncPolicy = "always" | "everysec" | "no";

export interface CommitterOptions {
  readonly store: Store;
  readonly fsync: () => FsyncPolicy;
  /** A batch could not be written: what is in memory beyond the store is void, drop it. */
  readonly onFailure: (error: Error) => void;
}

const FSYNC_INTERVAL_MS = 1000;

/**
 * Group commit. Everything that changed in one turn of the event loop becomes one batch; while it is being
 * written, the next one gathers. Batches are numbered from 1, written strictly in order, one at a time.
 *
 * - All changes of one command are made in one turn, so they are in one batch: there whole, or not at all.
 * - `written` tells up to which batch everything is in the store; a reply that tells of batch n waits for n.
 * - After a failed batch nothing in memory that is newer than the store may be believed: `onFailure` drops
 *   it, the batch and the one that gathered on top of it fail for all who wait.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #waiters = new OrderedWaiters();
  #store: Store;
  #gathering = 1;
  #written = 0;
  #dirty: Persistent[] = [];
  #inFlight: readonly Persistent[] = [];
  #writing = false;
  #scheduled = false;
  /** How many want no batch to begin. */
  #holds = 0;
  #unsyncedSince = 0;
  #syncTimer: NodeJS.Timeout | null = null;
  readonly #idle: (() => void)[] = [];
  /** Approximate bytes that wait to be written. */
  #backlogBytes = 0;
  #batchBytes = 0;
  batches = 0;
  fsyncs = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** The number of the batch that takes changes now. */
  get gathering(): number {
    return this.#gathering;
  }

  /** Everything up to this batch is in the store. */
  get written(): number {
    return this.#written;
  }

  /** The last batch that has anything in it: what a reply that saw everything must wait for. */
  get newest(): number {
    return this.#dirty.length > 0 ? this.#gathering : this.#gathering - 1;
  }

  get backlogBytes(): number {
    return this.#backlogBytes + this.#batchBytes;
  }

  /** Its change goes into the batch that gathers now. */
  mark(changed: Persistent): void {
    if (changed.batch === this.#gathering) return;
    changed.batch = this.#gathering;
    this.#dirty.push(changed);
    this.#schedule();
  }

  /** What is in memory and not, or not surely, in the store. The same thing may come twice. */
  pending(): Persistent[] {
    return [...this.#inFlight, ...this.#dirty];
  }

  /** Tell how many bytes a change holds, so that the backlog can be bounded. */
  weigh(bytes: number): void {
    this.#backlogBytes += bytes;
  }

  /** Calls `waiter.batchDone` once the batch is written or has failed. */
  wait(batch: number, waiter: BatchWaiter): void {
    if (batch <= this.#written) waiter.batchDone(null);
    else this.#waiters.add(batch, waiter);
  }

  /** Resolves when everything marked so far is in the store; rejects when it could not be written. */
  async settle(): Promise<void> {
    const batch = this.newest;
    if (batch <= this.#written) return;
    await new Promise<void>((resolve, reject) => {
      this.wait(batch, { batchDone: (error) => (error === null ? resolve() : reject(error)) });
    });
  }

  /** Resolves when no batch is being written; the store may be exchanged until the next turn. */
  async quiet(): Promise<void> {
    if (!this.#writing) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Until `release` no further batch is begun: what gathers is half of something. */
  hold(): void {
    this.#holds++;
  }

  release(): void {
    this.#holds--;
    if (this.#holds === 0 && this.#dirty.length > 0) this.#schedule();
  }

  /**
   * Calls `work` at a moment when everything marked so far is in the store; no batch is begun until it is done.
   * Rejects when something could not be written.
   */
  async atRest(work: () => Promise<void>): Promise<void> {
    await this.settle();
    this.hold();
    try {
      await this.quiet();
      await work();
    } finally {
      this.release();
    }
  }

  useStore(store: Store): void {
    this.#store = store;
  }

  /** Makes what was written durable now (SHUTDOWN, a change of policy). */
  async sync(): Promise<void> {
    await this.settle();
    if (this.#unsyncedSince > 0) await this.#writeSyncMark();
  }

  close(): void {
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    // The check phase comes right after the sockets of this turn were read: one batch for all of them.
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#writing && this.#holds === 0) this.#flush();
    });
  }

  #flush(): void {
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    this.#inFlight = dirty;
    const number = this.#gathering++;
    this.#batchBytes = this.#backlogBytes;
    this.#backlogBytes = 0;
    this.#writing = true;
    const batch = this.#store.batch();
    for (const changed of dirty) changed.persist(batch);
    const sync = this.#syncNow();
    batch.write(sync).then(
      () => this.#done(number, dirty, sync),
      (error: Error) => this.#fail(number, error),
    );
  }

  #done(number: number, dirty: readonly Persistent[], sync: boolean): void {
    this.#writing = false;
    this.#inFlight = [];
    this.#batchBytes = 0;
    this.#written = number;
    this.batches++;
    if (sync) this.fsyncs++;
    for (const changed of dirty) changed.persisted?.();
    // The next batch first: it is being written while the replies of this one are sent.
    this.#goOn();
    this.#waiters.release(number, null);
  }

  #fail(number: number, error: Error): void {
    this.#writing = false;
    this.#batchBytes = 0;
    this.#backlogBytes = 0;
    // What gathered meanwhile stands on the failed batch and falls with it.
    this.#dirty = [];
    this.#inFlight = [];
    this.#written = this.#gathering;
    this.#gathering++;
    this.#options.onFailure(error);
    this.#waiters.release(Math.max(number, this.#written), error);
    this.#goOn();
  }

  #goOn(): void {
    for (const resume of this.#idle.splice(0)) resume();
    if (this.#dirty.length > 0 && this.#holds === 0) this.#flush();
  }

  #syncNow(): boolean {
    const policy = this.#options.fsync();
    if (policy === "always") return true;
    if (policy === "no") return false;
    const now = Date.now();
    if (this.#unsyncedSince === 0) {
      this.#unsyncedSince = now;
      this.#syncTimer = setTimeout(() => void this.#syncIdle(), FSYNC_INTERVAL_MS);
      this.#syncTimer.unref();
      return false;
    }
    if (now - this.#unsyncedSince < FSYNC_INTERVAL_MS) return false;
    this.#forgetUnsynced();
    return true;
  }

  #forgetUnsynced(): void {
    this.#unsyncedSince = 0;
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    this.#syncTimer = null;
  }

  /** Nothing was written since, so no batch took the fsync along. */
  async #syncIdle(): Promise<void> {
    if (this.#writing || this.#unsyncedSince === 0) return;
    try {
      await this.#writeSyncMark();
    } catch {
      // The next batch meets the same error and reports it.
    }
  }

  /** LevelDB has no fsync of its own: an empty batch written with `sync` syncs its log, all before it included. */
  async #writeSyncMark(): Promise<void> {
    this.#forgetUnsynced();
    const mark = this.#store.batch();
    mark.delete("!sync");
    await mark.write(true);
    this.fsyncs++;
  }
}
