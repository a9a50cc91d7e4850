import { OrderedWaiters } from "./ordered-waiters.ts";
import type { RedoLog } from "./redo/redo-log.ts";
import type { Store, WriteBatch } from "./store.ts";

/** Something in memory whose changes are to be written: a key's entry, a collection's elements, a counter. */
export interface Persistent {
  /** The batch that holds (or will hold) its last change; 0 when it never changed. Set by the committer. */
  batch: number;
  /** Put the present state into the batch. Called once for each batch that it changed in, which is of that round. */
  persist(batch: WriteBatch, round: number): void;
  /** What was put into batches of rounds up to this one is in the store. */
  applied?(round: number): void;
}

/** Waits until a batch is written. */
export interface BatchWaiter {
  /** `error` is what kept the batch from being written, null when it was written. */
  batchDone(error: Error | null): void;
}

export type FsyncPolicy = "always" | "everysec" | "no";

export interface CommitterOptions {
  readonly store: Store;
  /** Null: batches go to the store at once (one in memory). */
  readonly log: RedoLog | null;
  /** So much may be written to the log before it is brought into the store. */
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

const FSYNC_INTERVAL_MS = 1000;

const NOT_APPLIED = "what was written could not be brought into LevelDB";

/** What was written goes into the store at the latest after this, when nothing else asks for it. */
const APPLY_AFTER_MS = 5000;

const FAR_AHEAD = 2000;

/** So long after somebody had to wait for the store to catch up it does so at once. */
const EAGER_MS = 2000;

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
  #store: Store;
  #gathering = 1;
  #written = 0;
  #applied = 0;
  #dirty: Persistent[] = [];
  #inFlight: readonly Persistent[] = [];
  #writing = false;
  #scheduled = false;
  /** How many want no batch to begin. */
  #holds = 0;
  #unsyncedSince = 0;
  #syncing: Promise<void> | null = null;
  #syncTimer: NodeJS.Timeout | null = null;
  readonly #idle: (() => void)[] = [];
  /** Who waits for less to wait. */
  readonly #crowd: (() => void)[] = [];
  /** Approximate bytes that wait to be written. */
  #backlogBytes = 0;
  #batchBytes = 0;
  /** The round that batches now belong to. */
  #round = 1;
  /** The first batch of which nothing was in the round before. */
  #roundBegin = 1;
  /** What changed in this round. */
  #young: Persistent[] = [];
  /** What changed in the round that is being applied. */
  #old: readonly Persistent[] = [];
  #applying: Promise<void> | null = null;
  #applyTimer: NodeJS.Timeout | null = null;
  #eagerUntilMs = 0;
  /** What was written could not be applied: no more of it until `applyAgain`. */
  #isStuck = false;
  batches = 0;
  fsyncs = 0;
  rounds = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#log = options.log;
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
    return this.#applied;
  }

  /** The last batch that has anything in it: what a reply that saw everything must wait for. */
  get newest(): number {
    return this.#dirty.length > 0 ? this.#gathering : this.#gathering - 1;
  }

  /** Approximate bytes that are not in the store yet. */
  get backlogBytes(): number {
    return this.#backlogBytes + this.#batchBytes + (this.#log?.unappliedBytes ?? 0);
  }

  /** Its change goes into the batch that gathers now. */
  mark(changed: Persistent): void {
    const { batch } = changed;
    if (batch === this.#gathering) return;
    if (batch < this.#roundBegin) this.#young.push(changed);
    changed.batch = this.#gathering;
    this.#dirty.push(changed);
    this.#schedule();
  }

  /** What changed and is not, or not surely, in the store. The same thing may come twice. */
  pending(): Persistent[] {
    return this.#old.length === 0 ? this.#young : [...this.#old, ...this.#young];
  }

  /** So much is pending that a checkpoint is less work than to look at all of it. */
  get isFarAhead(): boolean {
    return !this.#isStuck && this.#log !== null && this.#old.length + this.#young.length > FAR_AHEAD;
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

  /** Resolves when everything marked so far is written; rejects when it could not be. */
  async settle(): Promise<void> {
    const batch = this.newest;
    if (batch <= this.#written) return;
    await new Promise<void>((resolve, reject) => {
      this.wait(batch, { batchDone: (error) => (error === null ? resolve() : reject(error)) });
    });
  }

  /** Resolves when everything marked so far is in the store; rejects when it could not be written, or not be applied. */
  async checkpoint(): Promise<void> {
    const batch = this.newest;
    if (batch <= this.#applied) return;
    this.#eagerUntilMs = Date.now() + EAGER_MS;
    await this.settle();
    await this.#catchUp(batch);
  }

  async #catchUp(batch: number): Promise<void> {
    while (this.#applied < batch) {
      if (this.#isStuck) throw new Error(NOT_APPLIED);
      await (this.#applying ?? this.#apply());
    }
  }

  /** Resolves when less waits for the store, or for being written. */
  async relieve(): Promise<void> {
    // What was weighed and changed nothing, a DEL of keys that are not there, does not wait.
    if (this.#dirty.length === 0) this.#backlogBytes = 0;
    if (this.#log === null || this.#isStuck) return this.settle();
    if (this.#applying === null) {
      // What gathers has to be written before it can be applied.
      if (this.#log.unappliedBytes === 0) return this.settle();
      void this.#apply();
    }
    await new Promise<void>((resolve) => this.#crowd.push(resolve));
  }

  readonly #relieved = (): void => {
    for (const resume of this.#crowd.splice(0)) resume();
  };

  /** Memory cannot let go of what is not in the store. */
  applySoon(): void {
    if (this.#log !== null && this.#applying === null && this.#young.length > 0) void this.#apply();
  }

  /** Resolves when no batch is being written and nothing applied; the store may be exchanged until the next turn. */
  async quiet(): Promise<void> {
    while (this.#applying !== null) await this.#applying;
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
      await this.#catchUp(this.#written);
      await work();
    } finally {
      this.release();
    }
  }

  /**
   * As `checkpoint`, and nothing is in the log any more: who writes to the store past the committer what goes through
   * it at other times needs that, or a start after a crash would bring the old state back.
   */
  async emptyLog(): Promise<void> {
    await this.checkpoint();
    if (this.#log === null) return;
    while (this.#applying !== null) await this.#applying;
    await this.#apply(0);
    if (this.#isStuck) throw new Error(NOT_APPLIED);
  }

  useStore(store: Store): void {
    this.#store = store;
  }

  /** Makes what was written durable now (SHUTDOWN, a change of policy). */
  async sync(): Promise<void> {
    await this.settle();
    if (this.#unsyncedSince > 0) await this.#syncUnsynced();
  }

  close(): void {
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    if (this.#applyTimer !== null) clearTimeout(this.#applyTimer);
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
    for (const changed of dirty) changed.persist(log, this.#round);
    log.append();
    const policy = this.#options.fsync();
    if (policy === "no") return null;
    if (policy === "everysec") {
      this.#syncSoon();
      return null;
    }
    this.fsyncs++;
    return log.sync();
  }

  #toStore(dirty: readonly Persistent[]): Promise<void> {
    const batch = this.#store.batch();
    for (const changed of dirty) changed.persist(batch, this.#round);
    return batch.write(false);
  }

  #done(number: number): void {
    this.#writing = false;
    this.#inFlight = [];
    this.#batchBytes = 0;
    this.#written = number;
    this.batches++;
    if (this.#log === null) this.#appliedAll(this.#cutRound());
    else this.#applyWhenDue(this.#log);
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
    // Memory is dropped: nothing in it waits for the store any more.
    this.#young = [];
    this.#old = [];
    this.#isStuck = this.#log !== null;
    this.#written = this.#gathering;
    this.#applied = this.#gathering;
    this.#gathering++;
    this.#roundBegin = this.#gathering;
    this.#round++;
    this.#options.onFailure(error);
    this.#waiters.release(Math.max(number, this.#written), error);
    this.#goOn();
  }

  #goOn(): void {
    for (const resume of this.#idle.splice(0)) resume();
    if (this.#dirty.length > 0 && this.#holds === 0) this.#flush();
  }

  // ─── fsync ─────────────────────────────────────────────────────────────────────────────────────

  #syncSoon(): void {
    if (this.#unsyncedSince !== 0) return;
    this.#unsyncedSince = Date.now();
    this.#syncTimer = setTimeout(() => {
      this.#syncUnsynced().catch((error: Error) => this.#stick(error));
    }, FSYNC_INTERVAL_MS);
    this.#syncTimer.unref();
  }

  async #syncUnsynced(): Promise<void> {
    while (this.#syncing !== null) await this.#syncing;
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    this.#syncTimer = null;
    this.#unsyncedSince = 0;
    if (this.#log === null) return;
    this.fsyncs++;
    this.#syncing = this.#log.sync().finally(() => (this.#syncing = null));
    await this.#syncing;
  }

  /** What is written may not last, or not get into the store: nothing more is written until that works. */
  #stick(error: Error): void {
    if (this.#isStuck) return;
    this.#isStuck = true;
    this.#options.onApplyFailure(error);
  }

  // ─── into the store ────────────────────────────────────────────────────────────────────────────

  #applyWhenDue(log: RedoLog): void {
    if (this.#applying !== null || this.#isStuck) return;
    const { maxLogBytes, isEager } = this.#options;
    if (log.waitingBytes >= maxLogBytes() || isEager() || Date.now() < this.#eagerUntilMs) {
      void this.#apply();
    } else if (this.#applyTimer === null) {
      this.#applyTimer = setTimeout(() => {
        this.#applyTimer = null;
        if (this.#applying === null && !this.#isStuck) void this.#apply();
      }, APPLY_AFTER_MS);
      this.#applyTimer.unref();
    }
  }

  /** Begins another round, and brings this one into the store. Never rejects. */
  #apply(maxFileBytes = this.#options.maxLogBytes()): Promise<void> {
    this.#applying = this.#applyRound(maxFileBytes).finally(() => {
      this.#applying = null;
      this.#relieved();
    });
    return this.#applying;
  }

  async #applyRound(maxFileBytes: number): Promise<void> {
    if (this.#applyTimer !== null) clearTimeout(this.#applyTimer);
    this.#applyTimer = null;
    let cut: { readonly round: number; readonly batch: number } | null = null;
    try {
      await this.#log!.apply(maxFileBytes, () => (cut = this.#cutRound()), this.#relieved);
      this.rounds++;
      this.#appliedAll(cut!);
    } catch (error) {
      this.#stick(error as Error);
    }
  }

  /** What is written up to now is the old round; what gathers belongs to the new one. */
  #cutRound(): { readonly round: number; readonly batch: number } {
    const cut = { round: this.#round++, batch: this.#written };
    this.#old = this.#old.length === 0 ? this.#young : [...this.#old, ...this.#young];
    this.#young = [...this.#inFlight, ...this.#dirty];
    this.#roundBegin = this.#written + 1;
    return cut;
  }

  #appliedAll({ round, batch }: { readonly round: number; readonly batch: number }): void {
    const applied = this.#old;
    this.#old = [];
    this.#applied = Math.max(this.#applied, batch);
    for (const changed of applied) changed.applied?.(round);
    this.#options.onApplied();
  }

  /**
   * After a failure, in writing or in applying: brings all that is written into the store, which was opened again.
   * Rejects when that fails again.
   */
  async applyAgain(): Promise<void> {
    if (this.#log === null) return;
    let cut: { readonly round: number; readonly batch: number } | null = null;
    this.#log.rewind();
    await this.#log.apply(0, () => (cut = this.#cutRound()), this.#relieved);
    this.#isStuck = false;
    this.#appliedAll(cut!);
  }
}
