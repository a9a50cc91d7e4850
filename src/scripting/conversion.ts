import {
  BigNumber,
  Bool,
  Double,
  ErrorReply,
  MapReply,
  NullArray,
  type Reply,
  Sequence,
  SetReply,
  Status,
  Verbatim,
} from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { formatDouble } from "../support/doubles.ts";
import { CountedErrorReply } from "./engine.ts";
import type { Stack } from "./lua-stack.ts";
import { BOOLEAN, NIL, NUMBER, STRING, TABLE } from "./native.ts";

/**
 * Replies to Lua values and back, as https://redis.io/docs/latest/develop/interact/programmability/lua-api/#data-type-conversion
 * has it, and redis-server 7.0.15 does it.
 */

/** Replies may nest so deep: the writer's recursion and ours have to fit the stack. Redis' limit is about 8,000. */
const MAX_DEPTH = 1000;

/** Pushes what a command has answered; `resp` is the protocol that the script has chosen. */
export function pushReply(lua: Stack, reply: Reply, resp: 2 | 3): void {
  if (typeof reply === "string") lua.pushBytes(reply);
  else if (typeof reply === "number") lua.pushNumber(reply);
  else if (reply === null) pushNull(lua, resp);
  else if (typeof reply === "bigint") lua.pushNumber(Number(reply));
  else if (isArray(reply)) pushArray(lua, reply, resp);
  else if (reply instanceof Status) lua.pushRecord("ok", reply.text);
  else pushSpecial(lua, reply, resp);
}

function pushSpecial(lua: Stack, reply: object, resp: 2 | 3): void {
  if (reply instanceof ErrorReply) pushCommandError(lua, reply.message);
  else if (reply instanceof NullArray) pushNull(lua, resp);
  else if (reply instanceof MapReply) pushMap(lua, reply, resp);
  else if (reply instanceof SetReply) pushSet(lua, reply, resp);
  else if (reply instanceof Double) pushDouble(lua, reply, resp);
  else if (reply instanceof Bool) pushBool(lua, reply, resp);
  else if (reply instanceof Verbatim) pushVerbatim(lua, reply, resp);
  else if (reply instanceof BigNumber) pushBigNumber(lua, reply, resp);
  else if (reply instanceof Sequence) pushReply(lua, reply.replies.at(-1) ?? null, resp);
  else throw new Error(`a script got a ${reply.constructor.name}`);
}

/** A null of RESP2 is false, so that it does not end an array. */
function pushNull(lua: Stack, resp: 2 | 3): void {
  if (resp === 2) lua.pushBoolean(false);
  else lua.pushNil();
}

function pushArray(lua: Stack, elements: readonly Reply[], resp: 2 | 3): void {
  if (!lua.checkStack(4)) lua.error("stack overflow");
  lua.newTable(elements.length, 0);
  for (let i = 0; i < elements.length; i++) {
    pushReply(lua, elements[i]!, resp);
    lua.rawSetIndex(-2, i + 1);
  }
}

function pushMap(lua: Stack, { flat }: MapReply, resp: 2 | 3): void {
  if (resp === 2) return pushArray(lua, flat, resp);
  if (!lua.checkStack(5)) lua.error("stack overflow");
  lua.newTable(0, 1);
  // Grows by itself, as in Redis: the order of keys depends on it.
  lua.newTable(0, 0);
  for (const part of flat.keys()) {
    if (part % 2 === 1) continue;
    pushReply(lua, flat[part]!, resp);
    pushReply(lua, flat[part + 1]!, resp);
    lua.rawSet(-3);
  }
  lua.rawSetField(-2, "map");
}

function pushSet(lua: Stack, { members }: SetReply, resp: 2 | 3): void {
  if (resp === 2) return pushArray(lua, members, resp);
  if (!lua.checkStack(5)) lua.error("stack overflow");
  lua.newTable(0, 1);
  lua.newTable(0, 0);
  for (const member of members) {
    pushReply(lua, member, resp);
    lua.pushBoolean(true);
    lua.rawSet(-3);
  }
  lua.rawSetField(-2, "set");
}

function pushDouble(lua: Stack, { value, digits }: Double, resp: 2 | 3): void {
  if (resp === 2) return lua.pushBytes(digits ?? formatDouble(value));
  lua.newTable(0, 1);
  lua.pushNumber(value);
  lua.rawSetField(-2, "double");
}

function pushBool(lua: Stack, { value }: Bool, resp: 2 | 3): void {
  if (resp === 2) lua.pushNumber(value ? 1 : 0);
  else lua.pushBoolean(value);
}

function pushVerbatim(lua: Stack, { format, text }: Verbatim, resp: 2 | 3): void {
  if (resp === 2) return lua.pushBytes(text);
  lua.newTable(0, 1);
  lua.newTable(0, 2);
  lua.pushBytes(text);
  lua.rawSetField(-2, "string");
  lua.pushBytes(format);
  lua.rawSetField(-2, "format");
  lua.rawSetField(-2, "verbatim_string");
}

function pushBigNumber(lua: Stack, { digits }: BigNumber, resp: 2 | 3): void {
  if (resp === 2) lua.pushBytes(digits);
  else lua.pushRecord("big_number", digits);
}

/** The error of a command: it has been counted where it happened. */
export function pushCommandError(lua: Stack, message: Bytes): void {
  lua.pushRecord("err", codeAndText(message));
  lua.pushBoolean(true);
  lua.rawSetField(-2, "ignore_error_stats_update");
}

/** An error message without code is none: `x` ⇒ `ERR x`. Line ends around the text go. */
export function codeAndText(message: Bytes): Bytes {
  const space = message.indexOf(" ");
  const code = space < 0 ? "ERR" : message.slice(0, space);
  return `${code} ${message.slice(space + 1).replace(/^[\r\n]+|[\r\n]+$/g, "")}`;
}

/**
 * The first value on the stack as a reply. `budget` bounds the bytes of the whole: a table that holds another one twice, which holds another one
 * twice, and so on forty times, would make more than there is memory.
 */
export function takeReply(lua: Stack, resp: 2 | 3, budget: number): Reply {
  const type = lua.type(1);
  if (type === STRING) return lua.toBytes(1);
  if (type === NUMBER) return toInteger(lua.toNumber(1));
  if (type < 0) return null;
  lua.setTop(1);
  return new Taking(lua, resp, budget).pop(0);
}

/** A reply that is larger than the script's memory may be. */
export class ReplyTooLarge extends Error {
  override readonly name = "ReplyTooLarge";
}

const STACK_LIMIT = new ErrorReply("ERR reached lua stack limit");
/** What an element takes at least, and a table. */
const ELEMENT_SIZE = 16;
const TABLE_SIZE = 112;
/** Tables between two looks at the clock. */
const TABLES_PER_TIME_CHECK = 10_000;
const INT64_MIN = -(2n ** 63n);

class Taking {
  readonly #lua: Stack;
  readonly #resp: 2 | 3;
  #budget: number;
  #tables = 0;

  constructor(lua: Stack, resp: 2 | 3, budget: number) {
    this.#lua = lua;
    this.#resp = resp;
    this.#budget = budget;
  }

  pop(depth: number): Reply {
    const reply = this.#top(depth);
    this.#lua.pop(1);
    return reply;
  }

  #top(depth: number): Reply {
    const lua = this.#lua;
    this.#spend(ELEMENT_SIZE);
    if (depth > MAX_DEPTH || !lua.checkStack(4)) return STACK_LIMIT;
    switch (lua.type(-1)) {
      case STRING:
        return this.#bytes();
      case NUMBER:
        return toInteger(lua.toNumber(-1));
      case BOOLEAN: {
        const value = lua.toBoolean(-1);
        if (this.#resp === 3) return new Bool(value);
        return value ? 1 : null;
      }
      case TABLE:
        this.#spend(TABLE_SIZE);
        if (++this.#tables % TABLES_PER_TIME_CHECK === 0) lua.checkTime();
        return (lua.hasHashPart(-1) ? this.#special(depth) : null) ?? this.#array(depth);
      default:
        return null;
    }
  }

  #array(depth: number): Reply[] {
    const lua = this.#lua;
    const elements: Reply[] = [];
    for (let i = 1; lua.rawGetIndex(-1, i) !== NIL; i++) elements.push(this.pop(depth + 1));
    lua.pop(1);
    return elements;
  }

  /** The tables that stand for something: `{err = …}`, `{ok = …}`, and those of RESP3. */
  #special(depth: number): Reply | null {
    const error = this.#field("err", STRING);
    if (error !== null) return this.#error(oneLine(cString(error)));
    const status = this.#field("ok", STRING);
    if (status !== null) return new Status(oneLine(cString(status)));
    const lua = this.#lua;
    if (lua.rawGetField(-1, "double") === NUMBER) {
      const value = lua.toNumber(-1);
      lua.pop(1);
      return new Double(value);
    }
    lua.pop(1);
    const digits = this.#field("big_number", STRING);
    if (digits !== null) return new BigNumber(oneLine(digits));
    return this.#verbatim() ?? this.#map(depth) ?? this.#set(depth);
  }

  #error(message: Bytes): ErrorReply {
    const lua = this.#lua;
    const wasCounted = lua.rawGetField(-1, "ignore_error_stats_update") === BOOLEAN && lua.toBoolean(-1);
    lua.pop(1);
    return wasCounted ? new CountedErrorReply(message) : new ErrorReply(message);
  }

  #verbatim(): Reply | null {
    const lua = this.#lua;
    let reply: Reply | null = null;
    if (lua.rawGetField(-1, "verbatim_string") === TABLE) {
      const format = this.#field("format", STRING);
      const text = format === null ? null : this.#field("string", STRING);
      if (text !== null) reply = new Verbatim(cString(format!).padEnd(3, " ").slice(0, 3), text);
    }
    lua.pop(1);
    return reply;
  }

  #map(depth: number): Reply | null {
    const lua = this.#lua;
    let reply: Reply | null = null;
    if (lua.rawGetField(-1, "map") === TABLE) {
      const flat: Reply[] = [];
      lua.pushNil();
      while (lua.next(-2)) {
        lua.pushValue(-2);
        const key = this.pop(depth + 1);
        flat.push(key, this.pop(depth + 1));
      }
      reply = new MapReply(flat);
    }
    lua.pop(1);
    return reply;
  }

  #set(depth: number): Reply | null {
    const lua = this.#lua;
    let reply: Reply | null = null;
    if (lua.rawGetField(-1, "set") === TABLE) {
      const members: Reply[] = [];
      lua.pushNil();
      while (lua.next(-2)) {
        lua.pop(1);
        lua.pushValue(-1);
        members.push(this.pop(depth + 1));
      }
      reply = new SetReply(members);
    }
    lua.pop(1);
    return reply;
  }

  #field(name: Bytes, type: number): Bytes | null {
    const lua = this.#lua;
    const value = lua.rawGetField(-1, name) === type ? this.#bytes() : null;
    lua.pop(1);
    return value;
  }

  #bytes(): Bytes {
    const bytes = this.#lua.toBytes(-1) ?? "";
    this.#spend(bytes.length);
    return bytes;
  }

  #spend(size: number): void {
    this.#budget -= size;
    if (this.#budget < 0) throw new ReplyTooLarge();
  }
}

/** As the processor that Redis runs on converts: towards zero, and what does not fit is the least integer. */
function toInteger(value: number): number | bigint {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) return whole + 0;
  if (whole >= -(2 ** 63) && whole < 2 ** 63) return BigInt(whole);
  return INT64_MIN;
}

/** Redis hands errors and statuses on as C strings. */
export function cString(bytes: Bytes): Bytes {
  const end = bytes.indexOf("\0");
  return end < 0 ? bytes : bytes.slice(0, end);
}

export function oneLine(text: Bytes): Bytes {
  return text.replace(/[\r\n]/g, " ");
}

function isArray(reply: object): reply is readonly Reply[] {
  return Array.isArray(reply);
}
