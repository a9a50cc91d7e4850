import { createConnection, type Socket } from "node:net";
import { exact, type Exact } from "./exact.ts";
import { plain, type Plain } from "./plain.ts";
import { ReplySplitter } from "./reply-splitter.ts";

/** Strings are bytes, one character each, as in the server. */
export type Argument = string | number | bigint | Buffer;

export interface ClientOptions {
  readonly host?: string;
  readonly port?: number;
  /** A unix socket instead of host and port. */
  readonly path?: string;
  /** The longest that a read waits, in ms. */
  readonly timeoutMs?: number;
}

type Waiter = {
  readonly resolve: (reply: Buffer) => void;
  readonly reject: (cause: Error) => void;
  readonly timer: NodeJS.Timeout;
};

/**
 * One connection, with nothing between the test and the bytes: what was sent and what came is exact, and a
 * read that takes too long fails with the text of what has come so far.
 */
export class Client {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #splitter = new ReplySplitter();
  readonly #replies: Buffer[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #ended: Promise<void>;
  #end: Error | undefined;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    // A reset is one way for the server to hang up; the close event follows.
    socket.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      socket.once("close", () => {
        this.#fail(new Error("the server closed the connection"));
        resolve();
      });
    });
  }

  static async connect(options: ClientOptions): Promise<Client> {
    const { host = "127.0.0.1", port, path, timeoutMs = 10_000 } = options;
    const socket = path === undefined ? createConnection({ host, port: port! }) : createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Client(socket, timeoutMs);
  }

  /** Sends a command; its reply as a client library would give it. RESP2 only. */
  async send(...command: Argument[]): Promise<Plain> {
    return plain(await this.sendRaw(...command));
  }

  /** Sends a command; its reply with every difference that the protocol can tell. */
  async sendExact(...command: Argument[]): Promise<Exact> {
    return exact(await this.sendRaw(...command));
  }

  /** Sends a command; the bytes of its reply. */
  sendRaw(...command: Argument[]): Promise<Buffer> {
    this.write(encodeCommand(command));
    return this.readRaw();
  }

  /** Sends all commands in one write; their replies in order. */
  async pipeline(commands: readonly (readonly Argument[])[]): Promise<Plain[]> {
    return (await this.pipelineRaw(commands)).map(plain);
  }

  async pipelineRaw(commands: readonly (readonly Argument[])[]): Promise<Buffer[]> {
    this.write(Buffer.concat(commands.map(encodeCommand)));
    const replies: Buffer[] = [];
    for (const _ of commands) replies.push(await this.readRaw());
    return replies;
  }

  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The next reply. */
  async read(): Promise<Plain> {
    return plain(await this.readRaw());
  }

  async readExact(): Promise<Exact> {
    return exact(await this.readRaw());
  }

  readRaw(): Promise<Buffer> {
    const reply = this.#replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    if (this.#end !== undefined) return Promise.reject(this.#withReceived(this.#end));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(this.#withReceived(new Error(`no reply within ${this.#timeoutMs} ms`)));
      }, this.#timeoutMs);
      const waiter = { resolve, reject, timer };
      this.#waiters.push(waiter);
    });
  }

  /** All bytes until the server hangs up, which it has to do in time. */
  async readUntilClosed(): Promise<Buffer> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(this.#withReceived(new Error(`the server did not hang up within ${this.#timeoutMs} ms`))),
        this.#timeoutMs,
      );
    });
    try {
      await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
    return Buffer.concat([...this.#replies.splice(0), this.#splitter.pending]);
  }

  /** Takes nothing from the socket until `resume`: a client that does not read. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes the sending side only. */
  endWrites(): void {
    this.#socket.end();
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(chunk: Buffer): void {
    let replies: Buffer[];
    try {
      replies = this.#splitter.push(chunk);
    } catch (cause) {
      this.#fail(cause as Error);
      return;
    }
    for (const reply of replies) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) this.#replies.push(reply);
      else {
        clearTimeout(waiter.timer);
        waiter.resolve(reply);
      }
    }
  }

  #fail(cause: Error): void {
    this.#end ??= cause;
    for (const waiter of this.#waiters.splice(0)) {
      clearTimeout(waiter.timer);
      waiter.reject(this.#withReceived(cause));
    }
  }

  #withReceived(cause: Error): Error {
    const received = Buffer.concat([...this.#replies, this.#splitter.pending]);
    const text = JSON.stringify(received.toString("latin1", 0, 1000));
    return new Error(`${cause.message}; received and not read: ${text} (${received.length} bytes)`, {
      cause,
    });
  }
}

/** `["GET", "k"]` ⇒ `"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"`. */
export function encodeCommand(command: readonly Argument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const argument of command) {
    const bytes = Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument), "latin1");
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

const CRLF = Buffer.from("\r\n");
