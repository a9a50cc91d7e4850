import type { Bytes } from "../support/bytes.ts";

/**
 * Lua's patterns (https://www.lua.org/manual/5.1/manual.html#5.4.1), for those that Lua's own matcher could spend forever on: it
 * cannot be interrupted, and a short pattern over a long string takes hours. This one tells how many steps it has taken.
 */

/** A bad pattern, with Lua's text. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** What a capture is: a part of the subject, or a position (from 1) for `()`. */
export type Capture = Bytes | number;

/** Steps between two looks at the clock. */
const STEPS_PER_TICK = 100_000;
/** Lua's own number. */
const MAX_CAPTURES = 32;
/** What a match may recurse: each level takes native stack. */
const MAX_DEPTH = 2000;
const UNFINISHED = -1;
const POSITION = -2;

const PERCENT = 0x25;
const OPEN = 0x28;
const CLOSE = 0x29;
const STAR = 0x2a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const QUESTION = 0x3f;
const BRACKET = 0x5b;
const END_BRACKET = 0x5d;
const CARET = 0x5e;
const DOLLAR = 0x24;

/**
 * An upper bound of the steps that matching takes: each unbounded repetition can be as long as the subject, wherever the
 * match begins.
 */
export function worstSteps(size: number, pattern: Bytes): number {
  let steps = (pattern.charCodeAt(0) === CARET ? 1 : size + 1) * (pattern.length + 1);
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern.charCodeAt(i);
    if (c === PERCENT) i++;
    else if (c === STAR || c === PLUS || c === MINUS) steps *= size + 1;
    else if (c === QUESTION) steps *= 2;
    if (c === PERCENT && (pattern[i] === "b" || isDigit(pattern.charCodeAt(i)))) steps *= size + 1;
  }
  return steps;
}

export class Matcher {
  readonly #subject: Bytes;
  readonly #pattern: Bytes;
  readonly #isAnchored: boolean;
  readonly #tick: () => void;
  #level = 0;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  #steps = 0;
  #depth = 0;

  /** `tick` is called now and then, and may throw. `^` means the beginning only if `anchors`. */
  constructor(subject: Bytes, pattern: Bytes, anchors: boolean, tick: () => void) {
    this.#subject = subject;
    // To Lua a pattern is a C string.
    const end = pattern.indexOf("\0");
    this.#pattern = end < 0 ? pattern : pattern.slice(0, end);
    this.#isAnchored = anchors && pattern.charCodeAt(0) === CARET;
    this.#tick = tick;
  }

  get isAnchored(): boolean {
    return this.#isAnchored;
  }

  /** The first match from an offset on: where it begins and ends. */
  search(from: number): { start: number; end: number } | null {
    for (let start = from; start <= this.#subject.length; start++) {
      const end = this.matchAt(start);
      if (end >= 0) return { start, end };
      if (this.#isAnchored) break;
    }
    return null;
  }

  /** The end of a match that begins here, -1 if there is none. Captures are those of the last match. */
  matchAt(start: number): number {
    this.#level = 0;
    this.#depth = 0;
    return this.#match(start, this.#isAnchored ? 1 : 0);
  }

  /** All captures; the whole match if the pattern has none (unless `orWhole` is false). */
  captures(start: number, end: number, orWhole: boolean): Capture[] {
    const count = this.#level === 0 && orWhole ? 1 : this.#level;
    return Array.from({ length: count }, (_, i) => this.capture(i, start, end));
  }

  whole(start: number, end: number): Bytes {
    return this.#subject.slice(start, end);
  }

  /** One capture, from 0; the whole match stands for the first one of none. */
  capture(index: number, start: number, end: number): Capture {
    if (index >= this.#level) {
      if (index !== 0) throw new PatternError("invalid capture index");
      return this.whole(start, end);
    }
    const length = this.#lengths[index]!;
    if (length === UNFINISHED) throw new PatternError("unfinished capture");
    const from = this.#starts[index]!;
    return length === POSITION ? from + 1 : this.#subject.slice(from, from + length);
  }

  #step(): void {
    if (++this.#steps % STEPS_PER_TICK === 0) this.#tick();
  }

  /** Matches the pattern from `p` at `s`: the end, or -1. */
  #match(s: number, p: number): number {
    if (++this.#depth > MAX_DEPTH) throw new PatternError("pattern too complex");
    try {
      return this.#items(s, p);
    } finally {
      this.#depth--;
    }
  }

  #items(s: number, p: number): number {
    const pattern = this.#pattern;
    for (;;) {
      this.#step();
      if (p >= pattern.length) return s;
      const c = pattern.charCodeAt(p);
      if (c === OPEN) {
        return pattern.charCodeAt(p + 1) === CLOSE
          ? this.#open(s, p + 2, POSITION)
          : this.#open(s, p + 1, UNFINISHED);
      }
      if (c === CLOSE) return this.#close(s, p + 1);
      if (c === DOLLAR && p + 1 === pattern.length) return s === this.#subject.length ? s : -1;
      if (c === PERCENT) {
        const kind = pattern[p + 1];
        if (kind === "b") {
          s = this.#balanced(s, p + 2);
          if (s < 0) return -1;
          p += 4;
          continue;
        }
        if (kind === "f") {
          p += 2;
          if (pattern.charCodeAt(p) !== BRACKET) {
            throw new PatternError("missing '[' after '%f' in pattern");
          }
          const end = this.#classEnd(p);
          const before = s === 0 ? 0 : this.#subject.charCodeAt(s - 1);
          const after = s < this.#subject.length ? this.#subject.charCodeAt(s) : 0;
          if (this.#inSet(before, p, end - 1) || !this.#inSet(after, p, end - 1)) return -1;
          p = end;
          continue;
        }
        if (kind !== undefined && isDigit(kind.charCodeAt(0))) {
          s = this.#again(s, kind.charCodeAt(0));
          if (s < 0) return -1;
          p += 2;
          continue;
        }
      }
      const end = this.#classEnd(p);
      const repeat = pattern.charCodeAt(end);
      if (repeat === QUESTION) {
        if (this.#single(s, p, end)) {
          const found = this.#match(s + 1, end + 1);
          if (found >= 0) return found;
        }
        p = end + 1;
      } else if (repeat === STAR) {
        return this.#longest(s, p, end);
      } else if (repeat === PLUS) {
        return this.#single(s, p, end) ? this.#longest(s + 1, p, end) : -1;
      } else if (repeat === MINUS) {
        return this.#shortest(s, p, end);
      } else {
        if (!this.#single(s, p, end)) return -1;
        s++;
        p = end;
      }
    }
  }

  #longest(s: number, p: number, end: number): number {
    let count = 0;
    while (this.#single(s + count, p, end)) {
      count++;
      this.#step();
    }
    for (; count >= 0; count--) {
      const found = this.#match(s + count, end + 1);
      if (found >= 0) return found;
    }
    return -1;
  }

  #shortest(s: number, p: number, end: number): number {
    for (;;) {
      const found = this.#match(s, end + 1);
      if (found >= 0) return found;
      if (!this.#single(s, p, end)) return -1;
      s++;
    }
  }

  #open(s: number, p: number, length: number): number {
    if (this.#level >= MAX_CAPTURES) throw new PatternError("too many captures");
    this.#starts[this.#level] = s;
    this.#lengths[this.#level] = length;
    this.#level++;
    const found = this.#match(s, p);
    if (found < 0) this.#level--;
    return found;
  }

  #close(s: number, p: number): number {
    let index = this.#level - 1;
    while (index >= 0 && this.#lengths[index] !== UNFINISHED) index--;
    if (index < 0) throw new PatternError("invalid pattern capture");
    this.#lengths[index] = s - this.#starts[index]!;
    const found = this.#match(s, p);
    if (found < 0) this.#lengths[index] = UNFINISHED;
    return found;
  }

  /** `%1`: the bytes of a capture once more. */
  #again(s: number, digit: number): number {
    const index = digit - 0x31;
    if (index < 0 || index >= this.#level || this.#lengths[index] === UNFINISHED) {
      throw new PatternError("invalid capture index");
    }
    const length = this.#lengths[index]!;
    // A position has no bytes: Lua takes its mark for a length that no rest of the subject has.
    if (length < 0) return -1;
    const from = this.#starts[index]!;
    const isSame = this.#subject.startsWith(this.#subject.slice(from, from + length), s);
    return isSame ? s + length : -1;
  }

  #balanced(s: number, p: number): number {
    if (p + 1 >= this.#pattern.length) throw new PatternError("unbalanced pattern");
    const open = this.#pattern.charCodeAt(p);
    const close = this.#pattern.charCodeAt(p + 1);
    if (s >= this.#subject.length || this.#subject.charCodeAt(s) !== open) return -1;
    let depth = 1;
    for (let i = s + 1; i < this.#subject.length; i++) {
      this.#step();
      const c = this.#subject.charCodeAt(i);
      if (c === close) {
        if (--depth === 0) return i + 1;
      } else if (c === open) {
        depth++;
      }
    }
    return -1;
  }

  #classEnd(p: number): number {
    const pattern = this.#pattern;
    const c = pattern.charCodeAt(p++);
    if (c === PERCENT) {
      if (p >= pattern.length) throw new PatternError("malformed pattern (ends with '%')");
      return p + 1;
    }
    if (c !== BRACKET) return p;
    if (pattern.charCodeAt(p) === CARET) p++;
    do {
      if (p >= pattern.length) throw new PatternError("malformed pattern (missing ']')");
      const inside = pattern.charCodeAt(p++);
      if (inside === PERCENT && p < pattern.length) p++;
    } while (pattern.charCodeAt(p) !== END_BRACKET);
    return p + 1;
  }

  #single(s: number, p: number, end: number): boolean {
    if (s >= this.#subject.length) return false;
    const c = this.#subject.charCodeAt(s);
    const kind = this.#pattern.charCodeAt(p);
    if (kind === DOT) return true;
    if (kind === PERCENT) return isInClass(c, this.#pattern.charCodeAt(p + 1));
    if (kind === BRACKET) return this.#inSet(c, p, end - 1);
    return kind === c;
  }

  /** Whether a byte is in the set from its `[` at `p` to its `]` at `last`. */
  #inSet(c: number, p: number, last: number): boolean {
    const pattern = this.#pattern;
    let isIn = true;
    if (pattern.charCodeAt(p + 1) === CARET) {
      isIn = false;
      p++;
    }
    while (++p < last) {
      this.#step();
      const member = pattern.charCodeAt(p);
      if (member === PERCENT) {
        if (isInClass(c, pattern.charCodeAt(++p))) return isIn;
      } else if (pattern.charCodeAt(p + 1) === MINUS && p + 2 < last) {
        if (member <= c && c <= pattern.charCodeAt(p + 2)) return isIn;
        p += 2;
      } else if (member === c) {
        return isIn;
      }
    }
    return !isIn;
  }
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

const CLASSES: Readonly<Record<string, (c: number) => boolean>> = {
  a: isLetter,
  c: (c) => c < 0x20 || c === 0x7f,
  d: isDigit,
  l: (c) => c >= 0x61 && c <= 0x7a,
  p: (c) => c > 0x20 && c < 0x7f && !isDigit(c) && !isLetter(c),
  s: (c) => c === 0x20 || (c >= 9 && c <= 13),
  u: (c) => c >= 0x41 && c <= 0x5a,
  w: (c) => isDigit(c) || isLetter(c),
  x: (c) => isDigit(c) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66),
  z: (c) => c === 0,
};

function isLetter(c: number): boolean {
  return (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
}

/** `%a` and its kind, in lower case; in upper case what is not in it; any other byte is itself. */
function isInClass(c: number, letter: number): boolean {
  const name = String.fromCharCode(letter | 0x20);
  const test = isLetter(letter) && Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (test === undefined) return letter === c;
  return (letter & 0x20) !== 0 ? test(c) : !test(c);
}
