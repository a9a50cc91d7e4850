/**
 * A reply with every difference that the protocol can tell, as plain values that are easily written down in
 * a test: `{ map: [["field", { double: "1.5" }]] }`. Strings are bytes, one character each.
 */
export type Exact =
  | string
  | number
  | bigint
  | boolean
  | null
  | Exact[]
  | { status: string }
  | { error: string }
  | { nullArray: true }
  | { double: string }
  | { big: string }
  | { verbatim: string; format: string }
  | { map: [Exact, Exact][] }
  | { set: Exact[] }
  | { push: Exact[] }
  | { attributes: [Exact, Exact][]; of: Exact };

/** The value of one whole reply: `":1\r\n"` ⇒ `1`, `"*-1\r\n"` ⇒ `{ nullArray: true }`. */
export function exact(reply: Buffer): Exact {
  const reader = new Reader(reply);
  const value = reader.read();
  if (reader.position !== reply.length) throw new Error("bytes after the reply");
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(): Exact {
    const lineEnd = this.#bytes.indexOf("\r\n", this.position, "latin1");
    const type = String.fromCharCode(this.#bytes[this.position]!);
    const line = this.#bytes.latin1Slice(this.position + 1, lineEnd);
    this.position = lineEnd + 2;
    switch (type) {
      case "+":
        return { status: line };
      case "-":
        return { error: line };
      case ":":
        return integer(line);
      case "_":
        return null;
      case ",":
        return { double: line };
      case "#":
        return line === "t";
      case "(":
        return { big: line };
      case "$":
        return line === "-1" ? null : this.#take(Number(line));
      case "!":
        return { error: this.#take(Number(line)) };
      case "=": {
        const text = this.#take(Number(line));
        return { verbatim: text.slice(4), format: text.slice(0, 3) };
      }
      case "*":
        return line === "-1" ? { nullArray: true } : this.#elements(Number(line));
      case "~":
        return { set: this.#elements(Number(line)) };
      case ">":
        return { push: this.#elements(Number(line)) };
      case "%":
        return { map: this.#pairs(Number(line)) };
      case "|":
        return { attributes: this.#pairs(Number(line)), of: this.read() };
      default:
        throw new Error(`no RESP type ${JSON.stringify(type)}`);
    }
  }

  #take(length: number): string {
    const text = this.#bytes.latin1Slice(this.position, this.position + length);
    this.position += length + 2;
    return text;
  }

  #elements(count: number): Exact[] {
    return Array.from({ length: count }, () => this.read());
  }

  #pairs(count: number): [Exact, Exact][] {
    return Array.from({ length: count }, () => [this.read(), this.read()]);
  }
}

/** A number while it is exact, else a bigint. */
function integer(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
