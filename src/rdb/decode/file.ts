import type { Bytes } from "../../support/bytes.ts";
import { MAX_RDB_VERSION, RdbModulePart, RdbOpcode, RdbType } from "../opcodes.ts";
import { RdbModuleError, readModuleName, skipModuleParts } from "./module.ts";
import { type ByteSource, type Decoding, runsOut, whenThere } from "./source.ts";
import { readLength, readShortString, readString, readUnsigned } from "./strings.ts";
import { decodeValue } from "./value.ts";
import type { ValueSink } from "./value-sink.ts";

/** What stands before a key besides its expiry, for servers that evict keys. */
export interface KeyUsage {
  /** Seconds since the last access; null: not told. */
  readonly idleS: number | null;
  /** The logarithmic counter of LFU, 0 to 255; null: not told. */
  readonly frequency: number | null;
}

/** Takes the contents of an RDB file, in its order. */
export interface FileSink {
  /** The decoder pauses (yields) until it is false again. */
  readonly isFull: boolean;
  /** What the writer tells of itself: `redis-ver`, `ctime`, `repl-id` … */
  aux(name: Bytes, value: Bytes): void;
  /** The database of the keys that follow; 0 before the first. */
  selectDatabase(index: number): void;
  /** The source code of a library of functions. */
  library(code: Bytes): void;
  /** A key, whose value goes into what this returns. `expiresAtMs` in Unix time, 0 for never. */
  key(key: Bytes, expiresAtMs: number, usage: KeyUsage): ValueSink;
  /** A key with a string of at most LONG_STRING_BYTES. */
  stringKey(key: Bytes, value: Bytes, expiresAtMs: number, usage: KeyUsage): void;
  /** Data of a module was skipped, of a key or (null) of none. */
  skipped(module: string, key: Bytes | null): void;
}

export interface FileOptions {
  /** Data of modules is left out instead of being an error. */
  readonly skipModules: boolean;
  /** Whether the checksum at the end is compared (`rdbchecksum`). */
  readonly checksum: boolean;
}

/**
 * Decodes a whole file: "REDIS" and four digits of version; then opcodes, and keys with their values; 255; from version
 * 5 on the CRC-64 of all before it, or 0. What comes behind it is left in the source. @throws RdbError
 */
export function* decodeFile(source: ByteSource, sink: FileSink, options: FileOptions): Decoding {
  const version = yield* whenThere(source, () => readVersion(source));
  const reader = new EntryReader(source, sink);
  for (;;) {
    const type = yield* reader.entries();
    if (type === RdbOpcode.end) break;
    if (type === RdbOpcode.moduleAux) yield* decodeModuleAux(source, sink, options);
    else yield* decodeKey(source, type, reader, sink, options);
  }
  if (version >= FIRST_WITH_CHECKSUM) yield* checkChecksum(source, options);
}

const SIGNATURE = "REDIS";
const VERSION_DIGITS = 4;
const FIRST_WITH_CHECKSUM = 5;

function readVersion(source: ByteSource): number {
  const header = source.bytes(SIGNATURE.length + VERSION_DIGITS);
  const digits = header.slice(SIGNATURE.length);
  if (!header.startsWith(SIGNATURE) || !/^[0-9]{4}$/.test(digits)) source.fail("not an RDB file", 0);
  const version = Number(digits);
  if (version < 1 || version > MAX_RDB_VERSION)
    source.fail(
      `RDB version ${version} is not known: versions 1 to ${MAX_RDB_VERSION} are`,
      SIGNATURE.length,
    );
  return version;
}

const NO_USAGE: KeyUsage = { idleS: null, frequency: null };

/** Reads opcodes, and the keys with short strings, which most keys of most files are. */
class EntryReader {
  readonly #source: ByteSource;
  readonly #sink: FileSink;
  /** What was told of the next key. */
  expiresAtMs = 0;
  usage = NO_USAGE;

  constructor(source: ByteSource, sink: FileSink) {
    this.#source = source;
    this.#sink = sink;
  }

  /** Up to what is left to the caller, whose type or opcode it returns. */
  *entries(): Decoding<number> {
    const source = this.#source;
    const sink = this.#sink;
    for (;;) {
      let start = source.at;
      try {
        while (!sink.isFull) {
          start = source.at;
          const left = this.#read();
          if (left !== null) return left;
        }
      } catch (error) {
        if (!runsOut(error)) throw error;
        source.at = start;
      }
      yield;
      source.missing = 0;
    }
  }

  forget(): void {
    this.expiresAtMs = 0;
    this.usage = NO_USAGE;
  }

  #read(): number | null {
    const source = this.#source;
    const type = source.u8();
    switch (type) {
      case RdbType.string: {
        const { at } = source;
        const key = readString(source);
        const value = readShortString(source);
        if (value === null) {
          source.at = at;
          return type;
        }
        this.#sink.stringKey(key, value, this.expiresAtMs, this.usage);
        this.forget();
        return null;
      }
      case RdbOpcode.expiresMs: {
        const { offset } = source;
        this.expiresAtMs = expiryOf(source, source.i64(), offset);
        return null;
      }
      case RdbOpcode.expiresS: {
        const { offset } = source;
        this.expiresAtMs = expiryOf(source, BigInt(source.i32()) * 1000n, offset);
        return null;
      }
      case RdbOpcode.idle:
        this.usage = { ...this.usage, idleS: readLength(source) };
        return null;
      case RdbOpcode.frequency:
        this.usage = { ...this.usage, frequency: source.u8() };
        return null;
      case RdbOpcode.selectDb: {
        const { offset } = source;
        const index = readLength(source);
        if (index > MAX_DATABASE) source.fail(`database ${index}`, offset);
        this.#sink.selectDatabase(index);
        return null;
      }
      case RdbOpcode.resizeDb:
        readLength(source);
        readLength(source);
        return null;
      case RdbOpcode.slotInfo:
        for (let i = 0; i < 3; i++) readLength(source);
        return null;
      case RdbOpcode.aux: {
        const name = readString(source);
        this.#sink.aux(name, readString(source));
        return null;
      }
      case RdbOpcode.library:
        this.#sink.library(readString(source));
        return null;
      case RdbOpcode.libraryBeforeRelease:
        return source.fail("a library of functions in the format of a release candidate of Redis 7.0");
      default:
        return type;
    }
  }
}

/** Databases have numbers of 31 bits. */
const MAX_DATABASE = 0x7fff_ffff;

/** −1 is never, as in Redis; any other time before 1970 is over. */
function expiryOf(source: ByteSource, expiresAtMs: bigint, offset: number): number {
  if (expiresAtMs === -1n) return 0;
  if (expiresAtMs > Number.MAX_SAFE_INTEGER) source.fail(`an expiry of ${expiresAtMs} ms`, offset);
  return expiresAtMs < 1n ? 1 : Number(expiresAtMs);
}

function* decodeKey(
  source: ByteSource,
  type: number,
  reader: EntryReader,
  sink: FileSink,
  options: FileOptions,
): Decoding {
  const { expiresAtMs, usage } = reader;
  const offset = source.offset - 1;
  if (!VALUE_TYPES.has(type)) source.fail(`unknown type or opcode: ${type}`, offset);
  const key = yield* whenThere(source, () => readString(source));
  if (type === RdbType.module2 && options.skipModules) {
    const module = yield* whenThere(source, () => readModuleName(source));
    yield* skipModuleParts(source);
    sink.skipped(module, key);
  } else {
    yield* decodeValue(source, type, sink.key(key, expiresAtMs, usage));
  }
  reader.forget();
}

const VALUE_TYPES: ReadonlySet<number> = new Set(Object.values(RdbType));

function* decodeModuleAux(source: ByteSource, sink: FileSink, options: FileOptions): Decoding {
  const { offset } = source;
  const module = yield* whenThere(source, () => readModuleName(source));
  if (!options.skipModules) {
    throw new RdbModuleError(offset, module, `data of the module type ${module} that belongs to no key`);
  }
  yield* whenThere(source, () => {
    if (readUnsigned(source) !== BigInt(RdbModulePart.unsigned))
      source.fail("data of a module without a time");
    readUnsigned(source);
  });
  yield* skipModuleParts(source);
  sink.skipped(module, null);
}

function* checkChecksum(source: ByteSource, options: FileOptions): Decoding {
  const { offset } = source;
  const expected = source.checksum();
  const stored = yield* whenThere(source, () => source.bytes(CHECKSUM_BYTES));
  if (!options.checksum || stored === NO_CHECKSUM || stored === expected) return;
  source.fail(`checksum ${hexOf(stored)}, and that of the contents is ${hexOf(expected)}`, offset);
}

const CHECKSUM_BYTES = 8;

/** Written with `rdbchecksum no`. */
const NO_CHECKSUM = "\0".repeat(CHECKSUM_BYTES);

/** As Redis shows it: the highest byte first. */
function hexOf(checksum: Bytes): string {
  return Buffer.from(checksum, "latin1").reverse().toString("hex");
}
