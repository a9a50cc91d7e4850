import { CommandError } from "../../errors.ts";
import { BigString } from "../../keyspace/big-string.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { findString, markUnseen, stringOf, writeParts } from "../strings/parts.ts";
import { bitOffset } from "./offset.ts";

export const SINGLE_ROWS = {
  setbit: {
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Sets or clears the bit at offset in the string value stored at key",
      since: "2.2.0",
      complexity: "O(1)",
      syntax: "key offset:integer value:integer",
    },
    run: setbit,
  },
  getbit: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Returns the bit value at offset in the string value stored at key",
      since: "2.2.0",
      complexity: "O(1)",
      syntax: "key offset:integer",
    },
    run: getbit,
  },
} satisfies Record<string, CommandRow>;

const NO_BIT = new CommandError("ERR bit is not an integer or out of range");

/** Returns what the bit was. */
function setbit(context: Context, args: readonly Bytes[]): Reply {
  const { db } = context;
  const key = args[1]!;
  const offset = bitOffset(context, args[2]!);
  if (args[3] !== "0" && args[3] !== "1") throw NO_BIT;
  const entry = findString(db, key);
  const value = stringOf(entry);
  const at = Math.floor(offset / 8);
  const mask = 0x80 >> (offset % 8);
  const byte = byteAt(value, at);
  const old = byte & mask ? 1 : 0;
  if (entry !== null && at < value.length && String(old) === args[3]) {
    if (entry.encoding !== "raw") markUnseen(context, entry);
    return old;
  }
  const changed = args[3] === "1" ? byte | mask : byte & ~mask;
  const part = { offset: at, bytes: String.fromCharCode(changed) };
  writeParts(context, key, entry, [part], Math.max(value.length, at + 1));
  db.event("string", "setbit", key);
  return old;
}

function getbit(context: Context, args: readonly Bytes[]): Reply {
  const offset = bitOffset(context, args[2]!);
  const value = context.db.string(args[1]!);
  if (value === null) return 0;
  return byteAt(value, Math.floor(offset / 8)) & (0x80 >> (offset % 8)) ? 1 : 0;
}

/** 0 beyond the end. */
function byteAt(value: Bytes | BigString, at: number): number {
  if (at >= value.length) return 0;
  return value instanceof BigString ? value.byteAt(at) : value.charCodeAt(at);
}
