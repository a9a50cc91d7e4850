import {
  RecordFlag,
  type RecordHeader,
  encodeRecordHeader,
  readRecordHeader,
} from "../../keyspace/record.ts";
import { SortedTable } from "../../keyspace/stream/sorted-table.ts";
import type { Value } from "../../keyspace/value.ts";
import { ByteReader } from "../../storage/numbers.ts";
import type { Bytes } from "../../support/bytes.ts";
import { RdbType } from "../opcodes.ts";
import { CollectionEncoder } from "./collections.ts";
import type { RdbOutput } from "./output.ts";
import { type Reads, readAtOnce } from "./reads.ts";
import { encodeLongString } from "./long-string.ts";
import { StreamEncoder } from "./stream.ts";
import type { VersionNeed } from "./version.ts";

export interface EncodeOptions {
  /** How lists are cut into nodes: `list-max-listpack-size`. */
  readonly listMaxListpackSize: number;
}

/**
 * Writes values as they stand in RDB files and DUMP payloads: type, key (in files), then what is in it. What a record
 * holds is written at once; what has elements of its own returns the reads that writing it takes.
 */
export class ValueEncoder {
  readonly #output: RdbOutput;
  readonly #collections: CollectionEncoder;
  readonly #streams: StreamEncoder;

  /** `need.version` decides on encodings, and is raised where a value asks for more. */
  constructor(output: RdbOutput, need: VersionNeed, options: EncodeOptions) {
    this.#output = output;
    this.#collections = new CollectionEncoder(output, need.version, options);
    this.#streams = new StreamEncoder(output, need);
  }

  /** A value by its record, under a key, or (null, in DUMP) without. @throws RangeError for a damaged record */
  encodeRecord(record: Bytes, header: RecordHeader, key: Bytes | null): Reads | null {
    const { type, flags, payloadAt } = header;
    const isRanged = (flags & RecordFlag.ranged) !== 0;
    if (type === "string" && !isRanged) {
      this.encodeString(record.slice(payloadAt), key);
      return null;
    }
    const head = (rdbType: number): void => this.#head(rdbType, key);
    const reader = new ByteReader(record, payloadAt);
    // The id is for who reads the elements.
    if (isRanged) reader.u64();
    if (type === "string") {
      head(RdbType.string);
      return encodeLongString(this.#output, reader.varint());
    }
    if (type === "stream") return this.#encodeStream(reader, isRanged, head);
    if (isRanged) return this.#collections.encodeRanged(type, reader, head);
    this.#collections.encodePacked(type, reader, (flags & RecordFlag.intset) !== 0, head);
    return null;
  }

  encodeString(bytes: Bytes, key: Bytes | null): void {
    this.#head(RdbType.string, key);
    this.#output.string(bytes);
  }

  #head(rdbType: number, key: Bytes | null): void {
    this.#output.byte(rdbType);
    if (key !== null) this.#output.string(key);
  }

  #encodeStream(reader: ByteReader, isRanged: boolean, head: (rdbType: number) => void): Reads | null {
    if (isRanged) {
      // Count and bytes.
      reader.varint();
      reader.varint();
      return this.#streams.encode(reader, head);
    }
    const reads = this.#streams.encode(reader, head);
    const table = SortedTable.of(packedElements(reader));
    readAtOnce(reads, (range) => table.range(range, Infinity));
    return null;
  }
}

/** The elements of a packed stream, behind its header. */
function* packedElements(reader: ByteReader): Generator<readonly [Bytes, Bytes]> {
  while (!reader.done) yield [reader.sized(), reader.sized()];
}

/**
 * Type and contents of a value in memory, as a DUMP payload has them before its version and checksum. Reads elements, so
 * it may fault: what the output has then is void.
 */
export function encodeValue(encoder: ValueEncoder, value: Value): void {
  if (typeof value === "string") {
    encoder.encodeString(value, null);
    return;
  }
  const record = encodeRecordHeader(value, 0, false) + value.recordPayload();
  const reads = encoder.encodeRecord(record, readRecordHeader(record), null);
  if (reads !== null) readAtOnce(reads, (range) => value.elementRange!.all(range));
}
