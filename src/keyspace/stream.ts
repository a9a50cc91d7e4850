import type { Element, ElementRange, Elements } from "../storage/elements.ts";
import { type ByteReader, varint } from "../storage/numbers.ts";
import type { Bytes } from "../support/bytes.ts";
import { Collection } from "./collection.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Loader } from "./loader.ts";
import type { StreamEdit } from "./stream/edit.ts";
import { NEW_STREAM, type StreamHeader, encodeStreamHeader, readStreamHeader } from "./stream/header.ts";
import { ReadAhead } from "./stream/read-ahead.ts";
import { RecentEntries } from "./stream/recent-entries.ts";
import { SortedTable } from "./stream/sorted-table.ts";
import { PART, type StreamView } from "./stream/view.ts";

/**
 * A stream: a header, and a table of elements in the order of their keys (stream/view.ts has the parts). Packed, the
 * table is in the record; ranged, it is elements, and a table in memory as long as it fits its share.
 *
 * Record, packed: header, then each element's key and value as length varint and bytes.
 * Record, ranged: id, count, bytes as in all collections, then the header.
 *
 * What belongs to a stream of entries and groups is in stream/*.ts, over `StreamView` and `StreamEdit`.
 */
export class Stream extends Collection<SortedTable> implements StreamView {
  readonly type = "stream";
  readonly encoding = "stream";
  header: StreamHeader = NEW_STREAM;
  /** What the last range of nodes gave: `~` asks for the first ones again with each XADD. */
  #nodes: {
    readonly range: ElementRange;
    readonly limit: number;
    readonly found: readonly Element[];
  } | null = null;
  /** Of a stream on disk. */
  #recent: RecentEntries | null = null;
  #ahead: ReadAhead | null = null;
  /** Elements that ranges have cost that were read from disk. */
  #readCost = 0;

  constructor(keyspace: Keyspace) {
    super(keyspace, new SortedTable());
    this.counted(HEADER, 0);
  }

  static read(keyspace: Keyspace, reader: ByteReader, isRanged: boolean): Stream {
    const stream = new Stream(keyspace);
    if (isRanged) {
      stream.readRanged(reader);
      stream.header = readStreamHeader(reader);
    } else {
      stream.#unpack(reader);
    }
    return stream;
  }

  #unpack(reader: ByteReader): void {
    this.header = readStreamHeader(reader);
    const elements: Element[] = [];
    let bytes = 0;
    while (!reader.done) {
      const key = reader.sized();
      const value = reader.sized();
      elements.push([key, value]);
      bytes += key.length + value.length;
    }
    this.resident = SortedTable.of(elements);
    this.counted(HEADER + elements.length, bytes);
  }

  protected pack(table: SortedTable): Bytes {
    let packed = encodeStreamHeader(this.header);
    for (const [key, value] of table) packed += varint(key.length) + key + varint(value.length) + value;
    return packed;
  }

  override recordPayload(): Bytes {
    const payload = super.recordPayload();
    return this.isPacked ? payload : payload + encodeStreamHeader(this.header);
  }

  protected writeAll(elements: Elements, table: SortedTable): void {
    for (const [key, value] of table) elements.insert(key, value);
  }

  protected wholeRange(): { gte: Bytes } {
    return { gte: "" };
  }

  protected loader(): Loader<SortedTable> {
    this.#readCost = 0;
    const table = new SortedTable();
    return {
      headLength: 0,
      add: (_, key, value) => table.append(key, value),
      change: (_, key, value) => (value === null ? table.delete(key) : table.set(key, value)),
      finish: () => table,
    };
  }

  protected residentBytes(count: number, bytes: number): number {
    return bytes + count * ELEMENT_BYTES;
  }

  // ─── reading ───────────────────────────────────────────────────────────────────────────────────

  get(key: Bytes): Bytes | null {
    if (this.resident !== null) return this.resident.get(key) ?? null;
    return this.elements!.get(key);
  }

  ready(keys: readonly Bytes[]): void {
    if (this.resident === null) this.elements!.ready(keys);
  }

  range(range: ElementRange, limit: number): readonly Element[] {
    if (this.resident === null && this.fitsInMemory && this.#paysToLoad) this.whole();
    if (range.reverse === true || !range.gte.startsWith(PART.nodes) || limit > MAX_KEPT_NODES)
      return this.#read(range, limit);
    const kept = this.#nodes;
    if (kept !== null && kept.limit === limit && kept.range.gte === range.gte && kept.range.lt === range.lt)
      return kept.found;
    const found = this.#read(range, limit);
    this.#nodes = { range, limit, found };
    return found;
  }

  #read(range: ElementRange, limit: number): readonly Element[] {
    if (this.resident !== null) return this.resident.range(range, limit);
    return this.#recent?.range(range, limit) ?? this.#fetch(range, limit);
  }

  #fetch(range: ElementRange, limit: number): readonly Element[] {
    const elements = this.elements!;
    const { gte, lt } = range;
    if (lt !== `${gte}\0`) {
      const isInOrder = range.reverse !== true && gte.startsWith(PART.entries);
      return isInOrder ? this.#readInOrder(range, limit) : this.#readAnywhere(range, limit);
    }
    // A point read can be done in line.
    const value = elements.get(gte);
    return value === null ? [] : [[gte, value]];
  }

  #readAnywhere(range: ElementRange, limit: number): readonly Element[] {
    this.#readCost += RANGE_COST;
    return this.elements!.range(range, limit);
  }

  #readInOrder(range: ElementRange, limit: number): readonly Element[] {
    const most = Math.min(MAX_AHEAD, Math.floor((MAX_AHEAD_BYTES * this.count) / (this.contentBytes + 1)));
    const ahead = (this.#ahead ??= new ReadAhead());
    const before = ahead.memoryBytes;
    const found = ahead.range(range, limit, most, (wanted, count) => this.#readAnywhere(wanted, count));
    if (ahead.memoryBytes !== before) this.memoryChanged();
    return found;
  }

  override get memoryBytes(): number {
    return super.memoryBytes + (this.#recent?.memoryBytes ?? 0) + (this.#ahead?.memoryBytes ?? 0);
  }

  override leaveMemory(): void {
    this.#nodes = null;
    this.#recent = null;
    this.#ahead = null;
    super.leaveMemory();
  }

  /** A range costs a fault anyway: what is small comes into memory with it, and what is large when many were read. */
  get #paysToLoad(): boolean {
    return this.contentBytes <= SOON_LOADED || this.#readCost >= this.count;
  }

  /** Runs of a range as it is now, from a snapshot, for one that is on disk; null for one in memory. */
  stream<Item>(
    range: ElementRange,
    itemOf: (key: Bytes, value: Bytes) => Item,
  ): AsyncIterableIterator<readonly Item[]> | null {
    return this.resident === null ? this.elements!.stream(range, itemOf) : null;
  }

  // ─── writing ───────────────────────────────────────────────────────────────────────────────────

  apply(edit: StreamEdit): void {
    if (!edit.isChanged) return;
    this.header = edit.header;
    const { resident, elements } = this;
    const recent = (this.#recent = resident === null ? (this.#recent ?? new RecentEntries()) : null);
    if (resident !== null) this.#ahead = null;
    edit.changes.forEach((key, value) => {
      if (key.startsWith(PART.nodes)) this.#nodes = null;
      if (value === null) {
        resident?.delete(key);
        elements?.delete(key);
        recent?.delete(key);
        this.#ahead?.delete(key);
      } else {
        resident?.set(key, value);
        // An entry never changes. Another may get its id (XSETID), when it is gone.
        if (!key.startsWith(PART.entries)) elements?.put(key, value);
        else {
          elements?.insert(key, value);
          recent?.add(key, value);
          this.#ahead?.added(key);
        }
      }
    });
    this.changed(edit.countDelta, edit.bytesDelta);
    if (edit.countDelta === 0 && edit.bytesDelta === 0) this.owner?.recordChanged();
    if (this.isPacked && this.contentBytes > this.keyspace.limits.streamMaxPackedBytes) this.spread();
  }
}

/** The header counts as an element: an empty stream keeps its key. */
const HEADER = 1;

/** Two strings' headers and two slots. */
const ELEMENT_BYTES = 60;

/** Bytes of a stream on disk that is read as a whole. */
const SOON_LOADED = 256 << 10;

/** What a range costs that is read from disk, in elements of loading it all; not those that are found: who reads on wants them once. */
const RANGE_COST = 20;

const MAX_KEPT_NODES = 8;

/** Entries, and about how many bytes, that are read at once where they are read in order. */
const MAX_AHEAD = 100;
const MAX_AHEAD_BYTES = 64 << 10;
