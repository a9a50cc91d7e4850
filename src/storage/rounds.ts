import type { Persistent } from "./persistent.ts";
import type { RedoLog } from "./redo/redo-log.ts";

/** What rounds need of the redo log. */
export type AppliedLog = Pick<RedoLog, "waitingBytes" | "unappliedBytes" | "apply" | "rewind">;

export interface RoundsOptions {
  /** Null: batches are in the store as soon as they are written. */
  readonly log: AppliedLog | null;
  /** So much may be in the log, or be kept in memory for it, before something of it is brought into the store. */
  readonly maxLogBytes: () => number;
  /** What is written goes into the store at once, for tests. */
  readonly isEager: () => boolean;
  /** How far the batches are, asked for when a round ends and the next begins. */
  readonly state: () => BatchState;
  /** Less waits for the store than before. */
  readonly onProgress: () => void;
  /** A round is in the store: what memory had to keep for it may go. */
  readonly onApplied: () => void;
  /** What is written could not be brought into the store. Nothing is lost; `applyAgain` when there is hope. */
  readonly onFailure: (error: Error) => void;
}

export interface BatchState {
  /** The last batch that is written. */
  readonly written: number;
  /** What has changed in later ones. */
  readonly unwritten: readonly Persistent[];
}

/** A round that was handed to the log. */
interface Round {
  readonly number: number;
  /** The last one that belongs to it. */
  readonly batch: number;
  readonly changed: readonly Persistent[];
  /** Approximate bytes of memory. */
  readonly keptBytes: number;
}

const NOT_APPLIED = "what was written could not be brought into LevelDB";

/** What was written goes into the store at the latest after this, when nothing else asks for it. */
const APPLY_AFTER_MS = 5000;

/** The same while it should go there at once, and nothing more is written. */
const EAGER_AFTER_MS = 20;

const FAR_AHEAD = 2000;

/** What may wait is that many rounds: the one that is gathering, and the one before that is held back. */
const ROUNDS_THAT_WAIT = 2;

/** A round may take its time while less than so many rounds wait: with two, writers have to wait (instance.ts). */
const MAX_WAITING_AT_REST = 1.5;

/** What memory takes for a record that has to stay there, and for an element of a collection, at the least. Measured with short ones. */
const KEPT_BYTES = 350;
const KEPT_ELEMENT_BYTES = 200;

/** When two had to wait for the store to catch up within this time, it does so at once for as long again. */
const EAGER_MS = 2000;

/**
 * Brings what is written to the redo log into the store: many batches together are a round. A round is held back until
 * the next one, or for some seconds: what changes there again the store need not have. So there are three at the most,
 * the one that is being applied, the one that is held back, and the one that batches are now written to; what changed in
 * any of them has to stay in memory, where it is found instead of what the store has.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #log: AppliedLog | null;
  /** The round that batches now belong to. */
  current = 1;
  /** The first batch of which nothing was in the round before. */
  firstBatch = 1;
  /** Everything up to this batch is in the store. */
  applied = 0;
  /** What changed in this round. */
  #young: Persistent[] = [];
  /** Those that are handed to the log, and not in the store: the last one may be held back. */
  #handed: readonly Round[] = [];
  /** How many elements of collections are kept beside them. */
  #youngElements = 0;
  /** What they were in the log when the last one was handed over. */
  #handedLogBytes = 0;
  #applying: Promise<void> | null = null;
  /** How many wait for the store to catch up. */
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;
  #hurriedAtMs = -Infinity;
  #eagerUntilMs = 0;
  /** What was written could not be applied: no more of it until `applyAgain`. */
  #isStuck = false;
  /** For INFO. */
  count = 0;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  /** It changed for the first time in this round. */
  add(changed: Persistent): void {
    this.#young.push(changed);
  }

  /** What changed and is not, or not surely, in the store. The same thing may come twice. */
  pending(): Persistent[] {
    return [...this.#handed.flatMap(({ changed }) => changed), ...this.#young];
  }

  /** So much is pending that to let the store catch up is less work than to look at all of it. */
  get isFarAhead(): boolean {
    if (this.#isStuck || this.#log === null) return false;
    const handed = this.#handed.reduce((sum, { changed }) => sum + changed.length, 0);
    return handed + this.#young.length > FAR_AHEAD;
  }

  /** So many more elements (or fewer) have to stay in memory until this round is applied. */
  keep(elements: number): void {
    this.#youngElements += elements;
  }

  /** Approximate bytes that wait for the store, in the log or in memory, whichever is more. */
  get waitingBytes(): number {
    const log = this.#log;
    if (log === null) return 0;
    const handedLogBytes = log.unappliedBytes - log.waitingBytes;
    // As it goes on, so that those who wait for it do not wait for its end.
    const share = this.#handedLogBytes === 0 ? 0 : handedLogBytes / this.#handedLogBytes;
    const keptBytes = this.#handed.reduce((sum, round) => sum + round.keptBytes, 0);
    return this.#youngBytes(log) + Math.max(handedLogBytes, keptBytes * share);
  }

  #youngBytes(log: AppliedLog): number {
    return Math.max(log.waitingBytes, this.#youngKeptBytes);
  }

  get #youngKeptBytes(): number {
    return KEPT_BYTES * this.#young.length + KEPT_ELEMENT_BYTES * this.#youngElements;
  }

  /** Settles when the round that is being applied is over; null when there is none. */
  get underWay(): Promise<void> | null {
    return this.#applying;
  }

  /** Another batch is written. */
  batchWritten(): void {
    if (this.#log === null) {
      this.#cut();
      this.#applied(false);
    } else this.#applyWhenDue(this.#log);
  }

  #applyWhenDue(log: AppliedLog): void {
    if (this.#applying !== null || this.#isStuck || log.waitingBytes === 0) return;
    if (this.#isEager || this.#isFull(log)) void this.#apply();
    else this.#applyAfter(APPLY_AFTER_MS);
  }

  /** A round is over. What was written meanwhile, and is not much, has time until the next batch is written. */
  #goOn(log: AppliedLog): void {
    if (this.#isStuck || !this.#hasWork(log)) return;
    if (this.#isFull(log)) void this.#apply();
    else this.#applyAfter(this.#isEager ? EAGER_AFTER_MS : APPLY_AFTER_MS);
  }

  #hasWork(log: AppliedLog): boolean {
    return log.waitingBytes > 0 || this.#handed.length > 0;
  }

  get #isEager(): boolean {
    return this.#options.isEager() || Date.now() < this.#eagerUntilMs;
  }

  /** Nobody waits for this round, nor will soon because too much waits for the store. */
  #mayRest(): boolean {
    const most = MAX_WAITING_AT_REST * this.#options.maxLogBytes();
    return this.#waiting === 0 && !this.#isEager && this.waitingBytes < most;
  }

  /** Nobody waits for what is now handed over, and there is room for so much. */
  #mayHold(bytes: number): boolean {
    return this.#waiting === 0 && !this.#isEager && bytes <= this.#options.maxLogBytes();
  }

  get #roundBytes(): number {
    return this.#options.maxLogBytes() / ROUNDS_THAT_WAIT;
  }

  #isFull(log: AppliedLog): boolean {
    return this.#youngBytes(log) >= this.#roundBytes;
  }

  #applyAfter(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.begin(true);
    }, ms);
    this.#timer.unref();
  }

  /** Somebody needs the store as it is now. */
  hurry(): void {
    const nowMs = Date.now();
    if (nowMs - this.#hurriedAtMs < EAGER_MS) this.#eagerUntilMs = nowMs + EAGER_MS;
    this.#hurriedAtMs = nowMs;
  }

  /** Resolves when this batch, which is written, is in the store; rejects when it cannot be brought there. */
  async catchUp(batch: number): Promise<void> {
    this.#waiting++;
    try {
      while (this.applied < batch) {
        if (this.#isStuck) throw new Error(NOT_APPLIED);
        await (this.#applying ?? this.#apply());
      }
    } finally {
      this.#waiting--;
    }
  }

  /** Begins to apply what is written, unless a round is under way. `mayHold`: or to hold back the last of it. */
  begin(mayHold: boolean): void {
    if (this.#log === null || !this.#hasWork(this.#log)) return;
    if (this.#applying === null && !this.#isStuck) void this.#apply(mayHold);
  }

  /** Begins another round, and brings this one into the store, or the one before. Never rejects. */
  #apply(mayHold = true): Promise<void> {
    const log = this.#log!;
    this.#applying = this.#applyRound(log, mayHold).finally(() => {
      this.#applying = null;
      this.#goOn(log);
      this.#options.onProgress();
    });
    return this.#applying;
  }

  async #applyRound(log: AppliedLog, mayHold: boolean): Promise<void> {
    this.close();
    try {
      await this.#applyLog(log, this.#roundBytes, mayHold);
      this.count++;
    } catch (error) {
      this.stick(error as Error);
    }
  }

  async #applyLog(log: AppliedLog, maxFileBytes: number, mayHold: boolean): Promise<void> {
    const handedOver = (newBytes: number): boolean => {
      const holdsBack = mayHold && this.#mayHold(Math.max(newBytes, this.#youngKeptBytes));
      this.#cut();
      this.#handedLogBytes = log.unappliedBytes - log.waitingBytes;
      return holdsBack;
    };
    const isHeld = await log.apply({
      maxFileBytes,
      handedOver,
      progress: this.#options.onProgress,
      mayRest: () => this.#mayRest(),
    });
    this.#applied(isHeld);
  }

  /** What is written up to now is handed over; what gathers belongs to the next round. */
  #cut(): void {
    const { written, unwritten } = this.#options.state();
    const round = {
      number: this.current++,
      batch: written,
      changed: this.#young,
      keptBytes: this.#youngKeptBytes,
    };
    this.#handed = [...this.#handed, round];
    this.#young = [...unwritten];
    this.#youngElements = 0;
    this.firstBatch = written + 1;
  }

  /** All that is handed over is in the store, but for what is held back. */
  #applied(isLastHeld: boolean): void {
    const left = isLastHeld ? 1 : 0;
    const applied = this.#handed.slice(0, this.#handed.length - left);
    this.#handed = this.#handed.slice(applied.length);
    for (const { batch, number, changed } of applied) {
      this.applied = Math.max(this.applied, batch);
      for (const one of changed) one.applied?.(number);
    }
    this.#options.onApplied();
  }

  // ─── failure ───────────────────────────────────────────────────────────────────────────────────

  /** What is written may not last, or not get into the store: nothing more is applied until that works. */
  stick(error: Error): void {
    if (this.#isStuck) return;
    this.#isStuck = true;
    this.#options.onFailure(error);
  }

  /** A batch failed: memory is dropped up to `batch`, nothing in it waits for the store any more. */
  drop(batch: number): void {
    this.#young = [];
    this.#youngElements = 0;
    this.#handed = [];
    this.#isStuck = this.#log !== null;
    this.applied = batch;
    this.firstBatch = batch + 1;
    this.current++;
  }

  /**
   * After a failure, in writing or in applying: brings all that is written into the store, which was opened again.
   * Rejects when that fails again.
   */
  async applyAgain(): Promise<void> {
    if (this.#log === null) return;
    this.#log.rewind();
    await this.#applyLog(this.#log, 0, false);
    this.#isStuck = false;
    this.#goOn(this.#log);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
