import type { Bytes } from "../support/bytes.ts";
import { formatDouble } from "../support/doubles.ts";
import { keptText } from "./kept-texts.ts";
import {
  Attributes,
  BigNumber,
  Bool,
  Double,
  ErrorReply,
  MapReply,
  type NoReply,
  NULL_ARRAY,
  NullArray,
  OK,
  Push,
  type Reply,
  Sequence,
  SetReply,
  Status,
  StreamReply,
  Verbatim,
} from "./reply.ts";

/** What goes to the socket: bytes, or a place where the pages of a stream go, encoded as `resp` says. */
export type OutputPart = Bytes | StreamPart;

export interface StreamPart {
  readonly stream: StreamReply;
  readonly resp: 2 | 3;
}

/** Bulk strings from this size on are parts of their own: joining would copy them. */
const OWN_PART_FROM = 16 * 1024;
/** Nested replies are cut into parts of about this size. */
const PART_SIZE = 256 * 1024;

const CACHED = 1024;
const INTEGERS = Array.from({ length: CACHED }, (_, n) => `:${n}\r\n`);
const BULK_HEADS = Array.from({ length: CACHED }, (_, n) => `$${n}\r\n`);
/** Behind another bulk, whose line break is still to be written. */
const NEXT_BULK_HEADS = BULK_HEADS.map((head) => `\r\n${head}`);
const ARRAY_HEADS = Array.from({ length: CACHED }, (_, n) => `*${n}\r\n`);

const LINE_BREAK = /[\r\n]/g;

/**
 * Replies to bytes, appended to what was written before. Small replies grow one string, which is what a
 * socket takes fastest; large bulks and streams become parts of their own.
 *
 * The protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
export class ReplyWriter {
  #text: Bytes = "";
  #parts: OutputPart[] = [];
  #partBytes = 0;
  /** Streams written since whoever counts them last set it to 0. */
  streams = 0;

  /** What was written and not taken yet; a stream counts nothing. */
  get bytes(): number {
    return this.#text.length + this.#partBytes;
  }

  write(reply: Reply, resp: 2 | 3): void {
    if (typeof reply === "string") this.#bulk(reply);
    else if (reply === OK) this.#text += "+OK\r\n";
    else if (typeof reply === "number") this.#integer(reply);
    else if (reply === null) this.#text += resp === 2 ? "$-1\r\n" : "_\r\n";
    else if (typeof reply === "bigint") this.#text += `:${reply}\r\n`;
    else if (isArray(reply)) this.#array(reply, resp);
    else this.#special(reply, resp);
  }

  /** Bytes as they are: the page of a bulk that is streamed. */
  writeRaw(bytes: Bytes): void {
    this.#text += bytes;
  }

  /** Takes over what another writer holds. */
  append(other: ReplyWriter): void {
    if (other.#parts.length > 0) {
      this.#cut();
      for (const part of other.#parts) this.#push(part);
      other.#parts = [];
      other.#partBytes = 0;
    }
    this.#text += other.#text;
    other.#text = "";
  }

  /** The text so far, if that is all there is; otherwise null, and `takeParts` has it. */
  takeText(): Bytes | null {
    if (this.#parts.length > 0) return null;
    const text = this.#text;
    this.#text = "";
    return text;
  }

  takeParts(): OutputPart[] {
    this.#cut();
    const parts = this.#parts;
    this.#parts = [];
    this.#partBytes = 0;
    return parts;
  }

  #bulk(bytes: Bytes): void {
    const length = bytes.length;
    if (length < CACHED) this.#text += BULK_HEADS[length]! + bytes + "\r\n";
    else this.#counted(`$${length}\r\n`, bytes);
  }

  #counted(head: Bytes, bytes: Bytes): void {
    if (bytes.length < OWN_PART_FROM) {
      this.#text += head + bytes + "\r\n";
      return;
    }
    this.#text += head;
    this.#cut();
    this.#push(bytes);
    this.#text = "\r\n";
  }

  #integer(value: number): void {
    this.#text += value >= 0 && value < CACHED ? INTEGERS[value]! : `:${value}\r\n`;
  }

  #array(elements: readonly Reply[], resp: 2 | 3): void {
    this.#text += elements.length < CACHED ? ARRAY_HEADS[elements.length]! : `*${elements.length}\r\n`;
    this.#elements(elements, resp);
  }

  #elements(elements: readonly Reply[], resp: 2 | 3): void {
    const kept = keptText(elements);
    if (kept === undefined) this.#each(elements, resp);
    else this.#text += kept[resp] ??= ReplyWriter.#textOf(elements, resp);
  }

  /** In one piece of memory: otherwise it would be put together each time that it is sent. */
  static #textOf(elements: readonly Reply[], resp: 2 | 3): Bytes {
    const writer = new ReplyWriter();
    writer.#each(elements, resp);
    return Buffer.from(writer.takeText()!, "latin1").latin1Slice();
  }

  #each(elements: readonly Reply[], resp: 2 | 3): void {
    for (let i = 0; i < elements.length;) {
      i = this.#shortBulks(elements, i);
      if (i < elements.length) this.write(elements[i++]!, resp);
      if (this.#text.length >= PART_SIZE) this.#cut();
    }
  }

  /**
   * The short strings from `begin` on, which is what most elements are; gives the first element behind them. To join is
   * what a long reply costs: a line break and the head that comes behind it are joined before.
   */
  #shortBulks(elements: readonly Reply[], begin: number): number {
    let element = elements[begin];
    if (typeof element !== "string" || element.length >= CACHED) return begin;
    let text = this.#text + BULK_HEADS[element.length]! + element;
    let i = begin + 1;
    for (; i < elements.length && text.length < PART_SIZE; i++) {
      element = elements[i];
      if (typeof element !== "string" || element.length >= CACHED) break;
      text = text + NEXT_BULK_HEADS[element.length]! + element;
    }
    this.#text = `${text}\r\n`;
    return i;
  }

  #special(reply: Exclude<Reply, string | number | bigint | null | readonly Reply[]>, resp: 2 | 3): void {
    if (reply instanceof Status) this.#text += `+${reply.text}\r\n`;
    else if (reply instanceof ErrorReply) this.#text += `-${oneLine(reply.message)}\r\n`;
    else if (reply === NULL_ARRAY || reply instanceof NullArray) {
      this.#text += resp === 2 ? "*-1\r\n" : "_\r\n";
    } else if (reply instanceof MapReply) {
      const { flat } = reply;
      this.#text += resp === 2 ? `*${flat.length}\r\n` : `%${flat.length / 2}\r\n`;
      this.#elements(flat, resp);
    } else if (reply instanceof SetReply) {
      this.#text += `${resp === 2 ? "*" : "~"}${reply.members.length}\r\n`;
      this.#elements(reply.members, resp);
    } else if (reply instanceof Double) {
      const digits = reply.digits ?? formatDouble(reply.value);
      if (resp === 2) this.#bulk(digits);
      else this.#text += `,${digits}\r\n`;
    } else if (reply instanceof Bool) {
      if (resp === 2) this.#integer(reply.value ? 1 : 0);
      else this.#text += reply.value ? "#t\r\n" : "#f\r\n";
    } else if (reply instanceof Verbatim) {
      this.#verbatim(reply, resp);
    } else if (reply instanceof BigNumber) {
      if (resp === 2) this.#bulk(reply.digits);
      else this.#text += `(${reply.digits}\r\n`;
    } else if (reply instanceof Push) {
      this.#text += `${resp === 2 ? "*" : ">"}${reply.elements.length}\r\n`;
      this.#elements(reply.elements, resp);
    } else if (reply instanceof StreamReply) {
      this.#stream(reply, resp);
    } else if (reply instanceof Attributes) {
      if (resp === 2) return;
      this.#text += `|${reply.flat.length / 2}\r\n`;
      this.#elements(reply.flat, resp);
    } else if (reply instanceof Sequence) {
      this.#elements(reply.replies, resp);
    } else {
      assertNoReply(reply);
    }
  }

  #verbatim({ format, text }: Verbatim, resp: 2 | 3): void {
    if (resp === 2) this.#bulk(text);
    else this.#counted(`=${text.length + 4}\r\n${format}:`, text);
  }

  #stream(stream: StreamReply, resp: 2 | 3): void {
    this.#text += streamHead(stream, resp);
    this.#cut();
    this.#push({ stream, resp });
    this.streams++;
    if (stream.shape === "bulk") this.#text = "\r\n";
  }

  #cut(): void {
    if (this.#text.length === 0) return;
    this.#push(this.#text);
    this.#text = "";
  }

  #push(part: OutputPart): void {
    this.#parts.push(part);
    if (typeof part === "string") this.#partBytes += part.length;
  }
}

function streamHead({ shape, count }: StreamReply, resp: 2 | 3): Bytes {
  switch (shape) {
    case "bulk":
      return `$${count}\r\n`;
    case "array":
      return `*${count}\r\n`;
    case "set":
      return `${resp === 2 ? "*" : "~"}${count}\r\n`;
    case "map":
      return resp === 2 ? `*${2 * count}\r\n` : `%${count}\r\n`;
  }
}

/** An error is one line; parts of it may come from the client. */
function oneLine(message: Bytes): Bytes {
  return message.replace(LINE_BREAK, " ");
}

function isArray(reply: Reply): reply is readonly Reply[] {
  return Array.isArray(reply);
}

function assertNoReply(_reply: NoReply): void {}
