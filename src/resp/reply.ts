import type { Bytes } from "../support/bytes.ts";

/**
 * Reply values. A handler returns one; only the session turns it into wire bytes, so that EXEC, scripts
 * and MONITOR get values.
 *
 * The common replies are plain JavaScript values, which cost nothing to make:
 *
 * | value            | RESP2               | RESP3               |
 * |------------------|---------------------|---------------------|
 * | string           | bulk string         | bulk string         |
 * | number, bigint   | integer             | integer             |
 * | null             | null bulk `$-1`     | null `_`            |
 * | array            | array               | array               |
 *
 * Everything else is one of the classes below. Which RESP version the client speaks decides only how a
 * reply is written; the few commands whose RESP2 and RESP3 replies differ in shape ask `context.resp`.
 */
export type Reply =
  | Bytes
  | number
  | bigint
  | null
  | readonly Reply[]
  | Status
  | ErrorReply
  | NullArray
  | MapReply
  | SetReply
  | Double
  | Bool
  | Verbatim
  | BigNumber
  | Push
  | StreamReply
  | Attributes
  | Sequence
  | NoReply;

/** `+OK`. The text must not hold CR or LF. */
export class Status {
  readonly text: Bytes;
  constructor(text: Bytes) {
    this.text = text;
  }
}

/** `-ERR …`. The message holds the code: `new ErrorReply("ERR syntax error")`. */
export class ErrorReply {
  readonly message: Bytes;
  constructor(message: Bytes) {
    this.message = message;
  }
}

/** `*-1` in RESP2, `_` in RESP3: what an absent array is. */
export class NullArray {
  readonly kind = "null-array";
}

/** `%n` in RESP3, a flat array of keys and values in RESP2. `flat` holds key, value, key, value … */
export class MapReply {
  readonly flat: readonly Reply[];
  constructor(flat: readonly Reply[]) {
    this.flat = flat;
  }
}

/** `~n` in RESP3, an array in RESP2. */
export class SetReply {
  readonly members: readonly Reply[];
  constructor(members: readonly Reply[]) {
    this.members = members;
  }
}

/**
 * `,1.5` in RESP3, a bulk string in RESP2: both in Redis' spelling (17 significant digits, `inf`), or in the one that
 * is given.
 */
export class Double {
  readonly value: number;
  readonly digits: Bytes | null;
  constructor(value: number, digits: Bytes | null = null) {
    this.value = value;
    this.digits = digits;
  }
}

/** `#t` in RESP3, `:1` in RESP2. */
export class Bool {
  readonly value: boolean;
  constructor(value: boolean) {
    this.value = value;
  }
}

/** `=15\r\ntxt:Some string` in RESP3, a bulk string in RESP2. The format has three letters. */
export class Verbatim {
  readonly format: string;
  readonly text: Bytes;
  constructor(format: string, text: Bytes) {
    this.format = format;
    this.text = text;
  }
}

/** `(349…` in RESP3, a bulk string in RESP2. */
export class BigNumber {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

/** `>n` in RESP3, an array in RESP2: what the server says without being asked. */
export class Push {
  readonly elements: readonly Reply[];
  constructor(elements: readonly Reply[]) {
    this.elements = elements;
  }
}

/**
 * A reply too large to build in memory. `count` is known beforehand (RESP wants it first); the parts come
 * page by page, each a run of replies (or, for `bulk`, a run of bytes), from a snapshot taken when the
 * command ran. The session writes with back-pressure and always finishes or closes the iterator.
 *
 * - `array`, `set`: `count` elements; `map`: `count` pairs, pages hold whole pairs, flat;
 * - `bulk`: `count` bytes of one bulk string, pages hold byte strings that add up to it.
 */
export class StreamReply {
  readonly shape: "array" | "set" | "map" | "bulk";
  readonly count: number;
  readonly pages: AsyncIterable<readonly Reply[]>;
  constructor(shape: StreamReply["shape"], count: number, pages: AsyncIterable<readonly Reply[]>) {
    this.shape = shape;
    this.count = count;
    this.pages = pages;
  }
}

/** `|n` in RESP3, nothing in RESP2: said about the reply behind it, in a `Sequence`. `flat`: as in a map. */
export class Attributes {
  readonly flat: readonly Reply[];
  constructor(flat: readonly Reply[]) {
    this.flat = flat;
  }
}

/** Replies one after the other: at most one of them answers the command, the others are pushes or attributes. */
export class Sequence {
  readonly replies: readonly Reply[];
  constructor(replies: readonly Reply[]) {
    this.replies = replies;
  }
}

/** Nothing is written: the command answers by other means, or not at all. */
export class NoReply {
  readonly kind = "no-reply";
}

export const OK = new Status("OK");
export const QUEUED = new Status("QUEUED");
export const PONG = new Status("PONG");
export const NULL_ARRAY = new NullArray();
export const NO_REPLY = new NoReply();
