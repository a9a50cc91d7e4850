import type { Hash } from "../../keyspace/hash.ts";
import type { Reply } from "../../resp/reply.ts";
import { type Bytes, MAX_BYTES_LENGTH } from "../../support/bytes.ts";
import { digestOf } from "../../support/digest.ts";
import { inclusiveRange, int64Argument, integerArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { DIGEST_SYNTAX, digestArguments } from "../digest-arguments.ts";
import { keyAt } from "../key-spec.ts";
import { lengthArgument } from "../strings/files.ts";
import { OFFSET_OUT_OF_RANGE, STRING_TOO_LONG, checkLength, overwritten, padded } from "../strings/parts.ts";

/** leveldis' own: files in the fields of a hash (docs/commands-of-leveldis.md). A value is written as a whole. */
export const FILE_ROWS = {
  hgetrange: {
    arity: 5,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get a substring of the value of a hash field",
      since: "leveldis 0.2.0",
      complexity: "O(N) with N being the length of the value.",
      syntax: "key field start:integer end:integer",
    },
    run: hgetrange,
  },
  hsetrange: {
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Overwrite part of the value of a hash field, starting at the specified offset",
      since: "leveldis 0.2.0",
      complexity: "O(N) with N being the length of the value.",
      syntax: "key field offset:integer value",
    },
    run: hsetrange,
  },
  htruncate: {
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Make the value of a hash field as long as told, cut or with zero bytes at its end",
      since: "leveldis 0.2.0",
      complexity: "O(N) with N being the length of the value.",
      syntax: "key field length:integer",
    },
    run: htruncate,
  },
  hdigest: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get a digest of the value of a hash field, or of a range of it, in hexadecimal",
      since: "leveldis 0.2.0",
      complexity: "O(N) with N being the length of the value.",
      syntax: `key field ${DIGEST_SYNTAX}`,
    },
    run: hdigest,
  },
} satisfies Record<string, CommandRow>;

function hgetrange({ db }: Context, args: readonly Bytes[]): Reply {
  const [start, end] = [int64Argument(args[3]!), int64Argument(args[4]!)];
  const value = valueOf(db.hash(args[1]!), args[2]!);
  const range = inclusiveRange(start, end, value.length);
  return range === null ? "" : value.slice(range.start, range.end + 1);
}

/** Returns the new length of the value. */
function hsetrange(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const [, key, field, , bytes] = args as [Bytes, Bytes, Bytes, Bytes, Bytes];
  const offset = integerArgument(args[3]!);
  if (offset < 0) throw OFFSET_OUT_OF_RANGE;
  const hash = db.hashToWrite(key);
  const value = valueOf(hash, field);
  if (bytes === "") return value.length;
  const end = offset + bytes.length;
  checkFieldLength(context, end);
  const length = Math.max(value.length, end);
  hash.set(field, overwritten(value, { offset, bytes }, length));
  db.event("hash", "hsetrange", key);
  return length;
}

/** Returns the new length of the value. */
function htruncate(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const [, key, field] = args as [Bytes, Bytes, Bytes];
  const length = lengthArgument(context, args[3]!);
  checkFieldLength(context, length);
  const hash = db.hashToWrite(key);
  const value = valueOf(hash, field);
  if (length === value.length) return length;
  hash.set(field, length < value.length ? value.slice(0, length) : padded(value, length));
  db.event("hash", "htruncate", key);
  return length;
}

function hdigest({ db }: Context, args: readonly Bytes[]): Reply {
  const { algorithm, start, end } = digestArguments(args, 3);
  const value = valueOf(db.hash(args[1]!), args[2]!);
  const range = inclusiveRange(start, end, value.length);
  return digestOf(algorithm, range === null ? "" : value.slice(range.start, range.end + 1));
}

/** An absent hash or field is as an empty one. */
function valueOf(hash: Hash | null, field: Bytes): Bytes {
  return hash?.get(field) ?? "";
}

/** A field's value is in one piece. @throws STRING_TOO_LONG */
function checkFieldLength(context: Context, length: number): void {
  checkLength(context, length);
  if (length > MAX_BYTES_LENGTH) throw STRING_TOO_LONG;
}
