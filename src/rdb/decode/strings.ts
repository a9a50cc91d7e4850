import { MAX_BYTES_LENGTH, type Bytes } from "../../support/bytes.ts";
import { LzfReader, lzfDecompress, lzfMayHold } from "../../support/lzf.ts";
import { RdbLength, RdbStringEncoding } from "../opcodes.ts";
import { type ByteSource, type Decoding, repeat, whenThere } from "./source.ts";
import { LONG_STRING_BYTES, STRING_PART_BYTES, type ValueSink } from "./value-sink.ts";

/** Strings and lengths: https://rdb.fnordig.de/file_format.html#length-encoding. All but `decodeString` read at once. */

/** A length; or, below zero, −1 less the number of a string encoding. */
function lengthOrEncoding(source: ByteSource): number {
  const first = source.u8();
  switch (first >> 6) {
    case RdbLength.sixBits:
      return first;
    case RdbLength.fourteenBits:
      return ((first & 0x3f) << 8) | source.u8();
    case RdbLength.encoded:
      return -1 - (first & 0x3f);
    default:
  }
  if (first === RdbLength.bits32) return source.u32Big();
  if (first !== RdbLength.bits64) source.fail(`unknown encoding of a length: ${first}`);
  const length = source.u64Big();
  if (length > Number.MAX_SAFE_INTEGER) source.fail(`a length of ${length}`);
  return Number(length);
}

/** A number of things. */
export function readLength(source: ByteSource): number {
  const length = lengthOrEncoding(source);
  return length < 0 ? source.fail("an encoded string where a length should be") : length;
}

/** A number that is written as lengths are, of 64 bits without sign. */
export function readUnsigned(source: ByteSource): bigint {
  if (source.peek() !== RdbLength.bits64) return BigInt(readLength(source));
  source.u8();
  return source.u64Big();
}

export function readString(source: ByteSource): Bytes {
  const length = lengthOrEncoding(source);
  if (length >= 0) return source.bytes(checkedLength(source, length));
  if (-1 - length === RdbStringEncoding.lzf) return readCompressed(source).latin1Slice();
  return readInteger(source, -1 - length);
}

/** Bytes as a view or a buffer of their own: valid until more bytes come. */
export function readBlob(source: ByteSource): Buffer {
  const length = lengthOrEncoding(source);
  if (length >= 0) return source.view(checkedLength(source, length));
  if (-1 - length === RdbStringEncoding.lzf) return readCompressed(source);
  return Buffer.from(readInteger(source, -1 - length), "latin1");
}

function checkedLength(source: ByteSource, length: number): number {
  if (length > MAX_BYTES_LENGTH) source.fail(`a string of ${length} bytes is too long`);
  return length;
}

function readInteger(source: ByteSource, encoding: number): Bytes {
  switch (encoding) {
    case RdbStringEncoding.int8:
      return String(source.i8());
    case RdbStringEncoding.int16:
      return String(source.i16());
    case RdbStringEncoding.int32:
      return String(source.i32());
    default:
      return source.fail(`unknown encoding of a string: ${encoding}`);
  }
}

function readCompressed(source: ByteSource): Buffer {
  const { compressed, length } = compressedLengths(source);
  checkedLength(source, length);
  const offset = source.offset;
  const plain = lzfDecompress(source.view(compressed), length);
  return plain ?? source.fail("invalid LZF compressed string", offset);
}

function compressedLengths(source: ByteSource): { readonly compressed: number; readonly length: number } {
  const compressed = readLength(source);
  const length = readLength(source);
  // Before memory is taken for it.
  if (!lzfMayHold(compressed, length)) source.fail(`${compressed} compressed bytes cannot hold ${length}`);
  return { compressed, length };
}

/** A string of any length into the sink, a long one in parts. */
export function* decodeString(source: ByteSource, sink: ValueSink): Decoding {
  const long = yield* whenThere(source, () => stringOrLong(source, sink));
  if (long === null) return;
  const { compressed, length } = long;
  sink.beginString(length);
  if (compressed === null) yield* plainParts(source, length, sink);
  else yield* compressedParts(source, compressed, length, sink);
  sink.end();
}

interface LongString {
  /** null: it is not. */
  readonly compressed: number | null;
  readonly length: number;
}

/** A short string goes to the sink; of a long one the lengths are read. */
function stringOrLong(source: ByteSource, sink: ValueSink): LongString | null {
  const long = longStringHere(source);
  if (long === null) sink.string(readString(source));
  return long;
}

/** Null, and nothing read, for a string that is to come in parts. */
export function readShortString(source: ByteSource): Bytes | null {
  const start = source.at;
  if (longStringHere(source) === null) return readString(source);
  source.at = start;
  return null;
}

/** The lengths of a long string; before a short one nothing is read. */
function longStringHere(source: ByteSource): LongString | null {
  const start = source.at;
  const length = lengthOrEncoding(source);
  if (length > LONG_STRING_BYTES) return { compressed: null, length };
  if (-1 - length === RdbStringEncoding.lzf) {
    const lengths = compressedLengths(source);
    if (lengths.length > LONG_STRING_BYTES) return lengths;
  }
  source.at = start;
  return null;
}

function* plainParts(source: ByteSource, length: number, sink: ValueSink): Decoding {
  let left = length;
  yield* repeat(source, Math.ceil(length / STRING_PART_BYTES), sink, () => {
    const part = source.bytes(Math.min(left, STRING_PART_BYTES));
    left -= part.length;
    sink.stringPart(part);
  });
}

function* compressedParts(source: ByteSource, compressed: number, length: number, sink: ValueSink): Decoding {
  const lzf = new LzfReader(length);
  const { offset } = source;
  let left = compressed;
  yield* repeat(source, Math.ceil(compressed / COMPRESSED_STEP_BYTES), sink, () => {
    const step = Math.min(left, COMPRESSED_STEP_BYTES);
    const isRight = lzf.add(source.view(step), (part) => sink.stringPart(part));
    left -= step;
    if (!isRight) source.fail("invalid LZF compressed string", offset);
  });
  if (!lzf.end((part) => sink.stringPart(part))) source.fail("invalid LZF compressed string", offset);
}

const COMPRESSED_STEP_BYTES = 4 << 10;
