import { CommandError } from "../errors.ts";
import { MAX_BYTES_LENGTH, type Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { splitArgs } from "../support/split-args.ts";
import { BulkCollector } from "./bulk-collector.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { RequestSource } from "./request-source.ts";

/** The stream of requests cannot be understood any further: answer this and hang up. */
export class ProtocolError extends CommandError {
  constructor(text: Bytes) {
    super(`ERR Protocol error: ${text}`);
  }
}

/** Asked whenever a length arrives, so that an AUTH or CONFIG SET counts from the next request on. */
export interface RequestLimits {
  /** `proto-max-bulk-len`, in bytes. */
  readonly maxBulkLength: number;
  /** The client must log in before it may send much. */
  readonly authRequired: boolean;
}

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const ASTERISK = 42;

/** Longest line (a length, or an inline command), in bytes. */
const MAX_LINE = 64 * 1024;
const MAX_ARGUMENTS = 2 ** 31 - 1;
const MAX_ARGUMENTS_BEFORE_AUTH = 10;
const MAX_BULK_BEFORE_AUTH = 16 * 1024;
/** Bulks from this size on are collected on their own, instead of joining the chunks that they came in. */
const COLLECT_FROM = 16 * 1024;
/** What an argument costs beside its bytes, roughly: the string's head and its place in the array. */
const ARGUMENT_OVERHEAD = 40;

/** Arrays of so many arguments are made in their size at once: V8 makes one that grows far too large at first. */
const FEW_ARGUMENTS = 64;

/** A request that was read before its turn. */
export interface RequestAhead {
  readonly args: readonly Bytes[];
  readonly next: RequestAhead | null;
}

/** And where its bytes are (`RequestSource`), null when they are not known. */
interface Ahead extends RequestAhead {
  readonly args: Bytes[];
  readonly bytes: Buffer | null;
  readonly begin: number;
  readonly end: number;
  next: Ahead | null;
}

/**
 * Requests out of the bytes of one connection: arrays of bulk strings, and inline commands.
 *
 * Bytes are pushed as they come, requests are taken out one by one. Nothing is looked at twice, however
 * the stream is cut up: a request that is only partly there leaves its finished arguments, the bulk that
 * is being collected, and how far its current line was searched. A length only promises bytes; memory is
 * taken when they come.
 *
 * Details that clients of Redis can see are kept: a line that holds a NUL byte before its end is never
 * complete, and the two bytes behind a bulk are skipped whatever they are.
 */
export class RequestReader {
  /** Of the request that `next` gave last. */
  readonly source = new RequestSource();
  readonly #limits: RequestLimits;
  readonly #chunks = new ChunkQueue();
  #chunk: Buffer = this.#chunks.current;
  /** Where in `#chunk` the reader stands. */
  #at = 0;
  /** Up to where, from `#at`, the current line was searched for its end. */
  #searched = 0;
  /** Where the current request begins, and whether all of it so far is there, as `encodeRequest` would have it. */
  #begin = 0;
  #isPlain = false;
  /** Of a request that is not whole; null between requests. */
  #args: Bytes[] | null = null;
  /** How many of its arguments are there. */
  #filled = 0;
  /** Arguments that the current request still lacks; 0 between requests. */
  #missing = 0;
  /** Of the argument that comes next, -1 when its length was not read yet. */
  #bulkLength = -1;
  #isBulkLengthChecked = true;
  #collector: BulkCollector | null = null;
  #argumentBytes = 0;
  /** A list, since an array that is emptied and filled again takes new memory each time. */
  #firstAhead: Ahead | null = null;
  /** What is read now is not the next to be run: limits may be others when it is. */
  #isAhead = false;
  #failure: ProtocolError | null = null;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** The same with bytes that are good until `keep` is called. */
  lend(chunk: Buffer): void {
    this.#chunks.lend(chunk);
  }

  /** Copies what was not read of what was lent. */
  keep(): void {
    this.source.clear();
    this.#chunks.keep(this.#at);
    this.#stay();
  }

  /** Bytes in memory: what was not read yet, and what there is of an unfinished request. */
  get bufferedBytes(): number {
    return this.#chunks.bytes - this.#at + (this.#collector?.filled ?? 0) + this.#argumentBytes;
  }

  /** Right behind a request that `next` gave: what came and was not read yet. */
  get unreadBytes(): number {
    return this.#chunks.dataBytes - this.#at;
  }

  /**
   * The next request, never empty; `null` when more bytes are needed.
   * @throws ProtocolError, and again on every further call.
   */
  next(): Bytes[] | null {
    const ahead = this.#firstAhead;
    if (ahead !== null) {
      const { args, bytes, begin, end } = ahead;
      this.#firstAhead = ahead.next;
      if (bytes === null) this.source.clear();
      else this.source.set(args, bytes, begin, end);
      return args;
    }
    if (this.#failure !== null) throw this.#failure;
    return this.#parse();
  }

  /** The first of the complete requests that `lookAhead` has found, and `next` will return. */
  get ahead(): RequestAhead | null {
    return this.#firstAhead;
  }

  /** Reads on until there are `limit` complete requests `ahead`, without taking them. */
  lookAhead(limit: number): void {
    // Before a login each request decides under which limits the one behind it is read.
    if (this.#limits.authRequired) return;
    let count = 0;
    let last: Ahead | null = null;
    for (let ahead = this.#firstAhead; ahead !== null; ahead = ahead.next) {
      last = ahead;
      count++;
    }
    this.#isAhead = last !== null;
    try {
      for (; count < limit && this.#failure === null; count++) {
        const args = this.#parse();
        if (args === null) break;
        const ahead = this.#found(args);
        if (last === null) this.#firstAhead = ahead;
        else last.next = ahead;
        last = ahead;
        this.#isAhead = true;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    } finally {
      this.#isAhead = false;
    }
  }

  #found(args: Bytes[]): Ahead {
    const { source } = this;
    if (!source.isOf(args)) return { args, bytes: null, begin: 0, end: 0, next: null };
    return { args, bytes: source.bytes, begin: source.begin, end: source.end, next: null };
  }

  #parse(): Bytes[] | null {
    for (;;) {
      if (this.#missing === 0) {
        if (this.#at === this.#chunk.length && !this.#more()) return null;
        if (this.#chunk[this.#at] !== ASTERISK) {
          const words = this.#inline();
          if (words === null) return null;
          if (words.length > 0) return words;
          continue;
        }
        this.#begin = this.#at;
        this.#isPlain = true;
        const count = this.#length("multibulk length", "too big mbulk count string");
        if (count === null) return null;
        this.#checkCount(count);
        if (count <= 0) continue;
        this.#missing = count;
        this.#filled = 0;
      }
      const args = this.#args ?? this.#room(this.#missing);
      if (!this.#arguments(args)) {
        this.#args = args;
        return null;
      }
      // The bytes of what was lent will be gone when the request runs.
      if (this.#isPlain && !this.#chunks.isLent(this.#chunk)) {
        this.source.set(args, this.#chunk, this.#begin, this.#at);
      }
      this.#args = null;
      this.#argumentBytes = 0;
      return args;
    }
  }

  #room(count: number): Bytes[] {
    return count <= FEW_ARGUMENTS ? new Array<Bytes>(count) : [];
  }

  /** Reads arguments until none is missing; false when more bytes are needed. */
  #arguments(args: Bytes[]): boolean {
    while (this.#missing > 0) {
      if (this.#bulkLength < 0) {
        const length = this.#length("bulk length", "too big bulk count string");
        if (length === null) return false;
        if (length < 0) this.#checkBulk(length);
        this.#bulkLength = length;
        this.#isBulkLengthChecked = length < COLLECT_FROM;
      }
      if (!this.#isBulkLengthChecked) {
        // A CONFIG SET before it may allow it.
        if (this.#isAhead) return false;
        this.#checkBulk(this.#bulkLength);
        this.#isBulkLengthChecked = true;
      }
      const argument = this.#bulk(this.#bulkLength);
      if (argument === null) return false;
      args[this.#filled++] = argument;
      this.#argumentBytes += argument.length + ARGUMENT_OVERHEAD;
      this.#bulkLength = -1;
      this.#missing--;
    }
    return true;
  }

  #bulk(length: number): Bytes | null {
    if (this.#collector !== null) return this.#collect(this.#collector);
    while (this.#chunk.length - this.#at < length + 2) {
      if (length >= COLLECT_FROM) return this.#collect((this.#collector = new BulkCollector(length + 2)));
      if (!this.#more()) return null;
    }
    const chunk = this.#chunk;
    const start = this.#at;
    const end = start + length;
    this.#at = end + 2;
    if (chunk[end] !== CR || chunk[end + 1] !== LF) this.#isPlain = false;
    return chunk.latin1Slice(start, end);
  }

  #collect(collector: BulkCollector): Bytes | null {
    do {
      this.#at += collector.take(this.#chunk, this.#at);
      if (collector.isFull) {
        this.#collector = null;
        return collector.bytes(this.#bulkLength);
      }
    } while (this.#more());
    return null;
  }

  /** The number behind the type byte, once its line is there; null when more bytes are needed. */
  #length(what: "multibulk length" | "bulk length", tooLong: Bytes): number | null {
    for (;;) {
      const chunk = this.#chunk;
      const end = chunk.length;
      let at = this.#at + 1;
      let value = 0;
      for (; at < end; at++) {
        const digit = chunk[at]! - 48;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      const digits = at - this.#at - 1;
      const isPlain =
        at + 1 < end &&
        chunk[at] === CR &&
        chunk[at + 1] === LF &&
        digits > 0 &&
        digits < 10 &&
        (digits === 1 || chunk[this.#at + 1] !== 48) &&
        (what === "multibulk length" || chunk[this.#at] === DOLLAR);
      if (isPlain) {
        this.#at = at + 2;
        this.#searched = 0;
        return value;
      }
      const lineEnd = this.#findLineEnd(CR, tooLong);
      if (lineEnd >= 0 && lineEnd + 1 < this.#chunk.length) return this.#unusualLength(what, lineEnd);
      if (!this.#more()) return null;
    }
  }

  #unusualLength(what: "multibulk length" | "bulk length", lineEnd: number): number {
    this.#isPlain = false;
    if (what === "bulk length" && this.#chunk[this.#at] !== DOLLAR) {
      this.#fail(`expected '$', got '${this.#chunk.latin1Slice(this.#at, this.#at + 1)}'`);
    }
    const length = parseInteger(this.#chunk.latin1Slice(this.#at + 1, lineEnd));
    if (length === null) this.#fail(`invalid ${what}`);
    this.#at = lineEnd + 2;
    this.#searched = 0;
    // Where this rounds, the number is far beyond every limit.
    return Number(length);
  }

  #inline(): Bytes[] | null {
    let lineEnd: number;
    while ((lineEnd = this.#findLineEnd(LF, "too big inline request")) < 0) {
      if (!this.#more()) return null;
    }
    const start = this.#at;
    const textEnd = lineEnd > start && this.#chunk[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    const words = splitArgs(this.#chunk.latin1Slice(start, textEnd));
    if (words === null) this.#fail("unbalanced quotes in request");
    this.#at = lineEnd + 1;
    this.#searched = 0;
    return words;
  }

  /** Where the line from `#at` ends, -1 when that is not known yet. */
  #findLineEnd(ending: number, tooLong: Bytes): number {
    const chunk = this.#chunk;
    let at = this.#at + this.#searched;
    const end = Math.min(chunk.length, this.#at + MAX_LINE + 1);
    for (; at < end; at++) {
      const byte = chunk[at]!;
      if (byte === ending) return at;
      if (byte === 0) break;
    }
    this.#searched = at - this.#at;
    if (chunk.length - this.#at > MAX_LINE) this.#fail(tooLong);
    return -1;
  }

  #checkCount(count: number): void {
    if (count > MAX_ARGUMENTS) this.#fail("invalid multibulk length");
    if (count > MAX_ARGUMENTS_BEFORE_AUTH && this.#limits.authRequired) {
      this.#fail("unauthenticated multibulk length");
    }
  }

  #checkBulk(length: number): void {
    if (length < 0 || length > this.#limits.maxBulkLength) this.#fail("invalid bulk length");
    if (length > MAX_BULK_BEFORE_AUTH && this.#limits.authRequired) {
      this.#fail("unauthenticated bulk length");
    }
    if (length > MAX_BYTES_LENGTH) this.#fail(`bulk of more than ${MAX_BYTES_LENGTH} bytes`);
  }

  /** Goes on with the next chunk, before it what was not read of this one. */
  #more(): boolean {
    const isMore = this.#chunks.advance(this.#at);
    this.#stay();
    return isMore;
  }

  /** Another buffer begins where the reader stood in the one before. */
  #stay(): void {
    if (this.#chunk === this.#chunks.current) return;
    this.#isPlain = false;
    this.#chunk = this.#chunks.current;
    this.#at = 0;
  }

  #fail(text: Bytes): never {
    this.#failure = new ProtocolError(text);
    throw this.#failure;
  }
}
