import { readRecordHeader } from "../../keyspace/record.ts";
import { RECORD_KEY_PREFIX_LENGTH } from "../../storage/layout.ts";
import { readU64 } from "../../storage/numbers.ts";
import type { StoreEntry, StoreSnapshot } from "../../storage/store.ts";
import type { Bytes } from "../../support/bytes.ts";
import { RdbOutput } from "../encode/output.ts";
import { ValueEncoder } from "../encode/value.ts";
import { VersionNeed } from "../encode/version.ts";
import { RdbOpcode } from "../opcodes.ts";
import { SnapshotReader, type StoredDatabase } from "../snapshot-reader.ts";
import type { SnapshotContents } from "./job.ts";

/** Who takes the bytes, and may ask to end. */
export interface SnapshotSink {
  /** Takes chunks over; resolves when more may come. */
  write(chunks: readonly Buffer[]): Promise<void>;
  /** Called now and then with the number of keys so far. @throws SaveAborted, where it is to end */
  progress(keys: number): void;
  /** Awaited after each read, so that others have their turn. */
  rest(): Promise<void>;
}

export interface Written {
  readonly keys: number;
  readonly need: VersionNeed;
}

/** Bytes that gather before they are written. */
const WRITE_BYTES = 256 << 10;

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
  readonly #reader: SnapshotReader;
  readonly #contents: SnapshotContents;
  readonly #sink: SnapshotSink;
  readonly #need: VersionNeed;
  readonly #output: RdbOutput;
  readonly #encoder: ValueEncoder;
  #keys = 0;
  #owedMs = 0;

  constructor(snapshot: StoreSnapshot, contents: SnapshotContents, sink: SnapshotSink) {
    this.#reader = new SnapshotReader(snapshot);
    this.#contents = contents;
    this.#sink = sink;
    this.#need = new VersionNeed(contents.version);
    this.#output = new RdbOutput(contents.compress);
    this.#encoder = new ValueEncoder(this.#output, this.#need, contents);
  }

  async write(): Promise<Written> {
    const output = this.#output;
    const { version, fields, withKeys, withLibraries } = this.#contents;
    output.raw(rdbHeader(version));
    for (const [name, value] of fields) {
      output.byte(RdbOpcode.aux);
      output.string(name);
      output.string(value);
    }
    for (const code of withLibraries ? await this.#reader.libraries() : []) {
      this.#need.raise(LIBRARIES, "functions");
      output.byte(RdbOpcode.library);
      output.string(code);
    }
    for (const database of withKeys ? await this.#reader.databases() : []) await this.#database(database);
    output.byte(RdbOpcode.end);
    await this.#sink.write(output.take());
    return { keys: this.#keys, need: this.#need };
  }

  async #database(database: StoredDatabase): Promise<void> {
    const output = this.#output;
    output.byte(RdbOpcode.selectDb);
    output.length(database.index);
    output.byte(RdbOpcode.resizeDb);
    output.length(database.keyCount);
    output.length(database.expiryCount);
    for await (const entries of this.#reader.records(database)) await this.#records(entries);
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
      if (reads !== null) await this.#reader.feed(reads, readU64(record, header.payloadAt), this.#afterRun);
      this.#keys++;
      if (this.#output.pendingBytes >= WRITE_BYTES) await this.#flush();
      if (this.#contents.keyDelayMs > 0) await this.#delay();
    }
    this.#sink.progress(this.#keys);
    await this.#sink.rest();
  }

  readonly #afterRun = async (): Promise<void> => {
    if (this.#output.pendingBytes >= WRITE_BYTES) await this.#flush();
    await this.#sink.rest();
  };

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
