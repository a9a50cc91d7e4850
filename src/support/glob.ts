import type { Bytes } from "./bytes.ts";

/**
 * Redis' glob patterns: `*` any bytes, `?` one byte, `[a-z]` and `[^a-z]` one of a class, `\` takes the next
 * byte literally. They match bytes, and have corners that clients can see:
 *
 * - an unclosed class ends with the pattern; in a range the byte behind `-` is its end even if it is `]`;
 * - ranges may be reversed, and compare bytes as C's signed char: 0x80 to 0xff come before 0x00;
 * - the empty string matches only the empty pattern, not `*`. KEYS and SCAN take a lone `*` for no pattern
 *   at all, which is theirs to check;
 * - no match if a 1,001st `*` would have to be tried.
 *
 * Only the last `*` is ever reconsidered: everything before it has matched as early as it can, and a later
 * match of it would leave less for the rest. So the time is at most length of pattern × length of text.
 */
export function globMatch(pattern: Bytes, text: Bytes, ignoreCase = false): boolean {
  const patternLength = pattern.length;
  const textLength = text.length;
  let p = 0;
  let t = 0;
  let stars = 0;
  let afterStar = -1;
  let starStart = 0;
  while (t < textLength) {
    let next = -1;
    if (p < patternLength) {
      const code = pattern.charCodeAt(p);
      if (code === STAR) {
        p = skipStars(pattern, p);
        if (p === patternLength) return true;
        if (++stars > MAX_STARS) return false;
        afterStar = p;
        starStart = t;
        continue;
      }
      next = matchOne(pattern, p, code, text.charCodeAt(t), ignoreCase);
    }
    if (next >= 0) {
      p = next;
      t++;
    } else {
      if (afterStar < 0) return false;
      p = afterStar;
      t = ++starStart;
      if (t === textLength) return false;
    }
  }
  // Stars match nothing at the end of a text, but not where there is no text.
  if (textLength > 0) p = skipStars(pattern, p);
  return p === patternLength;
}

/** The bytes that every match begins with, and whether they are all there is to the pattern. */
export interface GlobPrefix {
  readonly prefix: Bytes;
  readonly isWhole: boolean;
}

/** `user:1*` ⇒ `user:1`; `a\*b` ⇒ `a*b`, the whole pattern. */
export function literalPrefix(pattern: Bytes): GlobPrefix {
  let prefix = "";
  let at = 0;
  for (;;) {
    const special = nextSpecial(pattern, at);
    prefix += pattern.slice(at, special);
    if (special === pattern.length) return { prefix, isWhole: true };
    if (pattern.charCodeAt(special) !== BACKSLASH) return { prefix, isWhole: false };
    // A backslash at the very end stands for itself.
    const taken = special + 1 < pattern.length ? special + 1 : special;
    prefix += pattern[taken];
    at = taken + 1;
  }
}

/**
 * The same as `globMatch` with this pattern and case respected, for many texts: several times as fast when
 * the pattern has no `?` and no class.
 */
export function compileGlob(pattern: Bytes): (text: Bytes) => boolean {
  const segments = literalSegments(pattern);
  if (segments === null) return (text) => globMatch(pattern, text);
  const first = segments[0]!;
  if (segments.length === 1) return (text) => text === first;
  const last = segments[segments.length - 1]!;
  if (segments.length === 2) {
    if (last === "") return (text) => text.length > 0 && text.startsWith(first);
    const atLeast = first.length + last.length;
    return (text) => text.length >= atLeast && text.startsWith(first) && text.endsWith(last);
  }
  const middle = segments.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const segment of middle) {
      const found = text.indexOf(segment, at);
      if (found < 0) return false;
      at = found + segment.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BACKSLASH = 0x5c;
const DASH = 0x2d;
const CARET = 0x5e;
const MAX_STARS = 1000;

function skipStars(pattern: Bytes, at: number): number {
  while (at < pattern.length && pattern.charCodeAt(at) === STAR) at++;
  return at;
}

function nextSpecial(pattern: Bytes, from: number): number {
  for (let at = from; at < pattern.length; at++) {
    const code = pattern.charCodeAt(at);
    if (code === STAR || code === QUESTION || code === OPEN || code === BACKSLASH) return at;
  }
  return pattern.length;
}

/** The literals between the stars, or null if there is more to the pattern than literals and stars. */
function literalSegments(pattern: Bytes): Bytes[] | null {
  const segments: Bytes[] = [];
  let rest = pattern;
  for (;;) {
    const { prefix, isWhole } = literalPrefix(rest);
    segments.push(prefix);
    if (isWhole) return segments;
    const special = positionAfterLiterals(rest);
    if (rest.charCodeAt(special) !== STAR || segments.length > MAX_STARS) return null;
    rest = rest.slice(skipStars(rest, special));
  }
}

function positionAfterLiterals(pattern: Bytes): number {
  let at = nextSpecial(pattern, 0);
  while (at < pattern.length && pattern.charCodeAt(at) === BACKSLASH) {
    at = nextSpecial(pattern, at + 2);
  }
  return at;
}

/** Where the pattern goes on if its element at `p` (no star) takes the byte; -1 if it does not. */
function matchOne(pattern: Bytes, p: number, code: number, byte: number, ignoreCase: boolean): number {
  if (code === QUESTION) return p + 1;
  if (code === OPEN) return matchClass(pattern, p + 1, byte, ignoreCase);
  if (code === BACKSLASH && p + 1 < pattern.length) code = pattern.charCodeAt(++p);
  const same = code === byte || (ignoreCase && lower(code) === lower(byte));
  return same ? p + 1 : -1;
}

function matchClass(pattern: Bytes, start: number, byte: number, ignoreCase: boolean): number {
  const end = pattern.length;
  let at = start;
  const negated = at < end && pattern.charCodeAt(at) === CARET;
  if (negated) at++;
  let found = false;
  while (at < end) {
    const code = pattern.charCodeAt(at);
    if (code === BACKSLASH && at + 1 < end) {
      // An escaped byte is compared as it is, whatever `ignoreCase` says.
      found ||= pattern.charCodeAt(at + 1) === byte;
      at += 2;
    } else if (code === CLOSE) {
      at++;
      break;
    } else if (at + 2 < end && pattern.charCodeAt(at + 1) === DASH) {
      found ||= isInRange(code, pattern.charCodeAt(at + 2), byte, ignoreCase);
      at += 3;
    } else {
      found ||= code === byte || (ignoreCase && lower(code) === lower(byte));
      at++;
    }
  }
  return found === negated ? -1 : at;
}

/** Ordered first and lowered after, as Redis does: `[Z-a]` ignoring case matches nothing. */
function isInRange(from: number, to: number, byte: number, ignoreCase: boolean): boolean {
  let low = signed(from);
  let high = signed(to);
  if (low > high) [low, high] = [high, low];
  let value = signed(byte);
  if (ignoreCase) {
    low = lowerSigned(low);
    high = lowerSigned(high);
    value = lowerSigned(value);
  }
  return value >= low && value <= high;
}

function signed(byte: number): number {
  return byte > 0x7f ? byte - 0x100 : byte;
}

/** tolower(3) in the C locale makes negative bytes but -1 positive. */
function lowerSigned(value: number): number {
  return value < -1 ? value + 0x100 : lower(value);
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}
