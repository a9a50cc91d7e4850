import type { Bytes } from "./bytes.ts";

/**
 * The words of a line, as inline commands, redis.conf and the values of CONFIG REWRITE have them:
 * separated by blanks, `"…"` with escapes (`\n \r \t \b \a \xHH`, and `\` before any other character for
 * that character), `'…'` with `\'` only. A closing quote must end its word. A NUL byte ends the line.
 *
 * Returns `null` for unbalanced quotes, `[]` for a blank line.
 *
 * `set k "a\x00b"` ⇒ `["set", "k", "a\0b"]`
 */
export function splitArgs(line: Bytes): Bytes[] | null {
  const nul = line.indexOf("\0");
  const text = nul < 0 ? line : line.slice(0, nul);
  const words: Bytes[] = [];
  let at = 0;
  for (;;) {
    while (isBlank(text.charCodeAt(at))) at++;
    if (at >= text.length) return words;
    let word = "";
    for (let runStart = at; ;) {
      const char = text[at];
      if (char === undefined || char === " " || char === "\n" || char === "\r" || char === "\t") {
        word += text.slice(runStart, at);
        break;
      }
      if (char !== '"' && char !== "'") {
        at++;
        continue;
      }
      word += text.slice(runStart, at);
      const quoted = char === '"' ? doubleQuoted(text, at + 1) : singleQuoted(text, at + 1);
      if (quoted === null) return null;
      word += quoted.value;
      at = quoted.end;
      if (at < text.length && !isBlank(text.charCodeAt(at))) return null;
      break;
    }
    words.push(word);
  }
}

interface Quoted {
  readonly value: Bytes;
  /** Where the closing quote was, plus one. */
  readonly end: number;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
const HEX_ESCAPE = /\\x([0-9a-fA-F]{2})/y;

function doubleQuoted(text: Bytes, start: number): Quoted | null {
  let value = "";
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === '"') return { value, end: at + 1 };
    if (char !== "\\" || at + 1 === text.length) {
      value += char;
      continue;
    }
    HEX_ESCAPE.lastIndex = at;
    const hex = HEX_ESCAPE.exec(text);
    if (hex !== null) {
      value += String.fromCharCode(Number.parseInt(hex[1]!, 16));
      at += 3;
    } else {
      const escaped = text[++at]!;
      value += ESCAPES[escaped] ?? escaped;
    }
  }
  return null;
}

function singleQuoted(text: Bytes, start: number): Quoted | null {
  let value = "";
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (char === "'") return { value, end: at + 1 };
    if (char === "\\" && text[at + 1] === "'") {
      value += "'";
      at++;
    } else {
      value += char;
    }
  }
  return null;
}

/** C's `isspace`. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

const PLAIN = /^[^\s"'\\#\x00-\x1f\x7f-\xff]+$/;

/** One word that `splitArgs` reads back as `value`: as it is where that is safe, otherwise in `"…"`. */
export function quoteArg(value: Bytes): Bytes {
  return PLAIN.test(value) ? value : quoted(value);
}

/** The value in `"…"`, on one line, in printable characters: how MONITOR and the logs show arguments. */
export function quoted(value: Bytes): Bytes {
  return `"${value.replace(/[\\"\x00-\x1f\x7f-\xff]/g, escapeByte)}"`;
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\x07": "\\a",
};

function escapeByte(char: string): string {
  return NAMED_ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
