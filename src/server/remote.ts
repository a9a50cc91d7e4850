import { type Socket, connect } from "node:net";
import RedisParser from "redis-parser";
import type { Bytes } from "../support/bytes.ts";

/** What another server answers: an error is a value too. */
export type RemoteReply = Bytes | number | null | RemoteError | readonly RemoteReply[];

/** An error reply; the message holds the code. */
export class RemoteError {
  readonly message: Bytes;
  constructor(message: Bytes) {
    this.message = message;
  }
}

/** The connection could not be made, or did not hold. */
export class RemoteFailure extends Error {
  override readonly name = "RemoteFailure";
  readonly isTimeout: boolean;
  /** There is no host of that name. */
  readonly isUnknownHost: boolean;

  constructor(message: string, { isTimeout = false, isUnknownHost = false } = {}) {
    super(message);
    this.isTimeout = isTimeout;
    this.isUnknownHost = isUnknownHost;
  }
}

/** What came of a request. */
export interface Exchange {
  /** In order; fewer than commands if the connection failed. */
  readonly replies: readonly RemoteReply[];
  readonly failure: RemoteFailure | null;
  /** It failed before all was sent. */
  readonly isUnsent: boolean;
}

export interface RemoteAddress {
  readonly host: string;
  readonly port: number;
  /** A unix socket instead. */
  readonly path?: string;
}

interface Waiting {
  readonly resolve: (reply: RemoteReply) => void;
  readonly reject: (error: RemoteFailure) => void;
}

/** A connection on which this process is the client of another server. */
export class Remote {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #parser: RedisParser;
  #failure: RemoteFailure | null = null;

  /** @param timeoutMs for the connection to be made @throws RemoteFailure */
  static async connect(address: RemoteAddress, timeoutMs: number): Promise<Remote> {
    const { host, port, path } = address;
    if (!(port >= 0 && port <= MAX_PORT)) throw new RemoteFailure(`there is no port ${port}`);
    const socket = path === undefined ? connect({ host, port, noDelay: true }) : connect({ path });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => {
          socket.destroy();
          reject(new RemoteFailure("the connection was not made in time", { isTimeout: true }));
        },
        Math.min(timeoutMs, MAX_TIMER_MS),
      );
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error");
        resolve();
      });
      socket.once("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        socket.destroy();
        const isUnknown = error.syscall === "getaddrinfo";
        reject(new RemoteFailure(error.message, { isUnknownHost: isUnknown }));
      });
    });
    return new Remote(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#parser = new RedisParser({
      returnReply: (reply) => this.#answer(bytesOf(reply)),
      returnError: (error) => this.#answer(new RemoteError(Buffer.from(error.message).latin1Slice())),
      returnFatalError: (error) => this.#fail(error.message),
      returnBuffers: true,
    });
    socket.on("data", (chunk: Buffer) => this.#parser.execute(chunk));
    socket.on("error", (error) => this.#fail(error.message));
    socket.on("close", () => this.#fail("the server closed the connection"));
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** It failed before all was sent. */
  #isUnsent = false;

  /**
   * Sends commands in one write. When nothing moves for `timeoutMs`, or the connection breaks, what was answered so far
   * comes back with the failure, and the connection is closed.
   */
  async request(commands: readonly (readonly Bytes[])[], timeoutMs: number): Promise<Exchange> {
    const replies: RemoteReply[] = [];
    if (this.#failure !== null) return { replies, failure: this.#failure, isUnsent: true };
    const last = Promise.all(
      commands.map(() =>
        new Promise<RemoteReply>((resolve, reject) => this.#waiting.push({ resolve, reject })).then((reply) =>
          replies.push(reply),
        ),
      ),
    );
    for (const command of commands) this.#write(command);
    const watch = this.#watch(timeoutMs);
    try {
      await last;
      return { replies, failure: null, isUnsent: false };
    } catch (error) {
      return { replies, failure: error as RemoteFailure, isUnsent: this.#isUnsent };
    } finally {
      clearInterval(watch);
    }
  }

  #write(command: readonly Bytes[]): void {
    this.#socket.cork();
    this.#socket.write(`*${command.length}\r\n`, "latin1");
    for (const argument of command) {
      this.#socket.write(`$${argument.length}\r\n`, "latin1");
      this.#socket.write(argument, "latin1");
      this.#socket.write("\r\n", "latin1");
    }
    this.#socket.uncork();
  }

  /** Whether bytes come or go, asked often enough to meet the time. */
  #watch(timeoutMs: number): NodeJS.Timeout {
    const moved = (): number =>
      this.#socket.bytesRead + this.#socket.bytesWritten - this.#socket.writableLength;
    let seen = moved();
    let seenAtMs = performance.now();
    return setInterval(
      () => {
        const now = moved();
        const nowMs = performance.now();
        if (now !== seen) {
          seen = now;
          seenAtMs = nowMs;
        } else if (nowMs - seenAtMs >= timeoutMs) {
          this.#fail("nothing moved in time", true);
        }
      },
      Math.min(Math.max(timeoutMs / 20, 5), MAX_TIMER_MS),
    );
  }

  #answer(reply: RemoteReply): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#fail("an answer came to nothing that was asked");
    else waiting.resolve(reply);
  }

  #fail(message: string, isTimeout = false): void {
    if (this.#failure === null) this.#isUnsent = this.#socket.writableLength > 0;
    this.#failure ??= new RemoteFailure(message, { isTimeout });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    this.#socket.destroy();
  }

  close(): void {
    this.#fail("closed");
  }
}

const MAX_PORT = 65_535;

/** What `setTimeout` can wait for. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function bytesOf(reply: unknown): RemoteReply {
  if (Buffer.isBuffer(reply)) return reply.latin1Slice();
  if (Array.isArray(reply)) return reply.map(bytesOf);
  if (reply instanceof Error) return new RemoteError(Buffer.from(reply.message).latin1Slice());
  return reply as number | null;
}
