import type { Push, Status } from "../resp/reply.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import type { Bytes } from "../support/bytes.ts";

/** One message goes to many clients: it is encoded once for each protocol version. */
export class PushEncoder {
  #last: Push | Status | null = null;
  readonly #encoded: { 2: Bytes | null; 3: Bytes | null } = { 2: null, 3: null };

  encode(push: Push | Status, resp: 2 | 3): Bytes {
    if (push !== this.#last) {
      this.#last = push;
      this.#encoded[2] = this.#encoded[3] = null;
    }
    return (this.#encoded[resp] ??= encode(push, resp));
  }

  /** The message is not kept longer than it is being sent. */
  forget(): void {
    this.#last = null;
    this.#encoded[2] = this.#encoded[3] = null;
  }
}

function encode(push: Push | Status, resp: 2 | 3): Bytes {
  const writer = new ReplyWriter();
  writer.write(push, resp);
  return writer.takeText() ?? (writer.takeParts() as Bytes[]).join("");
}
