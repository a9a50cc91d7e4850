/**
 * Cuts a stream of RESP2 or RESP3 bytes into replies, without changing a byte. Parsers forget what a byte-exact
 * comparison asks for (a status from a bulk string, how a double was spelled), so replies are compared, kept
 * and decoded from what this gives.
 *
 * It needs no stack: a reply is over when as many elements came as were announced.
 */
export class ReplySplitter {
  #bytes: Buffer = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** Start of the reply that is being read, and the next unread element of it, in `#bytes`. */
  #start = 0;
  #next = 0;
  #elementsMissing = 1;
  /** `#bytes` must grow to this length before reading on is worth it: a large bulk is joined once. */
  #lengthNeeded = 0;

  /** What has arrived of a reply that is not whole yet. */
  get pending(): Buffer {
    this.#join();
    return this.#bytes.subarray(this.#start);
  }

  /** The replies that `chunk` completes. Throws where the bytes are not RESP. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    if (this.#bytes.length + this.#chunkBytes < this.#lengthNeeded) return [];
    this.#join();
    const replies: Buffer[] = [];
    while (this.#readElement()) {
      if (this.#elementsMissing > 0) continue;
      replies.push(this.#bytes.subarray(this.#start, this.#next));
      this.#start = this.#next;
      this.#elementsMissing = 1;
    }
    return replies;
  }

  #join(): void {
    if (this.#chunks.length === 0) return;
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#start), ...this.#chunks]);
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#next -= this.#start;
    this.#start = 0;
  }

  /** Steps over one element (an aggregate's header is one); false when it is not all there. */
  #readElement(): boolean {
    const lineEnd = this.#bytes.indexOf("\r\n", this.#next, "latin1");
    if (lineEnd < 0) {
      this.#lengthNeeded = this.#bytes.length + 1;
      return false;
    }
    const type = String.fromCharCode(this.#bytes[this.#next]!);
    const count = (): number => {
      const text = this.#bytes.latin1Slice(this.#next + 1, lineEnd);
      if (!/^(-1|\d+)$/.test(text)) throw new Error(`not a RESP length: ${JSON.stringify(type + text)}`);
      return Number(text);
    };
    let end = lineEnd + 2;
    let elementsAhead = 0;
    if ("$=!".includes(type)) {
      const length = count();
      if (length >= 0) end += length + 2;
    } else if ("*~>".includes(type)) elementsAhead = Math.max(count(), 0);
    else if (type === "%") elementsAhead = 2 * count();
    else if (type === "|") elementsAhead = 2 * count() + 1;
    else if (!"+-:_,#(".includes(type)) {
      throw new Error(
        `not RESP: ${JSON.stringify(this.#bytes.toString("latin1", this.#next, this.#next + 100))}`,
      );
    }
    if (end > this.#bytes.length) {
      this.#lengthNeeded = end;
      return false;
    }
    this.#next = end;
    this.#elementsMissing += elementsAhead - 1;
    return true;
  }
}
