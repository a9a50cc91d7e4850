import type { Values } from "../../config/options.ts";
import type { Keyspace } from "../../keyspace/keyspace.ts";
import { textOfBytes } from "../../support/bytes.ts";
import type { Log } from "../../support/log.ts";
import { contentsOf } from "./contents.ts";
import { type RdbFields, SaveAborted, type SaveJob, type SaveOutcome } from "./job.ts";
import { saveHere, saveInThread } from "./thread.ts";

export interface RdbSaverOptions {
  readonly keyspace: Keyspace;
  readonly values: Values;
  /** Of the database that is open; null: in memory. */
  readonly folder: () => string | null;
  /** In bytes, about. */
  readonly usedMemory: () => number;
  /** What there is to tell of the moment that a file shows. */
  readonly fields: () => RdbFields;
  /** Runs `work` while nothing else does. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly log: Log;
}

/** A save that is under way. */
interface Running {
  readonly startedAtMs: number;
  readonly abort: AbortController;
  readonly isBackground: boolean;
  readonly keysTotal: number;
  keysDone: number;
  readonly settled: Promise<void>;
}

/** After a failed save the save points wait so long. */
const RETRY_MS = 5000;

const TICK_MS = 100;

/**
 * When an RDB file is written, one at a time, and what is known of it: SAVE, BGSAVE, the save points, INFO. How: thread.ts.
 */
export class RdbSaver {
  readonly #options: RdbSaverOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Running | null = null;
  #isScheduled = false;
  #isPaused = false;
  #lastTryMs = 0;
  /** What `keyspace.changes` was when the last file's moment was. */
  #savedChanges = 0;
  #lastSaveMs = Date.now();
  #lastSeconds = -1;
  /** Whether the last save in the background succeeded. */
  isWell = true;
  saves = 0;

  constructor(options: RdbSaverOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  // ─── what is known ─────────────────────────────────────────────────────────────────────────────

  /** Changes that are in no file. */
  get unsavedChanges(): number {
    return this.#options.keyspace.changes - this.#savedChanges;
  }

  /** A save in the background is under way. */
  get isSavingInBackground(): boolean {
    return this.#running?.isBackground ?? false;
  }

  /** Unix seconds of the last file, or of the start. */
  get lastSaveS(): number {
    return Math.floor(this.#lastSaveMs / 1000);
  }

  /** How long the last save in the background took, −1 for none yet. */
  get lastSeconds(): number {
    return this.#lastSeconds;
  }

  /** How long the present one takes already, −1 for none. */
  get currentSeconds(): number {
    return this.#running === null ? -1 : Math.floor((Date.now() - this.#running.startedAtMs) / 1000);
  }

  get keysDone(): number {
    return this.#running?.keysDone ?? 0;
  }

  /** How far the present one is. */
  get percentDone(): number {
    return this.keysTotal === 0 ? 0 : (100 * this.keysDone) / this.keysTotal;
  }

  get keysTotal(): number {
    return this.#running?.keysTotal ?? 0;
  }

  /** Writes are to be refused: the last save failed, there are save points, and the options want it so. */
  get refusesWrites(): boolean {
    const { stopWritesOnBgsaveError, save } = this.#options.values;
    return !this.isWell && stopWritesOnBgsaveError && save.length > 0;
  }

  // ─── saving ────────────────────────────────────────────────────────────────────────────────────

  /** SAVE: nobody is served meanwhile. False when it failed, which is logged. */
  async save(): Promise<boolean> {
    this.saves++;
    try {
      await this.#options.alone(() => this.#run(false));
      this.isWell = true;
      return true;
    } catch {
      return false;
    }
  }

  /** The last one before the server stops: instead of one that is under way. */
  async saveFinally(): Promise<boolean> {
    this.#options.log("notice", "Saving the final RDB snapshot before exiting.");
    await this.abort();
    return await this.save();
  }

  /** FLUSHALL: a file of the data that was dropped is of no use, and the next start must not find it. */
  async saveAfterFlush(): Promise<void> {
    const { save } = this.#options.values;
    this.#running?.abort.abort();
    if (save.length > 0) {
      await this.#options.alone(async () => {
        await this.abort();
        await this.#run(false).catch(() => undefined);
      });
    }
  }

  /** There must be none under way. */
  saveInBackground(): void {
    this.#isScheduled = false;
    this.saves++;
    this.#lastTryMs = Date.now();
    this.#options.log("notice", "Background saving started");
    void this.#runInBackground();
  }

  /** As soon as what is under way now is over. */
  schedule(): void {
    this.#isScheduled = true;
  }

  async #runInBackground(): Promise<void> {
    const { log } = this.#options;
    const startedAtMs = Date.now();
    try {
      await this.#run(true);
      this.isWell = true;
      log("notice", "Background saving terminated with success");
    } catch (error) {
      // Who ends it on purpose has no reason to worry.
      if (error instanceof SaveAborted) log("notice", "Background saving was ended");
      else {
        this.isWell = false;
        log("warning", "Background saving error");
      }
    }
    this.#lastSeconds = Math.floor((Date.now() - startedAtMs) / 1000);
  }

  async #run(isBackground: boolean): Promise<void> {
    if (this.#running !== null) throw new Error("another save is under way");
    const { keyspace, log } = this.#options;
    let keysTotal = 0;
    for (const db of keyspace.databases) keysTotal += db.keyCount;
    let settle!: () => void;
    const running: Running = {
      startedAtMs: Date.now(),
      abort: new AbortController(),
      isBackground,
      keysTotal,
      keysDone: 0,
      settled: new Promise((resolve) => (settle = resolve)),
    };
    this.#running = running;
    let changes = 0;
    try {
      const outcome = await this.#write(running, () => (changes = keyspace.changes));
      this.#savedChanges = changes;
      this.#lastSaveMs = Date.now();
      this.#tell(outcome);
    } catch (error) {
      if (!(error instanceof SaveAborted))
        log("warning", `Write error saving DB on disk: ${(error as Error).message}`);
      throw error;
    } finally {
      this.#running = null;
      settle();
    }
  }

  async #write(running: Running, taken: () => void): Promise<SaveOutcome> {
    const { keyspace } = this.#options;
    const { committer, reading } = keyspace;
    const folder = this.#options.folder();
    const job = this.#job();
    const hooks = {
      atRest: async (take: () => Promise<void>) => {
        // Before the rest: better one change too many that is taken for unsaved than one too few.
        taken();
        await committer.atRest(take);
      },
      fields: this.#options.fields,
      progress: (keys: number) => (running.keysDone = keys),
      signal: running.abort.signal,
    };
    return folder === null
      ? await saveHere(reading.store, job, hooks)
      : await saveInThread(folder, job, hooks);
  }

  #job(): SaveJob {
    const { values, usedMemory } = this.#options;
    return {
      contents: contentsOf(values, usedMemory()),
      file: {
        folder: values.dir,
        name: textOfBytes(values.dbfilename),
        checksum: values.rdbchecksum,
        incrementalSync: values.rdbSaveIncrementalFsync,
      },
    };
  }

  #tell({ keys, bytes, version, raisedBy }: SaveOutcome): void {
    const { values, log } = this.#options;
    if (raisedBy.length > 0)
      log(
        "notice",
        `The RDB file has version ${version}, not rdb-version ${values.rdbVersion}: there are ${raisedBy.join(" and ")}`,
      );
    log("notice", `DB saved on disk: ${keys} keys, ${bytes} bytes, RDB version ${version}`);
  }

  // ─── ending ────────────────────────────────────────────────────────────────────────────────────

  /** Ends what is under way; resolves when it is over. The old file stays. */
  async abort(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.abort.abort();
    await running.settled;
  }

  /** The database is about to be closed: nothing begins until `resume`. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.abort();
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** No save begins any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.pause();
  }

  // ─── by itself ─────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    if (this.#running !== null || this.#isPaused) return;
    if (this.#isScheduled) {
      this.saveInBackground();
      return;
    }
    const point = this.#duePoint();
    if (point === undefined) return;
    this.#options.log("notice", `${point.changes} changes in ${point.seconds} seconds. Saving...`);
    this.saveInBackground();
  }

  /** The first save point whose time and changes have come together. */
  #duePoint(): { readonly seconds: number; readonly changes: number } | undefined {
    const nowMs = Date.now();
    if (!this.isWell && nowMs - this.#lastTryMs <= RETRY_MS) return undefined;
    const passedS = (nowMs - this.#lastSaveMs) / 1000;
    return this.#options.values.save.find(
      ({ seconds, changes }) => this.unsavedChanges >= Math.max(changes, 1) && passedS > seconds,
    );
  }
}
