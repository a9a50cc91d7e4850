import { writeSync } from "node:fs";
import { Socket } from "node:net";
import type { Bytes } from "../support/bytes.ts";
import { descriptorOf } from "./descriptors.ts";

/**
 * Where every client's bytes arrive. One for all: what came is looked at before anything else is read, and copied
 * if it is to stay.
 */
const INPUT = Buffer.allocUnsafeSlow(64 * 1024);

/** The first so many bytes of it, where that is not much: to make a buffer takes longer than to read a small request. */
const beginnings = Array.from({ length: 4096 }, (): Buffer | null => null);

function beginning(length: number): Buffer {
  if (length >= beginnings.length) return INPUT.subarray(0, length);
  return (beginnings[length] ??= INPUT.subarray(0, length));
}

/** Sees what came. The bytes are those of another client as soon as it returns. */
export type Receiver = (bytes: Buffer) => void;

/** Node.js' own part of a socket. */
interface WithHandle {
  _handle: unknown;
}

/**
 * The connection of a client. Most commands are done in less time than Node.js' streams take to bring the request
 * and to carry its reply away, so bytes do not pass through them: reading goes to one buffer, and what is written goes
 * to the system at once. Only what the system does not take is given to the stream, which then waits for it, tells
 * when it is through (`drain`), and gets all that comes after.
 */
export class ClientSocket extends Socket {
  readonly #receiver: { take: Receiver };

  /** @param accepted by a server, with `pauseOnConnect`: nothing has been read. Of no use any more */
  constructor(accepted: Socket) {
    const { _handle: handle } = accepted as unknown as WithHandle;
    (accepted as unknown as WithHandle)._handle = null;
    const receiver = { take: (): void => undefined } as { take: Receiver };
    const callback = (length: number): boolean => {
      receiver.take(beginning(length));
      return true;
    };
    const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: { buffer: INPUT, callback } };
    super(options);
    this.#receiver = receiver;
    this.setNoDelay(true);
  }

  /** Begins to read. */
  receive(take: Receiver): void {
    this.#receiver.take = take;
    this.resume();
  }

  /** Of the system, -1 when it is closed. */
  get descriptor(): number {
    return descriptorOf(this);
  }

  /** Writes as `write` does, at once if nothing waits before it. */
  send(bytes: Bytes): void {
    const sent = this.#sendNow(bytes);
    if (sent < bytes.length) this.write(sent === 0 ? bytes : bytes.slice(sent), "latin1");
  }

  /** The same for a buffer; `taken` is called when the system has taken all of it that it did not take at once. */
  sendBuffer(bytes: Buffer, taken: () => void): void {
    const sent = this.#sendNow(bytes);
    // A stream that was given little does not tell by `drain`.
    if (sent < bytes.length) this.write(bytes.subarray(sent), (error) => error ?? taken());
  }

  /** How many bytes the system took. It takes none where the connection is broken: the stream then finds out why. */
  #sendNow(bytes: Bytes | Buffer): number {
    const { descriptor } = this;
    if (descriptor < 0 || this.writableLength > 0 || this.writableCorked > 0 || this.writableEnded) return 0;
    try {
      return typeof bytes === "string"
        ? writeSync(descriptor, bytes, null, "latin1")
        : writeSync(descriptor, bytes);
    } catch {
      return 0;
    }
  }
}
