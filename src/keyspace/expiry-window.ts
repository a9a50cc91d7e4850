import type { Bytes } from "../support/bytes.ts";

/** How far ahead the times of keys are known. */
const WINDOW_MS = 10_000;

/** The index is read again so long before the window ends: to bring it up to date takes a moment. */
const LEAD_MS = 2000;

/** About 150 bytes each. */
const MAX_KEYS = 100_000;

/** A key whose time is over, or was so when it was last heard of. */
export interface DueKey {
  readonly generation: number;
  readonly key: Bytes;
}

interface Appointment extends DueKey {
  readonly atMs: number;
}

/**
 * The keys that expire within the next seconds, in memory: what the index in the store holds of them, and every change
 * since it was read. While there are too many of them the window is shorter.
 *
 * A key has one time; the heap may have others of it, which are too early: a key that is given more time again and again
 * is put in its new place when the old one comes up.
 */
export class ExpiryWindow {
  readonly #maxKeys: number;
  readonly #timesOf = new Map<number, Map<Bytes, number>>();
  #size = 0;
  readonly #heap = new AppointmentHeap();
  /** Every key that expires up to then is in here, if need be with an earlier time. */
  #horizonMs = -1;
  /** No key that is not in here expires before this. */
  #beyondMs: number;
  /** The window ends before its time. */
  #isShort = true;

  /** Knows nothing, until it is filled: at `fillAtMs`, or when a key expires before that. */
  constructor(fillAtMs = 0, maxKeys = MAX_KEYS) {
    this.#beyondMs = fillAtMs - 1;
    this.#maxKeys = maxKeys;
  }

  /** How many keys are in it. */
  get size(): number {
    return this.#size;
  }

  /** When the index has to be read to go on. */
  get fillAtMs(): number {
    return this.#isShort ? this.#beyondMs + 1 : this.#beyondMs - LEAD_MS;
  }

  /** When the first key, perhaps, is due. */
  get firstDueMs(): number {
    const first = this.#heap.first;
    return first === undefined ? Infinity : first.atMs + 1;
  }

  /** How many index entries are wanted at a time. */
  get room(): number {
    return this.#maxKeys / 2;
  }

  /** The index is about to be read, which takes in all that has changed up to now: what changes from now on is told. */
  beginFilling(nowMs: number): void {
    this.#horizonMs = nowMs + WINDOW_MS;
    this.#beyondMs = Infinity;
    this.#isShort = false;
  }

  /** What the index says, in the order of time. False: the rest is not wanted. */
  learn({ generation, key }: DueKey, expiresAtMs: number): boolean {
    if (expiresAtMs > this.#horizonMs) {
      this.#isBeyond(expiresAtMs);
      return false;
    }
    // What was told meanwhile is newer.
    if (this.#timesOf.get(generation)?.has(key) !== true) this.set(generation, key, expiresAtMs);
    return true;
  }

  /** There may be more in the index from this time on. */
  stopFilling(atMs: number): void {
    this.#isBeyond(atMs);
    if (atMs > this.#horizonMs) return;
    this.#horizonMs = atMs - 1;
    this.#isShort = true;
  }

  #isBeyond(expiresAtMs: number): void {
    if (expiresAtMs < this.#beyondMs) this.#beyondMs = expiresAtMs;
  }

  /** A key now expires then; 0: never. */
  set(generation: number, key: Bytes, expiresAtMs: number): void {
    if (expiresAtMs === 0 || expiresAtMs > this.#horizonMs) {
      if (expiresAtMs !== 0) this.#isBeyond(expiresAtMs);
      this.#forget(generation, key);
      return;
    }
    let times = this.#timesOf.get(generation);
    if (times === undefined) this.#timesOf.set(generation, (times = new Map<Bytes, number>()));
    const before = times.get(key);
    times.set(key, expiresAtMs);
    if (before === undefined) this.#size++;
    if (before === undefined || expiresAtMs < before) this.#heap.add({ atMs: expiresAtMs, generation, key });
    if (this.#size > this.#maxKeys) this.#shorten();
    else if (this.#heap.size > 2 * this.#maxKeys) this.#rebuild();
  }

  #forget(generation: number, key: Bytes): void {
    const times = this.#timesOf.get(generation);
    if (times === undefined || !times.delete(key)) return;
    this.#size--;
    if (times.size === 0) this.#timesOf.delete(generation);
  }

  /** Takes out keys whose time is over, at most so many. */
  takeDue(nowMs: number, most: number): DueKey[] {
    const due: DueKey[] = [];
    while (due.length < most && this.firstDueMs <= nowMs) {
      const first = this.#heap.take();
      const { generation, key, atMs } = first;
      const expiresAtMs = this.#timesOf.get(generation)?.get(key);
      if (expiresAtMs === atMs) {
        this.#forget(generation, key);
        due.push(first);
      } else if (expiresAtMs !== undefined && expiresAtMs > atMs) {
        this.#heap.add({ atMs: expiresAtMs, generation, key });
      }
    }
    return due;
  }

  /** Forgets the later half. */
  #shorten(): void {
    const times = new Float64Array(this.#size);
    let n = 0;
    for (const ofKeys of this.#timesOf.values()) for (const atMs of ofKeys.values()) times[n++] = atMs;
    times.sort();
    this.stopFilling(times[n >> 1]!);
    this.#rebuild();
  }

  /** Without what is beyond the horizon, and what is old. */
  #rebuild(): void {
    this.#heap.clear();
    for (const [generation, times] of [...this.#timesOf]) {
      for (const [key, atMs] of times) {
        if (atMs > this.#horizonMs) this.#forget(generation, key);
        else this.#heap.add({ atMs, generation, key });
      }
    }
  }
}

/** A binary heap, the earliest at its top. */
class AppointmentHeap {
  readonly #items: Appointment[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): Appointment | undefined {
    return this.#items[0];
  }

  clear(): void {
    this.#items.length = 0;
  }

  add(item: Appointment): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]!.atMs <= item.atMs) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  /** There must be one. */
  take(): Appointment {
    const items = this.#items;
    const first = items[0]!;
    const last = items.pop()!;
    const { length } = items;
    if (length === 0) return first;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && items[child + 1]!.atMs < items[child]!.atMs) child++;
      if (items[child]!.atMs >= last.atMs) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return first;
  }
}
