import { type RecordHeader, readRecordHeader } from "../../keyspace/record.ts";
import type { Element } from "../../storage/elements.ts";
import {
  COLLECTION_PREFIX_LENGTH,
  DATABASES_RANGE,
  RECORD_KEY_PREFIX_LENGTH,
  collectionPrefix,
  collectionRange,
  readDatabaseKey,
  recordRange,
} from "../../storage/layout.ts";
import { ByteReader, readU64 } from "../../storage/numbers.ts";
import type { StoreEntry, StoreIterator, StoreSnapshot } from "../../storage/store.ts";
import type { Bytes } from "../../support/bytes.ts";
import { RdbOutput } from "../encode/output.ts";
import { MORE, type Reads } from "../encode/reads.ts";
import { ValueEncoder } from "../encode/value.ts";
import { VersionNeed } from "../encode/version.ts";
import { RdbOpcode } from "../opcodes.ts";
import type { SnapshotContents } from "./job.ts";

/** Who takes the bytes, and may ask to end. */
export interface SnapshotSink {
  /** Takes chunks over; resolves when more may come. */
  write(chunks: readonly Buffer[]): Promise<void>;
  /** Called now and then with the number of keys so far. @throws SaveAborted, where it is to end */
  progress(keys: number): void;
}

export interface Written {
  readonly keys: number;
  readonly need: VersionNeed;
}

/** Bytes that gather before they are written. */
const WRITE_BYTES = 256 << 10;

/** Entries of one read: it ends at 256 KiB before that. */
const RUN = 4000;

/** The version from which on there are libraries of functions. */
const LIBRARIES = 10;

/** How long it takes at most to notice that it is to end. */
const MAX_SLEEP_MS = 50;

/** The first bytes: `REDIS0007`. */
export const rdbHeader = (version: number): Bytes => `REDIS${String(version).padStart(4, "0")}`;

/**
 * Writes all that a snapshot holds as an RDB file, up to and with the mark of its end; the checksum is the sink's. Memory:
 * what one read brings, and what gathers for one write.
 */
export class SnapshotWriter {
  readonly #snapshot: StoreSnapshot;
  readonly #contents: SnapshotContents;
  readonly #sink: SnapshotSink;
  readonly #need: VersionNeed;
  readonly #output: RdbOutput;
  readonly #encoder: ValueEncoder;
  #keys = 0;
  #owedMs = 0;

  constructor(snapshot: StoreSnapshot, contents: SnapshotContents, sink: SnapshotSink) {
    this.#snapshot = snapshot;
    this.#contents = contents;
    this.#sink = sink;
    this.#need = new VersionNeed(contents.version);
    this.#output = new RdbOutput(contents.compress);
    this.#encoder = new ValueEncoder(this.#output, this.#need, contents);
  }

  async write(): Promise<Written> {
    const output = this.#output;
    const { version, fields, libraries } = this.#contents;
    output.raw(rdbHeader(version));
    for (const [name, value] of fields) {
      output.byte(RdbOpcode.aux);
      output.string(name);
      output.string(value);
    }
    if (libraries.length > 0) this.#need.raise(LIBRARIES, "functions");
    for (const code of libraries) {
      output.byte(RdbOpcode.library);
      output.string(code);
    }
    for (const database of await this.#databases()) await this.#database(database);
    output.byte(RdbOpcode.end);
    await this.#sink.write(output.take());
    return { keys: this.#keys, need: this.#need };
  }

  async #databases(): Promise<StoredDatabase[]> {
    const iterator = this.#snapshot.iterate(DATABASES_RANGE);
    try {
      const databases: StoredDatabase[] = [];
      for (;;) {
        const entries = await iterator.next(RUN);
        if (entries.length === 0) return databases;
        for (const [key, value] of entries) databases.push(readDatabase(key, value));
      }
    } finally {
      await iterator.close();
    }
  }

  async #database({ index, generation, keyCount, expiryCount }: StoredDatabase): Promise<void> {
    if (keyCount === 0) return;
    const output = this.#output;
    output.byte(RdbOpcode.selectDb);
    output.length(index);
    output.byte(RdbOpcode.resizeDb);
    output.length(keyCount);
    output.length(expiryCount);
    const iterator = this.#snapshot.iterate(recordRange(generation));
    try {
      for (;;) {
        const entries = await iterator.next(RUN);
        if (entries.length === 0) return;
        await this.#records(entries);
      }
    } finally {
      await iterator.close();
    }
  }

  async #records(entries: readonly StoreEntry[]): Promise<void> {
    for (const [recordKey, record] of entries) {
      const key = recordKey.slice(RECORD_KEY_PREFIX_LENGTH);
      const header = readRecordHeader(record);
      if (header.expiresAtMs !== 0) {
        this.#output.byte(RdbOpcode.expiresMs);
        this.#output.time(header.expiresAtMs);
      }
      const reads = this.#encoder.encodeRecord(record, header, key);
      if (reads !== null) await this.#elements(reads, record, header);
      this.#keys++;
      if (this.#output.pendingBytes >= WRITE_BYTES) await this.#flush();
      if (this.#contents.keyDelayMs > 0) await this.#delay();
    }
    this.#sink.progress(this.#keys);
  }

  async #elements(reads: Reads, record: Bytes, header: RecordHeader): Promise<void> {
    const id = readU64(record, header.payloadAt);
    const prefix = collectionPrefix(id);
    const behind = collectionRange(id).lt;
    let iterator: StoreIterator | null = null;
    try {
      for (let step = reads.next(); step.done !== true;) {
        const wanted = step.value;
        if (wanted !== MORE) {
          await iterator?.close();
          const { gte, lt, reverse = false } = wanted;
          iterator = this.#snapshot.iterate({
            gte: prefix + gte,
            lt: lt === undefined ? behind : prefix + lt,
            reverse,
          });
        }
        const entries = await iterator!.next(RUN);
        step = reads.next(entries.map(elementOf));
        if (this.#output.pendingBytes >= WRITE_BYTES) await this.#flush();
      }
    } finally {
      await iterator?.close();
    }
  }

  async #flush(): Promise<void> {
    await this.#sink.write(this.#output.take());
    this.#sink.progress(this.#keys);
  }

  /** `rdb-key-save-delay`, as exactly as timers are; it can be ended early. */
  async #delay(): Promise<void> {
    this.#owedMs += this.#contents.keyDelayMs;
    while (this.#owedMs >= 1) {
      const ms = Math.min(this.#owedMs, MAX_SLEEP_MS);
      const startedAt = performance.now();
      await new Promise((resolve) => setTimeout(resolve, ms));
      this.#owedMs -= performance.now() - startedAt;
      this.#sink.progress(this.#keys);
    }
  }
}

const elementOf = ([key, value]: StoreEntry): Element => [key.slice(COLLECTION_PREFIX_LENGTH), value];

interface StoredDatabase {
  readonly index: number;
  readonly generation: number;
  readonly keyCount: number;
  readonly expiryCount: number;
}

function readDatabase(key: Bytes, value: Bytes): StoredDatabase {
  const reader = new ByteReader(value);
  return {
    index: readDatabaseKey(key),
    generation: reader.u32(),
    keyCount: reader.u64(),
    expiryCount: reader.u64(),
  };
}
