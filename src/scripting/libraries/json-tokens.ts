import type { Bytes } from "../../support/bytes.ts";
import { toDouble } from "../../support/doubles.ts";

/** The tokens of JSON, by the names that cjson's errors show. */
export type Token =
  | "T_OBJ_BEGIN"
  | "T_OBJ_END"
  | "T_ARR_BEGIN"
  | "T_ARR_END"
  | "T_STRING"
  | "T_NUMBER"
  | "T_BOOLEAN"
  | "T_NULL"
  | "T_COLON"
  | "T_COMMA"
  | "T_END"
  | "T_ERROR";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
const NINE = 0x39;

const PUNCTUATION: ReadonlyMap<number, Token> = new Map([
  [0x7b, "T_OBJ_BEGIN"],
  [0x7d, "T_OBJ_END"],
  [0x5b, "T_ARR_BEGIN"],
  [0x5d, "T_ARR_END"],
  [0x3a, "T_COLON"],
  [0x2c, "T_COMMA"],
]);

/** Whatever strtod(3) reads: besides JSON's own numbers also `+1`, `01`, `1.`, `0x1p3`, `-inf` and `nan`. */
const DECIMAL = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy;
const HEXADECIMAL = /[+-]?0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p[+-]?\d+)?/iy;
const INFINITE = /[+-]?inf(?:inity)?/iy;
const NOT_A_NUMBER = /[+-]?nan(?:\(\w*\))?/iy;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
};

/** Splits JSON as lua-cjson does, which takes its input for a C string: it ends at a zero byte. */
export class JsonTokens {
  /** Where the next token is looked for. */
  at = 0;
  /** Of the last token: where it began, or for an error where that is. */
  start = 0;
  /** Of a `T_STRING`, and the reason of a `T_ERROR`. */
  text: Bytes = "";
  /** Of a `T_NUMBER`; of a `T_BOOLEAN` 0 or 1. */
  number = 0;
  readonly #input: Bytes;
  readonly #takesInvalidNumbers: boolean;

  constructor(input: Bytes, takesInvalidNumbers: boolean) {
    this.#input = input;
    this.#takesInvalidNumbers = takesInvalidNumbers;
  }

  next(): Token {
    const code = this.#skipBlanks();
    this.start = this.at;
    if (code === QUOTE) return this.#string();
    if ((code >= ZERO && code <= NINE) || code === MINUS) {
      if (!this.#takesInvalidNumbers && this.#isInvalidNumber()) return this.#error("invalid number");
      return this.#number();
    }
    // Past the end it is NaN.
    if (!(code > 0)) return "T_END";
    const punctuation = PUNCTUATION.get(code);
    if (punctuation !== undefined) {
      this.at++;
      return punctuation;
    }
    return this.#word(code);
  }

  #skipBlanks(): number {
    for (;;) {
      const code = this.#input.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at++;
    }
  }

  #word(code: number): Token {
    for (const [word, token, value] of WORDS) {
      if (!this.#input.startsWith(word, this.at)) continue;
      this.at += word.length;
      this.number = value;
      return token;
    }
    const mayBeNumber = code === PLUS || (code | 0x20) === 0x69 || (code | 0x20) === 0x6e;
    if (mayBeNumber && this.#takesInvalidNumbers && this.#isInvalidNumber()) return this.#number();
    return this.#error("invalid token");
  }

  #error(reason: string): Token {
    this.start = this.at;
    this.text = reason;
    return "T_ERROR";
  }

  /** Whether it is a number to strtod only; what is none at all may pass. */
  #isInvalidNumber(): boolean {
    let at = this.at;
    let code = this.#input.charCodeAt(at);
    if (code === PLUS) return true;
    if (code === MINUS) code = this.#input.charCodeAt(++at);
    if (code === ZERO) {
      const after = this.#input.charCodeAt(at + 1);
      return (after | 0x20) === 0x78 || (after >= ZERO && after <= NINE);
    }
    if (code <= NINE) return false;
    const word = this.#input.slice(at, at + 3).toLowerCase();
    return word === "inf" || word === "nan";
  }

  #number(): Token {
    const found = this.#match(HEXADECIMAL) ?? this.#match(DECIMAL) ?? this.#match(INFINITE);
    if (found !== undefined) this.number = toDouble(found);
    else {
      if (this.#match(NOT_A_NUMBER) === undefined) return this.#error("invalid number");
      this.number = Number.NaN;
    }
    return "T_NUMBER";
  }

  #match(pattern: RegExp): Bytes | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#input)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  #string(): Token {
    const start = ++this.at;
    for (;;) {
      const code = this.#input.charCodeAt(this.at);
      if (code === QUOTE) {
        this.text = this.#input.slice(start, this.at++);
        return "T_STRING";
      }
      if (code === BACKSLASH) return this.#escapedString(this.#input.slice(start, this.at));
      if (!(code > 0)) return this.#error("unexpected end of string");
      this.at++;
    }
  }

  /** From the first escape on. */
  #escapedString(begin: Bytes): Token {
    let text = begin;
    let from = this.at;
    for (;;) {
      const code = this.#input.charCodeAt(this.at);
      if (code !== QUOTE && code !== BACKSLASH && code > 0) {
        this.at++;
        continue;
      }
      text += this.#input.slice(from, this.at);
      if (code === QUOTE) {
        this.at++;
        this.text = text;
        return "T_STRING";
      }
      if (code !== BACKSLASH) return this.#error("unexpected end of string");
      const letter = this.#input[this.at + 1] ?? "";
      if (letter === "u") {
        const bytes = this.#unicode();
        if (bytes === undefined) return this.#error("invalid unicode escape code");
        text += bytes;
      } else {
        const char = ESCAPES[letter];
        if (char === undefined) return this.#error("invalid escape code");
        text += char;
        this.at += 2;
      }
      from = this.at;
    }
  }

  /** The UTF-8 bytes of the escape, or the two escapes of a surrogate pair, at `at`. */
  #unicode(): Bytes | undefined {
    const unit = this.#codeUnit(this.at);
    if (unit === undefined) return undefined;
    if ((unit & 0xf800) !== 0xd800) {
      this.at += 6;
      return utf8(unit);
    }
    const low = this.#input.startsWith("\\u", this.at + 6) ? this.#codeUnit(this.at + 6) : undefined;
    if ((unit & 0x400) !== 0 || low === undefined || (low & 0xfc00) !== 0xdc00) return undefined;
    this.at += 12;
    return utf8((((unit & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000);
  }

  #codeUnit(at: number): number | undefined {
    const digits = this.#input.slice(at + 2, at + 6);
    return /^[\da-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : undefined;
  }
}

const WORDS = [
  ["true", "T_BOOLEAN", 1],
  ["false", "T_BOOLEAN", 0],
  ["null", "T_NULL", 0],
] as const;

/** 0x20ac ⇒ `e2 82 ac`. */
function utf8(point: number): Bytes {
  const char = String.fromCharCode;
  const tail = (shift: number): number => ((point >> shift) & 0x3f) | 0x80;
  if (point <= 0x7f) return char(point);
  if (point <= 0x7ff) return char((point >> 6) | 0xc0, tail(0));
  if (point <= 0xffff) return char((point >> 12) | 0xe0, tail(6), tail(0));
  return char((point >> 18) | 0xf0, tail(12), tail(6), tail(0));
}
