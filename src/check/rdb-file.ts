import { type FileHandle, open } from "node:fs/promises";
import { type FileSink, type KeyUsage, decodeFile } from "../rdb/decode/file.ts";
import { ByteSource } from "../rdb/decode/source.ts";
import type { ValueSink } from "../rdb/decode/value-sink.ts";
import { RdbError } from "../rdb/rdb-error.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import { showBytes } from "../support/show-bytes.ts";
import { CountingSink } from "./rdb-values.ts";
import { shown } from "./records.ts";
import type { Report } from "./report.ts";

const READ_BYTES = 1 << 20;

/** Decodes an RDB file as for loading it: types, lengths, what is in each value, the checksum. */
export async function checkRdb(path: string, report: Report): Promise<void> {
  const file = await open(path, "r");
  const source = ByteSource.stream();
  const sink = new RdbCheck(source);
  try {
    await decode(file, source, sink, report);
  } catch (error) {
    if (!(error instanceof RdbError)) throw error;
    report.problem("RDB file", `${error.message}${sink.place}`);
  } finally {
    await file.close();
  }
  report.facts.push(...sink.facts());
}

async function decode(file: FileHandle, source: ByteSource, sink: RdbCheck, report: Report): Promise<void> {
  const { size } = await file.stat();
  const decoding = decodeFile(source, sink, { skipModules: true, checksum: true });
  while (decoding.next().done !== true) {
    const room = source.room(READ_BYTES);
    const { bytesRead } = await file.read(room, 0, room.length, null);
    if (bytesRead === 0) source.complete();
    else source.filled(bytesRead);
    report.progress(`${showBytes(source.offset)} of ${showBytes(size)}, ${sink.keys} keys`);
  }
  // What stands behind the end belongs to no RDB: Redis takes no notice of it either.
  const behind = size - source.offset;
  report.facts.push(
    `RDB file, ${showBytes(size)}${behind > 0 ? `, ${showBytes(behind)} behind its end` : ""}`,
  );
}

interface Database {
  keys: number;
  expiries: number;
}

class RdbCheck implements FileSink {
  readonly isFull = false;
  readonly #databases = new Map<number, Database>();
  readonly #types = new Map<string, number>();
  readonly #modules = new Map<string, number>();
  readonly #aux: string[] = [];
  readonly #values: CountingSink;
  #index = 0;
  #key: Bytes | null = null;
  #libraries = 0;
  keys = 0;

  constructor(source: ByteSource) {
    this.#values = new CountingSink(
      source,
      (type) => void this.#types.set(type, (this.#types.get(type) ?? 0) + 1),
    );
  }

  /** Where an error was met. */
  get place(): string {
    return this.#key === null ? "" : ` (behind key ${shown(this.#key)} of database ${this.#index}, or in it)`;
  }

  aux(name: Bytes, value: Bytes): void {
    if (this.#aux.length < MAX_AUX) this.#aux.push(`${name}=${textOfBytes(value).slice(0, MAX_AUX_LENGTH)}`);
  }

  selectDatabase(index: number): void {
    this.#index = index;
  }

  library(): void {
    this.#libraries++;
  }

  key(key: Bytes, expiresAtMs: number): ValueSink {
    this.#count(key, expiresAtMs);
    return this.#values;
  }

  stringKey(key: Bytes, value: Bytes, expiresAtMs: number, _usage: KeyUsage): void {
    this.#count(key, expiresAtMs);
    this.#values.string(value);
  }

  #count(key: Bytes, expiresAtMs: number): void {
    this.keys++;
    this.#key = key;
    let database = this.#databases.get(this.#index);
    if (database === undefined) this.#databases.set(this.#index, (database = { keys: 0, expiries: 0 }));
    database.keys++;
    if (expiresAtMs > 0) database.expiries++;
  }

  skipped(module: string): void {
    this.#modules.set(module, (this.#modules.get(module) ?? 0) + 1);
  }

  facts(): string[] {
    const facts: string[] = [];
    if (this.#aux.length > 0) facts.push(`Written by: ${this.#aux.join(", ")}`);
    for (const [index, { keys, expiries }] of this.#databases)
      facts.push(`Database ${index}: ${keys} keys, ${expiries} of them expire`);
    for (const [type, count] of [...this.#types].sort(([a], [b]) => (a < b ? -1 : 1)))
      facts.push(`${type}: ${count}`);
    if (this.#libraries > 0) facts.push(`Libraries of functions: ${this.#libraries}`);
    for (const [module, count] of this.#modules)
      facts.push(`Data of module type ${module}, not looked into: ${count}`);
    return facts;
  }
}

const MAX_AUX = 10;
const MAX_AUX_LENGTH = 60;
