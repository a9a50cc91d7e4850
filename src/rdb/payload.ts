import { BigString } from "../keyspace/big-string.ts";
import { Collection } from "../keyspace/collection.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Value } from "../keyspace/value.ts";
import { type Bytes, MAX_BYTES_LENGTH } from "../support/bytes.ts";
import { Crc64 } from "../support/crc64.ts";
import { ByteSource, finish } from "./decode/source.ts";
import { decodeValue } from "./decode/value.ts";
import { RdbOutput } from "./encode/output.ts";
import { type EncodeOptions, ValueEncoder, encodeValue } from "./encode/value.ts";
import { VersionNeed } from "./encode/version.ts";
import { MAX_RDB_VERSION } from "./opcodes.ts";
import { TooLargeError, ValueBuilder } from "./restore/value-builder.ts";

/**
 * What DUMP answers and RESTORE takes: the value as it stands in an RDB file (type and contents), the version of RDB in
 * 2 bytes and CRC-64 of all before it in 8, both with the lowest byte first.
 */
const VERSION_BYTES = 2;
const CHECKSUM_BYTES = 8;
const FOOTER_BYTES = VERSION_BYTES + CHECKSUM_BYTES;

/** What Redis 7.0 writes. */
const DUMP_VERSION = 10;

export interface DumpOptions extends EncodeOptions {
  /** Strings by LZF. */
  readonly compress: boolean;
  /** Of the payload. */
  readonly maxBytes: number;
}

/**
 * The payload of a value, to the byte that of Redis 7.0 where the value is encoded alike. Reads all of it; may fault.
 * @throws TooLargeError
 */
export function dumpPayload(value: Value, options: DumpOptions): Bytes {
  const maxBytes = Math.min(options.maxBytes, MAX_BYTES_LENGTH);
  // Compressed it might be shorter, but it would be in memory whole before.
  if (contentBytesOf(value) > maxBytes) throw new TooLargeError("too large for a payload");
  const output = new RdbOutput(options.compress);
  encodeValue(new ValueEncoder(output, new VersionNeed(DUMP_VERSION), options), value);
  output.rawBuffer(Buffer.of(DUMP_VERSION & 0xff, DUMP_VERSION >> 8));
  if (output.totalBytes + CHECKSUM_BYTES > maxBytes) throw new TooLargeError("too large for a payload");
  const chunks = output.take();
  const crc = new Crc64();
  for (const chunk of chunks) crc.add(chunk);
  return Buffer.concat([...chunks, crc.digest()]).latin1Slice();
}

function contentBytesOf(value: Value): number {
  if (typeof value === "string" || value instanceof BigString) return value.length;
  return value instanceof Collection ? value.contentBytes : 0;
}

/** Whether version and checksum of a payload are right. */
export function isPayload(payload: Bytes, checksChecksum: boolean): boolean {
  const at = payload.length - FOOTER_BYTES;
  if (at < 0) return false;
  const version = payload.charCodeAt(at) | (payload.charCodeAt(at + 1) << 8);
  if (version > MAX_RDB_VERSION) return false;
  if (!checksChecksum) return true;
  const body = payload.slice(0, payload.length - CHECKSUM_BYTES);
  return new Crc64().addBytes(body).digest().latin1Slice() === payload.slice(-CHECKSUM_BYTES);
}

/**
 * Reads what a payload holds; nothing is written before `build` of the result.
 * @param maxBytes of memory for it
 * @throws RdbError for one that is damaged, TooLargeError
 */
export function readPayload(payload: Bytes, keyspace: Keyspace, maxBytes: number): ValueBuilder {
  const bytes = Buffer.from(payload.slice(0, payload.length - FOOTER_BYTES), "latin1");
  const source = ByteSource.of(bytes);
  const builder = new ValueBuilder(source, keyspace, maxBytes);
  // What stands behind the value does not matter, as in Redis.
  finish(decodeValue(source, source.u8(), builder));
  return builder;
}
