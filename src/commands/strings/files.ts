import { CommandError } from "../../errors.ts";
import { BigString, CHUNKED_FROM_BYTES } from "../../keyspace/big-string.ts";
import type { Entry } from "../../keyspace/entry.ts";
import { digestOfPart } from "../../keyspace/string-digest.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { inclusiveRange, integerArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { DIGEST_SYNTAX, digestArguments } from "../digest-arguments.ts";
import { keyAt } from "../key-spec.ts";
import { checkLength, findString, stringOf, writeParts } from "./parts.ts";

/** leveldis' own: what a file system needs of strings beside GETRANGE, SETRANGE and STRLEN (docs/commands-of-leveldis.md). */
export const FILE_ROWS = {
  strtruncate: {
    arity: 3,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Make a string as long as told, cut or with zero bytes at its end",
      since: "leveldis 0.2.0",
      complexity:
        "O(1) for strings of up to 256 KiB, else O(N) with N being the number of 64 KiB chunks cut off.",
      syntax: "key length:integer",
    },
    run: strtruncate,
  },
  strdigest: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get a digest of a string, or of a range of it, in hexadecimal",
      since: "leveldis 0.2.0",
      complexity: "O(N) with N being the length of the range.",
      syntax: `key ${DIGEST_SYNTAX}`,
    },
    run: strdigest,
  },
} satisfies Record<string, CommandRow>;

/** Returns the new length. */
function strtruncate(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const key = args[1]!;
  const length = lengthArgument(context, args[2]!);
  const entry = findString(db, key);
  const value = stringOf(entry);
  if (length === value.length) return length;
  if (length > value.length) writeParts(context, key, entry, [], length);
  else cut(context, entry!, length);
  db.event("string", "strtruncate", key);
  return length;
}

/** Of a file, or a field: from 0 up to what a string may have. @throws NOT_AN_INTEGER, BAD_LENGTH, STRING_TOO_LONG */
export function lengthArgument(context: Context, text: Bytes): number {
  const length = integerArgument(text);
  if (length < 0) throw BAD_LENGTH;
  checkLength(context, length);
  return length;
}

const BAD_LENGTH = new CommandError("ERR length is out of range");

function cut({ db }: Context, entry: Entry, length: number): void {
  const value = stringOf(entry);
  if (value instanceof BigString && length > CHUNKED_FROM_BYTES) {
    value.readyToCut(length);
    value.setLength(length);
  } else {
    db.putString(entry, value.slice(0, length), true);
  }
}

function strdigest({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const { algorithm, start, end } = digestArguments(args, 2);
  const value = db.string(args[1]!) ?? "";
  const range = inclusiveRange(start, end, value.length) ?? { start: 0, end: -1 };
  return digestOfPart(keyspace, value, algorithm, range.start, range.end + 1);
}
