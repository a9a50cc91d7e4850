import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bytes } from "../../support/bytes.ts";
import { Overlay } from "../overlay.ts";
import type { Store, WriteBatch } from "../store.ts";
import { Applier, LogDamageError } from "./applier.ts";
import { ChangeWalk, RecordBuilder, changeAt } from "./format.ts";
import { type LogPart, LogReader } from "./reader.ts";
import { syncLevelDb } from "./sync.ts";
import { ApplierThread } from "./thread.ts";

const FILE_NAME = /^redo-(\d{10})$/;
const FIRST_BUFFER_BYTES = 256 << 10;
/** What one system call may write at most. */
const MAX_WRITE_BYTES = 1 << 30;

const datasync = promisify(fdatasync);

export interface ApplyOptions {
  /** A file that has grown past so many bytes is left behind, and deleted when nothing of it is needed any more. */
  readonly maxFileBytes: number;
  /** What is appended later belongs to the next call. Whether so many new bytes may be held back until then. */
  readonly handedOver: (newBytes: number) => boolean;
  /** Called when `unappliedBytes` is less than before. */
  readonly progress: () => void;
  /** Whether there is time to be considerate of this thread. */
  readonly mayRest: () => boolean;
}

/** A file of the log that is not yet deleted. */
interface LogFile {
  readonly path: string;
  readonly fd: number;
}

/**
 * What was acknowledged and is not yet in LevelDB. Batches are appended as one record each; now and then a part of
 * the log is brought into LevelDB, by a thread of its own, where of many changes of one key only the last is made. A part
 * can be held back until the next one is known: what changes there again is not made at all.
 * After a crash the files are read again from their beginning: to make a change twice does no harm.
 */
export class RedoLog implements WriteBatch {
  readonly #folder: string;
  readonly #builder = new RecordBuilder(FIRST_BUFFER_BYTES);
  /** The last one is appended to. */
  readonly #files: LogFile[] = [];
  #fileNumber: number;
  /** Bytes of the last file, all of whole records. */
  #size = 0;
  /** Up to there it was handed to the thread. */
  #handedOver = 0;
  /** Parts that were handed to the thread and are not, or not as a whole, in LevelDB yet. */
  #parts: LogPart[] = [];
  #partBytes = 0;
  /** The first of them is held back by the thread. */
  #isHeld = false;
  #thread: ApplierThread | null = null;
  readonly #syncs = new Set<Promise<void>>();
  /** The end of the last file may be half a record. */
  #isTorn = false;

  /** Brings what a crash has left in the files into the store, and begins a new file. @throws LogDamageError */
  static async open(folder: string, store: Store): Promise<RedoLog> {
    const numbers = await replayRedoLog(folder, store);
    return new RedoLog(folder, (numbers.at(-1) ?? 0) + 1);
  }

  private constructor(folder: string, number: number) {
    this.#folder = folder;
    this.#fileNumber = number;
    this.#begin();
  }

  #begin(): void {
    const path = pathOf(this.#folder, this.#fileNumber);
    const fd = openSync(path, "wx");
    syncFolder(this.#folder);
    this.#files.push({ path, fd });
    this.#fileNumber++;
    this.#size = 0;
    this.#handedOver = 0;
    this.#isTorn = false;
  }

  get #file(): LogFile {
    return this.#files.at(-1)!;
  }

  // ─── the batch that is being built ─────────────────────────────────────────────────────────────

  put(key: Bytes, value: Bytes, isNew = false): void {
    this.#builder.put("", key, "", value, isNew);
  }

  putJoined(keyHead: Bytes, keyTail: Bytes, valueHead: Bytes, valueTail: Bytes, isNew = false): void {
    this.#builder.put(keyHead, keyTail, valueHead, valueTail, isNew);
  }

  delete(key: Bytes): void {
    this.#builder.delete(key);
  }

  /** Appends what was put since the last call: on return a kill of the process does not lose it any more. */
  append(): void {
    if (this.#builder.isEmpty) return;
    const record = this.#builder.take();
    if (this.#isTorn) throw new Error("the end of the redo log could not be mended");
    const { fd } = this.#file;
    try {
      for (let at = 0; at < record.length;) {
        at += writeSync(fd, record, at, Math.min(record.length - at, MAX_WRITE_BYTES), this.#size + at);
      }
    } catch (error) {
      this.#cutOff(fd);
      throw error;
    }
    this.#size += record.length;
  }

  /** Nothing of a record that could not be written whole may stay: what is appended behind it would be lost. */
  #cutOff(fd: number): void {
    try {
      ftruncateSync(fd, this.#size);
    } catch {
      this.#isTorn = true;
    }
  }

  /** What was put is not to be appended. */
  discard(): void {
    if (!this.#builder.isEmpty) this.#builder.take();
  }

  /** Resolves when all that was appended is on the disk itself. */
  async sync(): Promise<void> {
    const sync = datasync(this.#file.fd);
    this.#syncs.add(sync);
    try {
      await sync;
    } finally {
      this.#syncs.delete(sync);
    }
  }

  // ─── into LevelDB ──────────────────────────────────────────────────────────────────────────────

  /** Bytes that wait to be handed over. */
  get waitingBytes(): number {
    return this.#size - this.#handedOver;
  }

  /** About how many bytes are not in LevelDB yet. */
  get unappliedBytes(): number {
    return this.#partBytes + this.#size - this.#handedOver;
  }

  /** The thread works on the database that is open in `folder`. `workerUrl`: its entry. */
  async start(workerUrl?: URL): Promise<void> {
    this.#thread = await ApplierThread.start(this.#folder, workerUrl);
  }

  /** Resolves when the thread has let go of the database. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.close();
    this.#takeBack();
  }

  /** What the thread was given is given to it again. Some of it may have been made. */
  #takeBack(): void {
    this.#isHeld = false;
    this.#parts = this.#parts.map((part) => ({ ...part, isFirstTime: false }));
  }

  /**
   * Brings everything that is appended when `handedOver` is called into LevelDB, or keeps that part of it back that came
   * since the last call: then it gives true. One call at a time.
   */
  async apply({ maxFileBytes, handedOver, progress, mayRest }: ApplyOptions): Promise<boolean> {
    const leavesFile = this.#size > maxFileBytes || this.#isTorn;
    // Most of it here, where nobody waits.
    if (leavesFile) await this.sync();
    const newBytes = this.waitingBytes;
    if (newBytes > 0) this.#handOver();
    const holdsLast = handedOver(newBytes) && newBytes > 0;
    if (leavesFile) {
      // After a power failure no file may be whole behind one that is not.
      fdatasyncSync(this.#file.fd);
      this.#begin();
    }
    const unneeded = holdsLast ? this.#fileOf(this.#parts.at(-1)!) : this.#files.length - 1;
    await this.#applyParts(holdsLast, unneeded > 0, progress, mayRest);
    this.#parts = holdsLast ? [this.#parts.at(-1)!] : [];
    this.#partBytes = holdsLast ? bytesOf(this.#parts[0]!) : 0;
    this.#isHeld = holdsLast;
    // What took the place of changes that these files had is in the last one.
    if (unneeded > 0 && holdsLast) await this.sync();
    // A file must not be closed under one.
    await Promise.allSettled(this.#syncs);
    this.#deleteFiles(unneeded);
    return holdsLast;
  }

  #handOver(): void {
    this.#parts.push({ path: this.#file.path, from: this.#handedOver, to: this.#size, isFirstTime: true });
    this.#partBytes += this.waitingBytes;
    this.#handedOver = this.#size;
  }

  #fileOf({ path }: LogPart): number {
    return this.#files.findIndex((file) => file.path === path);
  }

  async #applyParts(
    holdsLast: boolean,
    durably: boolean,
    progress: () => void,
    mayRest: () => boolean,
  ): Promise<void> {
    if (this.#thread === null) throw new Error("the redo log has no thread");
    if (this.#parts.length === 0 && !durably) return;
    const goesOn = this.#isHeld;
    const parts = goesOn ? this.#parts.slice(1) : this.#parts;
    const done = (bytes: number): void => {
      this.#partBytes -= bytes;
      progress();
    };
    try {
      await this.#thread.apply({ parts, goesOn, holdsLast, durably }, done, mayRest);
    } catch (error) {
      this.#takeBack();
      throw error;
    }
  }

  /** All that the files hold is to be applied again: LevelDB may have lost what it was not made to put on the disk. */
  rewind(): void {
    this.#handedOver = this.#size;
    this.#isHeld = false;
    this.#parts = this.#files.map(({ path }) => ({
      path,
      from: 0,
      to: path === this.#file.path ? this.#size : statSync(path).size,
      isFirstTime: false,
    }));
    this.#partBytes = this.#parts.reduce((sum, part) => sum + bytesOf(part), 0);
  }

  #deleteFiles(count: number): void {
    for (const { path, fd } of this.#files.splice(0, count)) {
      closeSync(fd);
      rmSync(path);
    }
  }

  /** What the log holds and LevelDB, perhaps, does not. */
  unapplied(): Overlay {
    const values = new Map<Bytes, Bytes | null>();
    const parts = [...this.#parts, { path: this.#file.path, from: this.#handedOver, to: this.#size }];
    for (const { path, from, to } of parts) {
      const reader = new LogReader(path, from, to);
      try {
        for (let records = reader.next(); records !== null; records = reader.next()) {
          const block = records;
          new ChangeWalk(block).take(Infinity, (at, keyBegin, keyEnd) => {
            const key = block.latin1Slice(keyBegin, keyEnd);
            values.set(key, changeAt(block, at).value?.latin1Slice() ?? null);
          });
        }
      } finally {
        reader.close();
      }
    }
    return new Overlay(values);
  }

  /** All of it is in LevelDB, on the disk itself: the files are not needed at the next start. */
  async close(): Promise<void> {
    await this.stop();
    await Promise.allSettled(this.#syncs);
    const isApplied = this.#parts.length === 0 && this.waitingBytes === 0;
    // Where that fails the next start makes all changes again.
    const isSafe = isApplied && (await syncLevelDb(this.#folder).then(nothingFailed, () => false));
    if (isSafe) this.#deleteFiles(this.#files.length);
    else for (const { fd } of this.#files) closeSync(fd);
  }
}

const bytesOf = ({ from, to }: LogPart): number => to - from;

const nothingFailed = (): boolean => true;

/**
 * Makes all changes of the files in the store, and deletes them. Gives the numbers of the files. @throws LogDamageError
 */
export async function replayRedoLog(folder: string, store: Store): Promise<number[]> {
  const files = redoFiles(folder);
  const last = files.at(-1);
  const applier = new Applier(store);
  for (const file of files) {
    const path = join(folder, file.name);
    const reader = new LogReader(path);
    try {
      await applier.takeWhole(reader, false);
      // A record that is cut off is the one that was being written at the crash, in the last file.
      if (!reader.isAtEnd && file !== last) {
        throw new LogDamageError(`${path} is damaged at offset ${reader.position}`);
      }
    } finally {
      reader.close();
    }
  }
  await applier.flush();
  if (files.some(({ bytes }) => bytes > 0)) await syncLevelDb(folder);
  for (const { name } of files) rmSync(join(folder, name));
  return files.map(({ number }) => number);
}

interface FoundFile {
  readonly name: string;
  readonly number: number;
  readonly bytes: number;
}

/** The files of the log in a folder in their order, as they are at this moment. */
export function redoFiles(folder: string): FoundFile[] {
  const files: FoundFile[] = [];
  for (const name of readdirSync(folder)) {
    const number = FILE_NAME.exec(name)?.[1];
    if (number === undefined) continue;
    files.push({ name, number: Number(number), bytes: statSync(join(folder, name)).size });
  }
  return files.sort((a, b) => a.number - b.number);
}

function pathOf(folder: string, number: number): string {
  return join(folder, `redo-${String(number).padStart(10, "0")}`);
}

/** A file that was made must be found after a power failure. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
