import { type Bytes, tailOf } from "../support/bytes.ts";
import type { Element, Elements, ElementsHolder } from "../storage/elements.ts";
import { ByteReader, u64, varint } from "../storage/numbers.ts";
import type { Keyspace } from "./keyspace.ts";
import { type Loader, load } from "./loader.ts";
import type { WideMembers } from "./member-map.ts";
import { RandomElements } from "./random-elements.ts";
import { RecordFlag } from "./record.ts";
import type { Owner, TypeName, ValueObject } from "./value.ts";

/**
 * What hash, set and sorted set share.
 *
 * On disk a collection is *packed* (all of it in the record; `elements` is null) or *ranged* (each element
 * an entry of its own). In memory it is *resident* (the whole of it as a structure `R`; a packed one always)
 * or not. The methods of a type answer from the structure when it is there, else from the elements, and
 * write to whichever there are. Their callers never ask which.
 *
 * The rule of all handlers holds: reads may fault, so they come before the first write. `ready` makes the
 * point reads of a command safe.
 */
export abstract class Collection<R> implements ValueObject, ElementsHolder {
  abstract readonly type: TypeName;
  abstract readonly encoding: string;
  owner: Owner | null = null;
  protected readonly keyspace: Keyspace;
  /** The whole of it, in memory; null: only on disk. */
  protected resident: R | null;
  #elements: Elements | null = null;
  #count = 0;
  /** Bytes of all fields, members and values. */
  #bytes = 0;
  #isBorrowed = false;
  /** It will leave memory when what changed is in the store. */
  #isLeaving = false;
  #loading: Promise<void> | null = null;
  /** Commands that need what was loaded for them. */
  #users = 0;
  #random: RandomElements | null = null;
  /** Since it was last found worth loading. */
  #pointReads = 0;

  protected constructor(keyspace: Keyspace, resident: R | null) {
    this.keyspace = keyspace;
    this.resident = resident;
  }

  /** Each on its own; null: packed. */
  protected get elements(): Elements | null {
    return this.#elements;
  }

  protected set elements(elements: Elements | null) {
    this.#elements = elements;
    this.#random = null;
    // After a transaction that was taken back they are another's.
    if (elements !== null) elements.holder = this;
  }

  get count(): number {
    return this.#count;
  }

  /** The batch of the last change. */
  get newest(): number {
    return this.owner?.newest ?? Infinity;
  }

  /** Bytes of all fields, members and values, as a client would count them. */
  get contentBytes(): number {
    return this.#bytes;
  }

  get isPacked(): boolean {
    return this.elements === null;
  }

  get elementRange(): Elements | null {
    return this.elements;
  }

  get isBusy(): boolean {
    return this.#users > 0 || (this.elements !== null && this.elements.isBusy);
  }

  get memoryBytes(): number {
    const residentBytes = this.resident === null ? 0 : this.residentBytes(this.#count, this.#bytes);
    return COLLECTION_BYTES + residentBytes + (this.#elements?.memoryBytes ?? 0);
  }

  get wholeBytes(): number {
    return COLLECTION_BYTES + this.residentBytes(this.#count, this.#bytes);
  }

  get maxKeptChanges(): number {
    const staysResident = this.resident !== null && !this.#isBorrowed && !this.#isLeaving;
    return staysResident ? this.keyspace.limits.collectionChangesKept : Infinity;
  }

  memoryChanged(): void {
    this.owner?.memoryChanged();
  }

  /** About what the structure takes in memory for that many elements and bytes. */
  protected abstract residentBytes(count: number, bytes: number): number;

  // ─── persistence ───────────────────────────────────────────────────────────────────────────────

  recordFlags(): number {
    return this.elements === null ? 0 : RecordFlag.ranged;
  }

  recordPayload(): Bytes {
    if (this.elements === null) return this.pack(this.resident!);
    return u64(this.elements.id) + varint(this.#count) + varint(this.#bytes);
  }

  /** The packed contents, as the type's `unpack` reads them. */
  protected abstract pack(resident: R): Bytes;

  /** Takes over what a ranged record says. */
  protected readRanged(reader: ByteReader): void {
    this.elements = this.keyspace.openElements(reader.u64());
    this.#count = reader.varint();
    this.#bytes = reader.varint();
    this.resident = null;
  }

  /** Counts what `unpack` has put into the structure. */
  protected counted(count: number, bytes: number): void {
    this.#count = count;
    this.#bytes = bytes;
  }

  /** To be called after every change of the contents, with what it added. */
  protected changed(countDelta: number, bytesDelta: number): void {
    this.#count += countDelta;
    this.#bytes += bytesDelta;
    if (countDelta > 0 || bytesDelta > 0) this.#keepToShare();
    const { owner } = this;
    if (owner === null) return;
    if (this.elements !== null && countDelta === 0 && bytesDelta === 0) owner.elementsChanged();
    else if (this.#count === 0) owner.becameEmpty();
    else owner.recordChanged();
  }

  /** From packed to ranged: every element becomes an entry. `put` each with `writeAll`. */
  protected spread(): void {
    this.elements = this.keyspace.newElements();
    this.writeAll(this.elements, this.resident!);
    this.#keepToShare();
    this.owner?.recordChanged();
  }

  protected abstract writeAll(elements: Elements, resident: R): void;

  /** Another with the same contents in the same form, for another key. May fault. */
  copy(): Collection<R> {
    const { read } = this.constructor as unknown as CollectionClass<R>;
    if (this.elements === null) return read(this.keyspace, new ByteReader(this.recordPayload()), false);
    const { resident } = this;
    const all = resident === null ? this.elements.all({ gte: "" }) : null;
    // These very elements know that nothing of them is in the store: what reads them in the same transaction must not
    // look for them there, and begin anew with others.
    const elements = this.keyspace.newElements();
    const payload = u64(elements.id) + this.recordPayload().slice(ID_LENGTH);
    let copy!: Collection<R>;
    this.keyspace.reopening(elements, () => (copy = read(this.keyspace, new ByteReader(payload), true)));
    if (all === null) this.writeAll(elements, resident!);
    else for (const [key, value] of all) elements.insert(key, value);
    return copy;
  }

  discard(): void {
    this.owner = null;
    if (this.elements !== null) this.keyspace.bury(this.elements);
  }

  abandon(): void {
    this.owner = null;
    this.elements?.discard();
  }

  /** Draws from a part of the elements, of one that is on disk. */
  protected randomElements(part: Bytes): RandomElements {
    return (this.#random ??= new RandomElements(
      this.elements!,
      this.keyspace.reading,
      part,
      () => this.#count,
    ));
  }

  /**
   * The value of an element, from disk; null: there is none. When such reads have taken as long as to load all of it, it is
   * loaded, and is read from disk until it is there.
   */
  protected readPoint(key: Bytes): Bytes | null {
    if (++this.#pointReads * POINT_READ_COST > this.#count + LOAD_COST) this.#loadSoon();
    return this.#elements!.get(key);
  }

  // ─── what will be looked for ───────────────────────────────────────────────────────────────────

  get wide(): WideMembers | null {
    return null;
  }

  // ─── residence ─────────────────────────────────────────────────────────────────────────────────

  /** So many point reads are to come: loads it where that costs less. May fault. */
  expectReads(count: number): void {
    if (this.resident === null && count * POINT_READ_COST > this.#count && this.fitsInMemory) this.whole();
  }

  /**
   * The whole of it as a structure. Faults when it is on disk; it stays in memory afterwards when it fits
   * its share of the record cache, else for this command only.
   */
  protected whole(): R {
    if (this.resident !== null) return this.resident;
    this.#loadIfMuch();
    const resident = this.build(this.readWhole());
    this.resident = resident;
    if (!this.fitsInMemory || this.keyspace.reading.faultEveryRead) this.#borrow();
    else this.elements?.forgetPages();
    this.memoryChanged();
    return resident;
  }

  /**
   * To build a large structure takes longer than others should wait: faults until it was made, a part at a time. In a
   * transaction it is built at once: what that has changed is another object when it starts again.
   */
  #loadIfMuch(): void {
    const elements = this.elements!;
    const { reading } = this.keyspace;
    const { attempt } = reading;
    const mayWait = attempt.undo === null && !reading.faultEveryRead && elements.isStored;
    if (!mayWait || this.#count <= BUILT_AT_ONCE || !this.fitsInMemory) return;
    this.#users++;
    attempt.releases.push(() => this.#users--);
    reading.faults++;
    attempt.fault(() => (this.#loading ??= this.keyspace.loads.add(() => this.#load(elements))));
  }

  /** Nobody waits for it. */
  #loadSoon(): void {
    this.#pointReads = 0;
    const elements = this.#elements!;
    const mayLoad = this.#loading === null && elements.isStored && this.fitsInMemory;
    if (!mayLoad || this.keyspace.reading.faultEveryRead) return;
    this.#users++;
    const loading = (this.#loading = this.keyspace.loads.add(() => this.#load(elements)));
    const release = (): void => void this.#users--;
    // Who cannot do without it loads it again, and gets the error.
    void loading.then(release, release);
  }

  async #load(elements: Elements): Promise<void> {
    const isWanted = (): boolean =>
      this.owner !== null && this.elements === elements && this.resident === null && this.fitsInMemory;
    try {
      if (!isWanted()) return;
      const loader = this.loader();
      await load(elements, this.wholeRange().gte, loader, () => {
        if (!isWanted()) return;
        this.resident = loader.finish();
        elements.forgetPages();
        this.memoryChanged();
      });
    } finally {
      this.#loading = null;
    }
  }

  protected abstract loader(): Loader<R>;

  /** The part of the elements that `build` needs. */
  protected abstract wholeRange(): { readonly gte: Bytes; readonly lt?: Bytes };

  protected readWhole(): readonly Element[] {
    return this.elements!.all(this.wholeRange());
  }

  protected build(elements: readonly Element[]): R {
    const loader = this.loader();
    const { headLength } = loader;
    for (const [key, value] of elements) loader.add(key.slice(0, headLength), tailOf(key, headLength), value);
    return loader.finish();
  }

  /** Whether the whole of it may stay in memory. */
  get fitsInMemory(): boolean {
    return this.residentBytes(this.#count, this.#bytes) <= this.keyspace.residentShareBytes;
  }

  /** A script's command runs: its reply must be in memory whole. */
  get isInScript(): boolean {
    return this.keyspace.reading.attempt.inScript;
  }

  get isResident(): boolean {
    return this.resident !== null;
  }

  /** What has outgrown its share in memory leaves it when the command is over. */
  #keepToShare(): void {
    if (this.elements !== null && this.resident !== null && !this.fitsInMemory) this.#borrow();
  }

  #borrow(): void {
    if (this.#isBorrowed) return;
    this.#isBorrowed = true;
    this.keyspace.reading.attempt.releases.push(() => {
      this.#isBorrowed = false;
      this.leaveMemory();
    });
  }

  /** Only the elements remain. A packed collection cannot. */
  leaveMemory(): void {
    if (this.elements === null || this.resident === null || this.#isBorrowed) return;
    if (!this.elements.isComplete) {
      this.#leaveLater(this.elements);
      return;
    }
    this.resident = null;
    this.memoryChanged();
  }

  /** What changed last is nowhere but in the structure. */
  #leaveLater(elements: Elements): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    const leave = (): void => {
      this.#isLeaving = false;
      if (!this.fitsInMemory) this.leaveMemory();
    };
    // Where it cannot get into the store, the structure has to stay.
    elements.complete().then(leave, () => (this.#isLeaving = false));
  }
}

/** The static `read` of the types that do not copy in a way of their own. */
interface CollectionClass<R> {
  readonly read: (keyspace: Keyspace, reader: ByteReader, isRanged: boolean) => Collection<R>;
}

/** A point read of many takes so many times as long as an element of a scan, loading included. */
const POINT_READ_COST = 12;

/** So many elements of a scan take as long as to begin one on another thread: nothing is gained for a few reads of a small one. */
const LOAD_COST = 200;

/** Up to so many elements (about 5 ms' work) a structure is made at once. */
const BUILT_AT_ONCE = 5000;

/** In the record of a ranged collection the id comes first. */
const ID_LENGTH = 8;

const COLLECTION_BYTES = 120;
