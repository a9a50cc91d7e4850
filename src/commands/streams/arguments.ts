import { CommandError, SYNTAX } from "../../errors.ts";
import {
  FIRST_SEQUENCE,
  type IdRange,
  LAST_SEQUENCE,
  MAX_ID,
  MIN_ID,
  type StreamId,
  nextId,
  parseId,
  previousId,
} from "../../keyspace/stream/id.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument, optionWord } from "../arguments.ts";

export const INVALID_ID = new CommandError("ERR Invalid stream ID specified as stream command argument");
const INVALID_START = new CommandError("ERR invalid start ID for the interval");
const INVALID_END = new CommandError("ERR invalid end ID for the interval");

/** An id that names an entry: not `-`, not `+`. A sequence that is left out is 0. @throws INVALID_ID */
export function idArgument(text: Bytes): StreamId {
  const id = readId(text, FIRST_SEQUENCE);
  if (id === null) throw INVALID_ID;
  return id;
}

/** The same, null for what is no id. */
export function readId(text: Bytes, missing: Bytes): StreamId | null {
  const id = parseId(text);
  if (id === null || id.sequence === null) return null;
  return id.ms + (id.sequence ?? missing);
}

/** The ids, all of them parsed before anything is done. @throws INVALID_ID */
export function idArguments(args: readonly Bytes[], from: number): StreamId[] {
  const ids: StreamId[] = [];
  for (let at = from; at < args.length; at++) ids.push(idArgument(args[at]!));
  return ids;
}

/** `-` and `+` too; `missing` stands for a sequence that is left out. @throws INVALID_ID */
export function anyIdArgument(text: Bytes, missing = FIRST_SEQUENCE): StreamId {
  const shown = cString(text);
  if (shown === "-") return MIN_ID;
  if (shown === "+") return MAX_ID;
  const id = readId(text, missing);
  if (id === null) throw INVALID_ID;
  return id;
}

/** Where an interval begins; `(` before the id: behind it. @throws INVALID_ID, INVALID_START */
export function startArgument(text: Bytes): StreamId {
  if (!isExclusive(text)) return anyIdArgument(text);
  const next = nextId(idArgument(text.slice(1)));
  if (next === null) throw INVALID_START;
  return next;
}

/** Where an interval ends; `(` before the id: before it. @throws INVALID_ID, INVALID_END */
function endArgument(text: Bytes): StreamId {
  if (!isExclusive(text)) return anyIdArgument(text, LAST_SEQUENCE);
  const id = readId(text.slice(1), LAST_SEQUENCE);
  if (id === null) throw INVALID_ID;
  const previous = previousId(id);
  if (previous === null) throw INVALID_END;
  return previous;
}

function isExclusive(text: Bytes): boolean {
  return text.length > 1 && text.startsWith("(");
}

/** @throws INVALID_ID, INVALID_START, INVALID_END */
export function intervalArguments(start: Bytes, end: Bytes): IdRange {
  const from = startArgument(start);
  return { from, to: endArgument(end) };
}

/** COUNT n, from the argument at `from` on; below zero counts as 0; null when it is not given. @throws SYNTAX, NOT_AN_INTEGER */
export function countOption(args: readonly Bytes[], from: number): number | null {
  let count: number | null = null;
  for (let at = from; at < args.length; at += 2) {
    const value = args[at + 1];
    if (optionWord(args[at]!) !== "COUNT" || value === undefined) throw SYNTAX;
    count = Math.max(integerArgument(value), 0);
  }
  return count;
}

/** As far as C sees a string. */
function cString(text: Bytes): Bytes {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/** Names in an error, on one line, and as far as C sees them. */
export function quoted(text: Bytes): Bytes {
  return `'${cString(text).replace(/[\r\n]/g, " ")}'`;
}

export function noGroup(key: Bytes, group: Bytes, where = ""): CommandError {
  return new CommandError(`NOGROUP No such key ${quoted(key)} or consumer group ${quoted(group)}${where}`);
}

/** The words of XGROUP and XINFO, which look for the key first. */
export function noSuchGroup(key: Bytes, group: Bytes): CommandError {
  return new CommandError(`NOGROUP No such consumer group ${quoted(group)} for key name ${quoted(key)}`);
}
