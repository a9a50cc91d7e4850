import { type FsyncPolicy, Fsyncs } from "./fsyncs.ts";
import { OrderedWaiters } from "./ordered-waiters.ts";
import type { Persistent } from "./persistent.ts";
import type { RedoLog } from "./redo/redo-log.ts";
import { Rounds } from "./rounds.ts";
import type { Store } from "./store.ts";

/** Waits until a batch is written. */
export interface BatchWaiter {
  /** `error` is what kept the batch from being written, null when it was written. */
  batchDone(error: Error | null): void;
}

export interface CommitterOptions {
  readonly store: Store;
  /** Null: batches go to the store at once (one in memory). */
  readonly log: RedoLog | null;
  /** So much may be in the log, or be kept in memory for it, before it is brought into the store. */
  readonly maxLogBytes: () => number;
  /** What is written goes into the store at once, for tests. */
  readonly isEager: () => boolean;
  readonly fsync: () => FsyncPolicy;
  /** A batch could not be written: what is in memory and was not acknowledged is void, drop it. */
  readonly onFailure: (error: Error) => void;
  /** A round is in the store: what memory had to keep for it may go. */
  readonly onApplied: () => void;
  /** What is written could not be brought into the store. Nothing is lost; `applyAgain` when there is hope. */
  readonly onApplyFailure: (error: Error) => void;
}

/**
 * Group commit. Everything that changed in one turn of the event loop becomes one batch. Batches are numbered from 1
 * and written strictly in order, one at a time: to the redo log, which makes them safe; and later, many of them
 * together (a round), to the store.
 *
 * - All changes of one command are made in one turn, so they are in one batch: there whole, or not at all.
 * - `written` tells up to which batch everything is safe; a reply that tells of batch n waits for n.
 * - `applied` tells up to which batch everything is in the store. What is newer must stay in memory.
 * - After a failed batch nothing in memory that is newer than `written` may be believed: `onFailure` drops it, the
 *   batch and the one that gathered on top of it fail for all who wait.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #waiters = new OrderedWaiters();
  readonly #log: RedoLog | null;
  readonly #rounds: Rounds;
  /** Null: there is nothing to sync. */
  readonly #fsyncs: Fsyncs | null;
  #store: Store;
  #gathering = 1;
  #written = 0;
  #dirty: Persistent[] = [];
  #inFlight: readonly Persistent[] = [];
  #writing = false;
  #scheduled = false;
  /** How many want no batch to begin. */
  #holds = 0;
  readonly #idle: (() => void)[] = [];
  /** Who waits for less to wait. */
  readonly #crowd: (() => void)[] = [];
  /** Approximate bytes that wait to be written. */
  #backlogBytes = 0;
  #batchBytes = 0;
  /** For INFO. */
  batches = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
    const { log } = options;
    this.#store = options.store;
    this.#log = log;
    this.#rounds = new Rounds({
      log,
      maxLogBytes: options.maxLogBytes,
      isEager: options.isEager,
      state: () => ({ written: this.#written, unwritten: [...this.#inFlight, ...this.#dirty] }),
      onProgress: () => this.#relieved(),
      onApplied: options.onApplied,
      onFailure: options.onApplyFailure,
    });
    this.#fsyncs = log === null ? null : new Fsyncs(log, options.fsync, (error) => this.#rounds.stick(error));
  }

  get fsyncs(): number {
    return this.#fsyncs?.count ?? 0;
  }

  get rounds(): number {
    return this.#rounds.count;
  }

  /** The one that what is written now belongs to. */
  get round(): number {
    return this.#rounds.current;
  }

  /** The number of the batch that takes changes now. */
  get gathering(): number {
    return this.#gathering;
  }

  /** Everything up to this batch survives a crash. */
  get written(): number {
    return this.#written;
  }

  /** Everything up to this batch is in the store. */
  get applied(): number {
    return this.#rounds.applied;
  }

  /** The last batch that has anything in it: what a reply that saw everything must wait for. */
  get newest(): number {
    return this.#dirty.length > 0 ? this.#gathering : this.#gathering - 1;
  }

  /** Approximate bytes that are not in the store yet, or the memory that they take, whichever is more. */
  get backlogBytes(): number {
    return this.#backlogBytes + this.#batchBytes + this.#rounds.waitingBytes;
  }

  /** Its change goes into the batch that gathers now. */
  mark(changed: Persistent): void {
    const { batch } = changed;
    if (batch === this.#gathering) return;
    if (batch < this.#rounds.firstBatch) this.#rounds.add(changed);
    changed.batch = this.#gathering;
    this.#dirty.push(changed);
    this.#schedule();
  }

  /** What changed and is not, or not surely, in the store. The same thing may come twice. */
  pending(): Persistent[] {
    return this.#rounds.pending();
  }

  /** So much is pending that a checkpoint is less work than to look at all of it. */
  get isFarAhead(): boolean {
    return this.#rounds.isFarAhead;
  }

  /** Tell how many bytes a change holds, so that the backlog can be bounded. */
  weigh(bytes: number): void {
    this.#backlogBytes += bytes;
  }

  /** Tell how many more elements (or fewer) memory has to keep until what is being persisted is in the store. */
  keep(elements: number): void {
    this.#rounds.keep(elements);
  }

  /** What `work` changes is written when it is done, and not at the end of the event loop's next turn. */
  gather(work: () => void): void {
    const wasScheduled = this.#scheduled;
    this.#scheduled = true;
    try {
      work();
    } finally {
      this.#scheduled = wasScheduled;
      if (!this.#writing && this.#holds === 0) this.#flush();
    }
  }

  /** Calls `waiter.batchDone` once the batch is written or has failed. */
  wait(batch: number, waiter: BatchWaiter): void {
    if (batch <= this.#written) waiter.batchDone(null);
    else this.#waiters.add(batch, waiter);
  }

  /** Resolves when everything marked so far is written; rejects when it could not be. */
  async settle(): Promise<void> {
    const batch = this.newest;
    if (batch <= this.#written) return;
    await new Promise<void>((resolve, reject) => {
      this.wait(batch, { batchDone: (error) => (error === null ? resolve() : reject(error)) });
    });
  }

  /** `catchUp` for who may come again soon: after the second time the store is kept up to date for a while. */
  async checkpoint(): Promise<void> {
    if (this.newest <= this.applied) return;
    this.#rounds.hurry();
    await this.catchUp();
  }

  /** Resolves when everything marked so far is in the store; rejects when it could not be written, or not be applied. */
  async catchUp(): Promise<void> {
    const batch = this.newest;
    if (batch <= this.applied) return;
    await this.settle();
    await this.#rounds.catchUp(batch);
  }

  /** Resolves when less waits for the store, or for being written. */
  async relieve(): Promise<void> {
    // What was weighed and changed nothing, a DEL of keys that are not there, does not wait.
    if (this.#dirty.length === 0) this.#backlogBytes = 0;
    this.#rounds.begin(true);
    // What gathers has to be written before it can be applied.
    if (this.#rounds.underWay === null) return this.settle();
    await new Promise<void>((resolve) => this.#crowd.push(resolve));
  }

  #relieved(): void {
    for (const resume of this.#crowd.splice(0)) resume();
  }

  /** Memory cannot let go of what is not in the store. */
  applySoon(): void {
    this.#rounds.begin(false);
  }

  /** Resolves when no batch is being written and nothing applied; the store may be exchanged until the next turn. */
  async quiet(): Promise<void> {
    while (this.#rounds.underWay !== null) await this.#rounds.underWay;
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
   * Calls `work` at a moment when everything written is in the store, and everything marked so far is written; no batch
   * is begun until it is done. Rejects when something could not be written.
   */
  async atRest(work: () => Promise<void>): Promise<void> {
    // Most of it while others go on.
    await this.checkpoint();
    this.hold();
    try {
      await this.quiet();
      await this.#rounds.catchUp(this.#written);
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
    await this.#fsyncs?.sync();
  }

  close(): void {
    this.#fsyncs?.close();
    this.#rounds.close();
  }

  // ─── writing ───────────────────────────────────────────────────────────────────────────────────

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
    const number = this.#gathering++;
    this.#batchBytes = this.#backlogBytes;
    this.#backlogBytes = 0;
    this.#inFlight = dirty;
    this.#writing = true;
    try {
      const written = this.#log === null ? this.#toStore(dirty) : this.#toLog(this.#log, dirty);
      if (written === null) this.#done(number);
      else {
        written.then(
          () => this.#done(number),
          (error: Error) => this.#fail(number, error),
        );
      }
    } catch (error) {
      this.#fail(number, error as Error);
    }
  }

  /** Null: it is done. */
  #toLog(log: RedoLog, dirty: readonly Persistent[]): Promise<void> | null {
    for (const changed of dirty) changed.persist(log, this.#rounds.current);
    log.append();
    return this.#fsyncs!.appended();
  }

  #toStore(dirty: readonly Persistent[]): Promise<void> {
    const batch = this.#store.batch();
    for (const changed of dirty) changed.persist(batch, this.#rounds.current);
    return batch.write(false);
  }

  #done(number: number): void {
    this.#writing = false;
    this.#inFlight = [];
    this.#batchBytes = 0;
    this.#written = number;
    this.batches++;
    this.#rounds.batchWritten();
    // The next batch first: it is being written while the replies of this one are sent.
    this.#goOn();
    this.#waiters.release(number, null);
  }

  #fail(number: number, error: Error): void {
    this.#log?.discard();
    this.#writing = false;
    this.#batchBytes = 0;
    this.#backlogBytes = 0;
    // What gathered meanwhile stands on the failed batch and falls with it.
    this.#dirty = [];
    this.#inFlight = [];
    this.#written = this.#gathering;
    this.#rounds.drop(this.#gathering);
    this.#gathering++;
    this.#options.onFailure(error);
    this.#waiters.release(Math.max(number, this.#written), error);
    this.#goOn();
  }

  #goOn(): void {
    for (const resume of this.#idle.splice(0)) resume();
    if (this.#dirty.length > 0 && this.#holds === 0) this.#flush();
  }

  /** See `Rounds.applyAgain`. */
  async applyAgain(): Promise<void> {
    await this.#rounds.applyAgain();
  }
}
