import type { Loading } from "../../keyspace/loading.ts";
import { recordKeyHead } from "../../storage/layout.ts";
import type { Store, StoreBatch } from "../../storage/store.ts";
import type { Bytes } from "../../support/bytes.ts";

/** A batch for LevelDB, of so many entries or bytes: the server's own writes wait for one of them at the most. */
const STEP_ENTRIES = 8000;
const STEP_BYTES = 1 << 20;

/** What gathers before it is sorted and written. The more, the less LevelDB has to merge. */
const MAX_BYTES = 8 << 20;
const MAX_ENTRIES = 32_000;

/** What an entry of a Map and two strings take. */
const ENTRY_BYTES = 100;

/** Records, index entries and elements that are to be written: much of it, in the order of its keys. */
export class LoadBatch {
  /** By generation, then by the user's key. */
  readonly #records = new Map<number, Map<Bytes, Bytes>>();
  readonly #expiries: Bytes[] = [];
  readonly #elements = new Map<Bytes, Bytes>();
  /** Collections that get elements here and may have no record yet. */
  readonly openIds = new Set<number>();
  #bytes = 0;
  #entries = 0;

  get isFull(): boolean {
    return this.#bytes >= MAX_BYTES || this.#entries >= MAX_ENTRIES;
  }

  get isEmpty(): boolean {
    return this.#entries === 0;
  }

  has(generation: number, key: Bytes): boolean {
    return this.#records.get(generation)?.has(key) ?? false;
  }

  putRecord(generation: number, key: Bytes, record: Bytes): void {
    let records = this.#records.get(generation);
    if (records === undefined) this.#records.set(generation, (records = new Map()));
    records.set(key, record);
    this.#count(key.length + record.length);
  }

  /** A key of the expiry index. */
  putExpiry(indexKey: Bytes): void {
    this.#expiries.push(indexKey);
    this.#count(indexKey.length);
  }

  /** `key` with everything before it. */
  putElement(key: Bytes, value: Bytes): void {
    this.#elements.set(key, value);
    this.#count(key.length + value.length);
  }

  #count(bytes: number): void {
    this.#entries++;
    this.#bytes += bytes + ENTRY_BYTES;
  }

  /**
   * Writes it all. Records come before elements, and before them all which collections may have none: so nothing can
   * be lost sight of when this is interrupted.
   */
  async write(store: () => Store, loading: Loading): Promise<void> {
    await loading.note(this.openIds);
    const steps = new Steps(store);
    for (const [generation, records] of this.#records) {
      const head = recordKeyHead(generation);
      for (const key of [...records.keys()].sort()) {
        const record = records.get(key)!;
        steps.batch.putJoined(head, key, "", record);
        if (steps.isFull(key.length + record.length)) await steps.write();
      }
    }
    for (const key of this.#expiries.sort()) {
      steps.batch.put(key, "");
      if (steps.isFull(key.length)) await steps.write();
    }
    for (const key of [...this.#elements.keys()].sort()) {
      const value = this.#elements.get(key)!;
      steps.batch.put(key, value);
      if (steps.isFull(key.length + value.length)) await steps.write();
    }
    await steps.write();
  }
}

/** Batches of a bearable size. */
class Steps {
  readonly #store: () => Store;
  #batch: StoreBatch | null = null;
  #bytes = 0;

  constructor(store: () => Store) {
    this.#store = store;
  }

  get batch(): StoreBatch {
    return (this.#batch ??= this.#store().batch());
  }

  /** After an entry of so many bytes. */
  isFull(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes >= STEP_BYTES || this.batch.length >= STEP_ENTRIES;
  }

  async write(): Promise<void> {
    const batch = this.#batch;
    this.#batch = null;
    this.#bytes = 0;
    if (batch !== null) await batch.write(false);
  }
}
