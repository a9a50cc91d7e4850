/**
 * Cuts a stream of RESP2 or RESP3 bytes into replies, without changing a byte. Parsers forget what a byte-exact
 * comparison asks for (a status from a bulk string, how a double was spelled), so replies are compared, kept
 * and decoded from what this gives.
 *
 * It needs no stack: a reply is over when as many elements came as were announced.
 */
export class ReplySplitter {
  /** Written once and only behind what is there: the replies given out are parts of it. */
  #bytes: Buffer = Buffer.alloc(0);
  /** How much of `#bytes` has arrived. */
  #length = 0;
  /** Start of the reply that is being read, and the next unread element of it, in `#bytes`. */
  #start = 0;
  #next = 0;
  #elementsMissing = 1;

  /** What has arrived of a reply that is not whole yet. */
  get pending(): Buffer {
    return this.#bytes.subarray(this.#start, this.#length);
  }

  /** The replies that `chunk` completes. Throws where the bytes are not RESP. */
  push(chunk: Buffer): Buffer[] {
    this.#append(chunk);
    const replies: Buffer[] = [];
    while (this.#readElement()) {
      if (this.#elementsMissing > 0) continue;
      replies.push(this.#bytes.subarray(this.#start, this.#next));
      this.#start = this.#next;
      this.#elementsMissing = 1;
    }
    return replies;
  }

  /** A buffer that is full is left for one of twice what is unread: each byte is moved a few times at most. */
  #append(chunk: Buffer): void {
    const { pending } = this;
    if (this.#length + chunk.length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(2 * (pending.length + chunk.length));
      pending.copy(this.#bytes);
      this.#next -= this.#start;
      this.#start = 0;
      this.#length = pending.length;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length += chunk.length;
  }

  /** Steps over one element (an aggregate's header is one); false when it is not all there. */
  #readElement(): boolean {
    const arrived = this.#bytes.subarray(0, this.#length);
    const lineEnd = arrived.indexOf("\r\n", this.#next, "latin1");
    if (lineEnd < 0) return false;
    const type = String.fromCharCode(arrived[this.#next]!);
    const count = (): number => {
      const text = arrived.latin1Slice(this.#next + 1, lineEnd);
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
        `not RESP: ${JSON.stringify(arrived.toString("latin1", this.#next, this.#next + 100))}`,
      );
    }
    if (end > this.#length) return false;
    this.#next = end;
    this.#elementsMissing += elementsAhead - 1;
    return true;
  }
}
