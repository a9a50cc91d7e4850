import type { Element, ElementRange, Elements } from "../storage/elements.ts";
import { type ByteReader, varint } from "../storage/numbers.ts";
import type { Bytes } from "../support/bytes.ts";
import { Collection } from "./collection.ts";
import type { Keyspace } from "./keyspace.ts";
import type { StreamEdit } from "./stream/edit.ts";
import { NEW_STREAM, type StreamHeader, encodeStreamHeader, readStreamHeader } from "./stream/header.ts";
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
  /** What the last range of nodes gave, of a stream on disk: `~` asks for the first ones again with each XADD. */
  #nodes: {
    readonly range: ElementRange;
    readonly limit: number;
    readonly found: readonly Element[];
  } | null = null;

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

  protected build(elements: readonly Element[]): SortedTable {
    return SortedTable.of(elements);
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
    if (this.resident === null && this.#isSoonLoaded) this.whole();
    if (this.resident !== null) return this.resident.range(range, limit);
    if (range.reverse === true || !range.gte.startsWith(PART.nodes) || limit > MAX_KEPT_NODES)
      return this.elements!.range(range, limit);
    const kept = this.#nodes;
    if (kept !== null && kept.limit === limit && kept.range.gte === range.gte && kept.range.lt === range.lt)
      return kept.found;
    const found = this.elements!.range(range, limit);
    this.#nodes = { range, limit, found };
    return found;
  }

  override leaveMemory(): void {
    this.#nodes = null;
    super.leaveMemory();
  }

  /** A range costs a fault anyway: what is small comes into memory with it. */
  get #isSoonLoaded(): boolean {
    return this.contentBytes <= SOON_LOADED && this.fitsInMemory;
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
    for (const [key, value] of edit.changes) {
      if (key.startsWith(PART.nodes)) this.#nodes = null;
      if (value === null) {
        resident?.delete(key);
        elements?.delete(key);
      } else {
        resident?.set(key, value);
        elements?.put(key, value);
      }
    }
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

const MAX_KEPT_NODES = 8;
