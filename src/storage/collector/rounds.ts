import type { Store } from "../store.ts";
import { type Progress, Sweep } from "./sweep.ts";

/** `gc-interval` and `gc-batch-size`. */
export interface Pace {
  /** From the start of one round to the start of the next. */
  readonly intervalMs: number;
  /** Deletions of one round; more when much waits for long. */
  readonly batchSize: number;
}

/** A round that leaves something makes the next one larger by this part, */
const GROWTH = 1 / 8;
/** up to so many times `batchSize`. By then a round takes as long as it may, rests included. */
const MOST_TIMES = 8;

export interface RoundsListener {
  /** After a round that changed something. */
  readonly onProgress: (progress: Progress) => void;
  /** A round failed, the first after one that did not; the next one starts over. */
  readonly onError: (error: Error) => void;
}

/**
 * Runs a sweep round after round. As long as something is left, rounds grow: what is deleted faster than at the pace that
 * was set would otherwise take more and more of the disk, without an end.
 */
export class Rounds {
  readonly #sweep: Sweep;
  readonly #listener: RoundsListener;
  #pace: Pace;
  /** Deletions of the next round. */
  #limit: number;
  #timer: NodeJS.Timeout | null = null;
  #isPaused = false;
  #isFailing = false;
  #round: Promise<void> | null = null;

  constructor(store: Store, pace: Pace, listener: RoundsListener) {
    this.#sweep = new Sweep(store);
    this.#pace = pace;
    this.#limit = pace.batchSize;
    this.#listener = listener;
    this.#schedule(pace.intervalMs);
  }

  get progress(): Progress {
    return this.#sweep.progress;
  }

  configure(pace: Pace): void {
    this.#pace = pace;
    this.#limit = pace.batchSize;
    if (this.#timer !== null) this.#schedule(pace.intervalMs);
  }

  /** Resolves when nothing is being read or written any more; until `resume` it stays so. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    this.#cancel();
    this.#sweep.stop();
    await this.#round;
  }

  resume(store: Store): void {
    this.#isPaused = false;
    this.#sweep.restart(store);
    this.#schedule(this.#pace.intervalMs);
  }

  #schedule(delayMs: number): void {
    this.#cancel();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#round = this.#run();
    }, delayMs);
    this.#timer.unref();
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #run(): Promise<void> {
    const startedMs = performance.now();
    const before = this.#sweep.progress;
    try {
      await this.#sweep.round(this.#limit, rest);
      this.#isFailing = false;
      this.#setLimit(this.#sweep.progress.waiting > 0);
    } catch (error) {
      if (!this.#isFailing) this.#listener.onError(error as Error);
      this.#isFailing = true;
    }
    const after = this.#sweep.progress;
    if (after.deleted !== before.deleted || after.waiting !== before.waiting)
      this.#listener.onProgress(after);
    this.#round = null;
    const leftMs = this.#pace.intervalMs - (performance.now() - startedMs);
    if (!this.#isPaused) this.#schedule(Math.max(leftMs, 1));
  }

  #setLimit(isBehind: boolean): void {
    const { batchSize } = this.#pace;
    const larger = Math.ceil(this.#limit * (1 + GROWTH));
    this.#limit = isBehind ? Math.min(larger, MOST_TIMES * batchSize) : batchSize;
  }
}

/** In units of what the work took: at the most two fifths of a thread, and of LevelDB's writer, are busy with it. */
const REST = 1.5;

function rest(tookMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(tookMs * REST, 1)));
}
