import type { Socket } from "node:net";
import type { Reply, StreamReply } from "../resp/reply.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import type { Bytes } from "../support/bytes.ts";

/** Not more than this is given to a socket before it has sent what it had. */
export const SOCKET_HIGH_WATER = 256 * 1024;

/** Sends the pages of one stream, each when the socket has sent enough of the one before. */
export class StreamSender {
  readonly #stream: StreamReply;
  readonly #resp: 2 | 3;
  readonly #write: (bytes: Bytes) => void;
  readonly #socket: Socket;
  readonly #pages: AsyncIterator<readonly Reply[]>;
  #sent = 0;
  #isCancelled = false;

  /** @param write to the socket, which is asked only for how full it is */
  constructor(stream: StreamReply, resp: 2 | 3, write: (bytes: Bytes) => void, socket: Socket) {
    this.#stream = stream;
    this.#resp = resp;
    this.#write = write;
    this.#socket = socket;
    this.#pages = stream.pages[Symbol.asyncIterator]();
  }

  /** Resolves when all is with the socket, or the sender was cancelled. Rejects when the pages fail. */
  async run(): Promise<void> {
    try {
      while (!this.#isCancelled) {
        const page = await this.#pages.next();
        if (page.done === true) break;
        if (!this.#isCancelled) this.#sendPage(page.value);
        if (this.#socket.writableLength >= SOCKET_HIGH_WATER) await drained(this.#socket);
      }
    } finally {
      await this.#pages.return?.();
    }
    if (!this.#isCancelled) this.#checkCount();
  }

  cancel(): void {
    this.#isCancelled = true;
  }

  #sendPage(page: readonly Reply[]): void {
    const writer = new ReplyWriter();
    for (const reply of page) {
      if (this.#stream.shape === "bulk") {
        writer.writeRaw(reply as string);
        this.#sent += (reply as string).length;
      } else {
        writer.write(reply, this.#resp);
        this.#sent++;
      }
    }
    this.#socket.cork();
    for (const part of writer.takeParts()) this.#write(part as Bytes);
    this.#socket.uncork();
  }

  /** The client was promised a count. If it was wrong, all that follows would be misread. */
  #checkCount(): void {
    const { shape, count } = this.#stream;
    const promised = shape === "map" ? 2 * count : count;
    if (this.#sent !== promised) throw new Error(`a stream of ${promised} held ${this.#sent}`);
  }
}

/** Resolves when the socket has sent what it was given, or is closed. */
async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}
