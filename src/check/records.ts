import { type RecordHeader, RecordFlag, readRecordHeader } from "../keyspace/record.ts";
import type { TypeName } from "../keyspace/value.ts";
import { RECORD_KEY_PREFIX_LENGTH, expiryKey } from "../storage/layout.ts";
import { readU32 } from "../storage/numbers.ts";
import type { Store, StoreEntry } from "../storage/store.ts";
import type { Bytes } from "../support/bytes.ts";
import { type CheckedDatabase, type Overview, runsOf } from "./data.ts";
import { checkElements, idOf } from "./elements.ts";
import { IdSet } from "./id-set.ts";
import { RecordDamage, checkPacked, readPackedStream } from "./packed.ts";
import type { Report } from "./report.ts";
import { StreamElements } from "./stream-elements.ts";

/** What there is of one type. */
interface TypeTotals {
  keys: number;
  /** Of these, with elements on disk of their own. */
  ranged: number;
  elements: number;
}

/** Walks over the records of all keys, and the elements that they point to. */
export class RecordCheck {
  readonly #store: Store;
  readonly #report: Report;
  readonly #overview: Overview;
  /** Collections that a key has. */
  readonly live = new IdSet();
  readonly totals = new Map<TypeName, TypeTotals>();
  #seen = 0;

  constructor(store: Store, overview: Overview, report: Report) {
    this.#store = store;
    this.#overview = overview;
    this.#report = report;
  }

  async run(): Promise<void> {
    let total = 0;
    for (const { toldKeys } of this.#overview.databases.values()) total += toldKeys;
    for await (const run of runsOf(this.#store, { gte: "k", lt: "l" })) {
      const expiries: [indexKey: Bytes, name: string][] = [];
      for (const entry of run) await this.#record(entry, expiries);
      await this.#checkExpiries(expiries);
      this.#report.progress(`keys: ${this.#seen} of ${total}`);
    }
  }

  async #record([storeKey, record]: StoreEntry, expiries: [Bytes, string][]): Promise<void> {
    const generation = readU32(storeKey, 1);
    const key = storeKey.slice(RECORD_KEY_PREFIX_LENGTH);
    const database = this.#overview.databases.get(generation);
    if (database === undefined) {
      this.#ofNoDatabase(generation, key, record);
      return;
    }
    this.#seen++;
    database.keys++;
    const name = nameOf(database, key);
    try {
      const header = readRecordHeader(record);
      if (header.expiresAtMs > 0) {
        database.expiries++;
        expiries.push([expiryKey(header.expiresAtMs, generation, key), name]);
      }
      await this.#value(record, header, name);
    } catch (error) {
      if (!(error instanceof RecordDamage || error instanceof RangeError)) throw error;
      this.#report.problem("damaged key", `${name}: ${error.message}`);
    }
  }

  /** Of a dropped database the collector finds the collections by the records. */
  #ofNoDatabase(generation: number, key: Bytes, record: Bytes): void {
    if (!this.#overview.deadGenerations.has(generation)) {
      this.#report.problem("orphan", `key ${shown(key)} of generation ${generation}, which no database has`);
      return;
    }
    try {
      const header = readRecordHeader(record);
      if ((header.flags & RecordFlag.ranged) !== 0) this.#overview.deadCollections.add(idOf(record, header));
    } catch (error) {
      // The collector takes it as it is.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  async #value(record: Bytes, header: RecordHeader, name: string): Promise<void> {
    const { type, flags } = header;
    const totals = this.#totalsOf(type);
    totals.keys++;
    if ((flags & RecordFlag.ranged) === 0) {
      if (type === "stream") checkPackedStream(record, header);
      else if (type !== "string") checkPacked(record, header);
      return;
    }
    totals.ranged++;
    const id = idOf(record, header);
    if (id >= this.#overview.nextId) throw new RecordDamage(`collection ${id}, which was never given out`);
    if (!this.live.add(id)) throw new RecordDamage(`collection ${id}, which another key has as well`);
    if (this.#overview.deadCollections.has(id))
      this.#report.problem("damaged key", `${name}: collection ${id} waits for the collector`);
    totals.elements += (await checkElements(this.#store, record, header)).count;
  }

  #totalsOf(type: TypeName): TypeTotals {
    let totals = this.totals.get(type);
    if (totals === undefined) this.totals.set(type, (totals = { keys: 0, ranged: 0, elements: 0 }));
    return totals;
  }

  async #checkExpiries(expiries: readonly (readonly [indexKey: Bytes, name: string])[]): Promise<void> {
    if (expiries.length === 0) return;
    const found = await this.#store.getMany(expiries.map(([indexKey]) => indexKey));
    expiries.forEach(([, name], i) => {
      if (found[i] === undefined) this.#report.problem("expiry index", `${name} is not in it`);
    });
  }
}

function checkPackedStream(record: Bytes, packed: RecordHeader): void {
  const { header, elements } = readPackedStream(record, packed);
  const check = new StreamElements(header);
  for (const [key, value] of elements) check.add(key, value);
  check.end();
}

const nameOf = ({ index }: CheckedDatabase, key: Bytes): string => `database ${index}, ${shown(key)}`;

const MAX_SHOWN_BYTES = 100;

/** For a terminal: printable, and not too long. */
export function shown(key: Bytes): string {
  const text = JSON.stringify(key.slice(0, MAX_SHOWN_BYTES)).replace(
    /[\x7f-\xff]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16)}`,
  );
  return key.length > MAX_SHOWN_BYTES ? `${text}…` : text;
}
