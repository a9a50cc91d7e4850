import type { Bytes } from "../support/bytes.ts";
import type { Committer } from "../storage/committer.ts";
import type { Persistent } from "../storage/persistent.ts";
import { LIBRARIES_KEY } from "../storage/layout.ts";
import { ByteReader, varint } from "../storage/numbers.ts";
import type { Store, WriteBatch } from "../storage/store.ts";

/** A function as its library registered it. */
export interface LibraryFunction {
  readonly name: Bytes;
  readonly description: Bytes | null;
  /** Lower case: `no-writes`, `allow-oom` … */
  readonly flags: readonly string[];
}

/** A library of functions; it never changes. */
export interface Library {
  readonly name: Bytes;
  /** All of it, the `#!` line included. */
  readonly code: Bytes;
  readonly functions: readonly LibraryFunction[];
}

/** What FCALL looks for. */
export interface FoundFunction {
  readonly library: Library;
  readonly entry: LibraryFunction;
}

/** What a change of the libraries needs of the keyspace. */
export interface LibrariesHost {
  readonly committer: Committer;
  readonly reading: {
    readonly attempt: { batch: number; readonly undo: { add(step: () => void): void } | null };
  };
  wrote(batch: number): void;
}

/**
 * The libraries of functions. They are in memory whole, belong to no database, and go into the batch of the transaction
 * that changes them. One record holds the code of all: they are few, and change rarely.
 */
export class Libraries implements Persistent {
  batch = 0;
  readonly #host: LibrariesHost;
  #byName: ReadonlyMap<Bytes, Library> = new Map();
  /** By name in lower case: Redis calls them in any letter case. */
  #functions = new Map<Bytes, FoundFunction>();
  #inFlight = this.#byName;
  /** What is in the store. */
  #stored = this.#byName;

  constructor(host: LibrariesHost) {
    this.#host = host;
  }

  /** All of them, in the order in which they were loaded. */
  get all(): ReadonlyMap<Bytes, Library> {
    this.#seen();
    return this.#byName;
  }

  get count(): number {
    return this.#byName.size;
  }

  /** About what they take in memory. */
  get bytes(): number {
    let bytes = 0;
    for (const { code, functions } of this.#byName.values()) {
      bytes += LIBRARY_BYTES + code.length + functions.length * FUNCTION_BYTES;
    }
    return bytes;
  }

  get functionCount(): number {
    return this.#functions.size;
  }

  /** A function by its name in any letter case. */
  find(name: Bytes): FoundFunction | undefined {
    this.#seen();
    return this.peek(name);
  }

  /** The same for who tells nobody. */
  peek(name: Bytes): FoundFunction | undefined {
    return this.#functions.get(name.toLowerCase());
  }

  /** Who is told of them has to wait until they are in the store. */
  #seen(): void {
    const { attempt } = this.#host.reading;
    if (this.batch > attempt.batch) attempt.batch = this.batch;
  }

  /** These are the libraries from now on. */
  replace(libraries: ReadonlyMap<Bytes, Library>): void {
    const { committer, reading } = this.#host;
    const before = this.#byName;
    reading.attempt.undo?.add(() => this.#use(before));
    this.#use(libraries);
    committer.mark(this);
    this.#host.wrote(committer.gathering);
  }

  /** The code of each library in the store. @throws RangeError for a damaged record */
  readStored(store: Store): Bytes[] {
    const record = store.getSync(LIBRARIES_KEY);
    return record === undefined ? [] : readLibraries(record);
  }

  /** What the store holds, as it was read and loaded at the start. */
  opened(libraries: readonly Library[]): void {
    this.#use(new Map(libraries.map((library) => [library.name, library])));
    this.#stored = this.#byName;
  }

  #use(libraries: ReadonlyMap<Bytes, Library>): void {
    this.#byName = libraries;
    this.#functions = new Map();
    for (const library of libraries.values()) {
      for (const entry of library.functions) {
        const name = entry.name.toLowerCase();
        if (!this.#functions.has(name)) this.#functions.set(name, { library, entry });
      }
    }
  }

  persist(batch: WriteBatch): void {
    this.#inFlight = this.#byName;
    if (this.#byName.size === 0) batch.delete(LIBRARIES_KEY);
    else batch.put(LIBRARIES_KEY, encodeLibraries(this.#byName.values()));
  }

  persisted(): void {
    this.#stored = this.#inFlight;
  }

  /** A batch could not be written. */
  backToStored(): void {
    this.#use(this.#stored);
  }
}

/** About what a library, and a function, takes beside its code. */
const LIBRARY_BYTES = 200;
const FUNCTION_BYTES = 200;

/** Libraries `ab` and `c` ⇒ `02 02 6162 01 63` (the code of each with its length before it). */
function encodeLibraries(libraries: Iterable<Library>): Bytes {
  let bytes = "";
  let count = 0;
  for (const { code } of libraries) {
    bytes += varint(code.length) + code;
    count++;
  }
  return varint(count) + bytes;
}

/** The code of each, in the order in which they were loaded. @throws RangeError for a damaged record */
export function readLibraries(record: Bytes): Bytes[] {
  const reader = new ByteReader(record);
  const count = reader.varint();
  const codes: Bytes[] = [];
  for (let i = 0; i < count; i++) codes.push(reader.sized());
  return codes;
}
