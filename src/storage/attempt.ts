import type { Bytes } from "../support/bytes.ts";
import type { Random } from "../support/random.ts";
import type { Page } from "./page.ts";
import type { Undo } from "./undo.ts";

/**
 * Thrown by a read that needs what is not in memory. The executor throws the attempt away, waits for
 * `fetch`, and runs the handler again from its start. Never an Error: no stack, no cost.
 */
export class Fault {
  readonly fetch: () => Promise<void>;
  constructor(fetch: () => Promise<void>) {
    this.fetch = fetch;
  }
}

/** A fault after a write of the same command: a handler that reads too late. It is a bug, never an answer. */
export class LateFaultError extends Error {
  override readonly name = "LateFaultError";
  constructor() {
    super("a read faulted after a write of the same command");
  }
}

/** What one command knows over all of its attempts: its read set. Freed with the command. */
export class Attempt {
  /** The batch that must be written before the reply may leave; 0 when nothing unwritten was touched. */
  batch = 0;
  /** Set by the first write. From then on a fault is a bug. */
  wrote = false;
  /** Of a transaction, which may fault after it has written; null for a single command, which must not. */
  undo: Undo | null = null;
  /** How often it met what was not in memory. */
  faults = 0;
  keyspaceHits = 0;
  keyspaceMisses = 0;
  /** Its random numbers, if it drew any. */
  random: Random | null = null;
  /** What the first script of the attempt before drew its random numbers from. */
  scriptRandom: readonly [number, number] | null = null;
  /** A script has called the command that runs: it takes whole replies only, which are not to be streamed. */
  inScript = false;
  /** What it has met that is not of the keyspace, in order: an attempt that starts again meets the same. */
  #met: unknown[] = [];
  #metNext = 0;
  /** Point reads of element ranges, by full key. `undefined` as value: the fetch is under way. */
  readonly points = new Map<Bytes, Bytes | null | undefined>();
  /** Range reads, by owner and bounds. */
  readonly pages = new Map<object, Map<string, Page[]>>();
  /** What `once` fetched, by owner and name. */
  readonly #fetched = new Map<object, Map<string, unknown>>();
  /** Reads that the forced-fault mode has already made fault. */
  readonly forced = new Set<string>();
  /** To be called when the command is over: unpins and unregisters. */
  readonly releases: (() => void)[] = [];

  /** Before each attempt. */
  restart(): void {
    this.batch = 0;
    this.wrote = false;
    this.keyspaceHits = 0;
    this.keyspaceMisses = 0;
    this.random?.rewind();
    this.inScript = false;
    this.#metNext = 0;
  }

  /** What `look` returned when this was asked for the first time: the clock, say. Past some thousands it is not remembered. */
  same<Value>(look: () => Value): Value {
    const at = this.#metNext++;
    if (at < this.#met.length) return this.#met[at] as Value;
    const value = look();
    if (at < MAX_MET) this.#met.push(value);
    return value;
  }

  /** Something of this command is in it that the next one must not see. */
  get isUsed(): boolean {
    return (
      this.random !== null ||
      this.#met.length > 0 ||
      this.undo !== null ||
      this.releases.length > 0 ||
      this.points.size > 0 ||
      this.pages.size > 0 ||
      this.#fetched.size > 0 ||
      this.forced.size > 0
    );
  }

  release(): void {
    if (this.releases.length === 0) return;
    for (const release of this.releases) release();
    this.releases.length = 0;
  }

  /**
   * For the next command, which must see nothing of this one: what never faulted is held by nobody else. The batch remains, for which
   * the reply may wait.
   */
  renew(): void {
    this.release();
    this.undo = null;
    this.faults = 0;
    this.random = null;
    this.scriptRandom = null;
    if (this.#met.length > 0) this.#met = [];
    if (this.points.size > 0) this.points.clear();
    if (this.pages.size > 0) this.pages.clear();
    if (this.#fetched.size > 0) this.#fetched.clear();
    if (this.forced.size > 0) this.forced.clear();
  }

  /** What `fetch` resolves to; faults until it has. `name` tells it from other reads of the same owner. */
  once<Fetched>(owner: object, name: string, fetch: () => Promise<Fetched>): Fetched {
    let byName = this.#fetched.get(owner);
    if (byName === undefined) this.#fetched.set(owner, (byName = new Map<string, unknown>()));
    if (byName.has(name)) return byName.get(name) as Fetched;
    return this.fault(async () => void byName.set(name, await fetch()));
  }

  /** Reads each of `items`; those that fault are all made to, and what they miss is fetched at once. */
  together<Item, Value>(items: readonly Item[], read: (item: Item) => Value): Value[] {
    const faults: Fault[] = [];
    const values: Value[] = [];
    for (const item of items) {
      try {
        values.push(read(item));
      } catch (error) {
        if (!(error instanceof Fault)) {
          // The first of several errors counts: one before it may still be missing.
          if (faults.length === 0) throw error;
          break;
        }
        faults.push(error);
      }
    }
    if (faults.length === 0) return values;
    throw new Fault(async () => void (await Promise.all(faults.map((fault) => fault.fetch()))));
  }

  /** A transaction that goes from one missing key to the next has started again often enough: let it read in line. */
  get isImpatient(): boolean {
    return this.faults >= MAX_TRANSACTION_FAULTS && this.undo !== null;
  }

  fault(fetch: () => Promise<void>): never {
    if (this.wrote && this.undo === null) throw new LateFaultError();
    this.faults++;
    throw new Fault(fetch);
  }
}

/** Each costs a transaction all that it has done so far; a read in line costs all others its time. */
const MAX_TRANSACTION_FAULTS = 16;

const MAX_MET = 10_000;
