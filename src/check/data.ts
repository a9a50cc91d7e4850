import { FORMAT_VERSION, OLDER_VERSIONS } from "../storage/layout.ts";
import {
  DATABASES_RANGE,
  DEAD_RANGE,
  FORMAT_KEY,
  IDS_KEY,
  type KeyRange,
  LIBRARIES_KEY,
  LOADING_KEY,
  REPLICATION_KEY,
  readDatabaseKey,
  readDeadKey,
} from "../storage/layout.ts";
import { readLibraries } from "../keyspace/libraries.ts";
import { ByteReader } from "../storage/numbers.ts";
import type { Store, StoreEntry } from "../storage/store.ts";
import { IdSet } from "./id-set.ts";
import type { Report } from "./report.ts";

const RUN = 1000;

/** Runs of a range. */
export async function* runsOf(
  store: Store,
  range: KeyRange & { readonly keysOnly?: boolean },
): AsyncGenerator<readonly StoreEntry[]> {
  const iterator = store.iterate(range);
  try {
    for (let run = await iterator.next(RUN); run.length > 0; run = await iterator.next(RUN)) yield run;
  } finally {
    await iterator.close();
  }
}

/** A database as its own record tells, and as it was found. */
export interface CheckedDatabase {
  readonly index: number;
  readonly toldKeys: number;
  readonly toldExpiries: number;
  keys: number;
  expiries: number;
}

/** What a data folder says of itself as a whole: what is live, and what is on its way out. */
export class Overview {
  readonly databases = new Map<number, CheckedDatabase>();
  /** Generations whose records the collector takes, or a start does that finds an unfinished load. */
  readonly deadGenerations = new Set<number>();
  /** The same of collections. */
  readonly deadCollections = new IdSet();
  deadCount = 0;
  nextId = 0;
  nextGeneration = 0;

  static async read(store: Store, report: Report): Promise<Overview> {
    const overview = new Overview();
    for await (const run of runsOf(store, { gte: "!", lt: '"' })) {
      for (const entry of run) overview.#setting(entry, report);
    }
    for await (const run of runsOf(store, { ...DEAD_RANGE, keysOnly: true })) {
      for (const [key] of run) overview.#grave(readDeadKey(key));
    }
    if (overview.nextId === 0) report.problem("counters", "there are none");
    return overview;
  }

  #setting([key, value]: StoreEntry, report: Report): void {
    try {
      if (key >= DATABASES_RANGE.gte && key < DATABASES_RANGE.lt)
        this.#database(readDatabaseKey(key), value, report);
      else if (key === IDS_KEY) this.#readIds(value);
      else if (key === LOADING_KEY) this.#loading(value);
      else if (key === REPLICATION_KEY) {
        if (!HISTORY.test(value)) report.problem("damaged record", JSON.stringify(key));
      } else if (key === LIBRARIES_KEY)
        report.facts.push(`Libraries of functions: ${readLibraries(value).length}`);
      else if (key === FORMAT_KEY) {
        if (value !== String(FORMAT_VERSION) && !OLDER_VERSIONS.includes(value))
          report.problem("format", `version ${value} is not known`);
      } else report.problem("unknown record", JSON.stringify(key));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      report.problem("damaged record", JSON.stringify(key));
    }
  }

  #readIds(value: string): void {
    const reader = new ByteReader(value);
    this.nextId = reader.u64();
    this.nextGeneration = reader.u32();
  }

  #database(index: number, value: string, report: Report): void {
    const reader = new ByteReader(value);
    const generation = reader.u32();
    const database = { index, toldKeys: reader.u64(), toldExpiries: reader.u64(), keys: 0, expiries: 0 };
    if (this.databases.has(generation)) report.problem("databases", `two have generation ${generation}`);
    this.databases.set(generation, database);
  }

  /** What keyspace/loading.ts has written: the next start gives it to the collector. */
  #loading(value: string): void {
    const reader = new ByteReader(value);
    for (let left = reader.varint(); left > 0; left--) this.#grave({ generation: reader.u32() });
    while (!reader.done) this.#grave({ collection: reader.u64() });
  }

  #grave(dead: ReturnType<typeof readDeadKey>): void {
    this.deadCount++;
    if ("generation" in dead) this.deadGenerations.add(dead.generation);
    else this.deadCollections.add(dead.collection);
  }
}

/** `replication/history.ts`: two ids, and numbers. What it tells is between this server and others. */
const HISTORY = /^[0-9a-f]{80}[^]{19}$/;
