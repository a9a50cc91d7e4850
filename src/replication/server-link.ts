import { type Socket, connect } from "node:net";
import RedisParser from "redis-parser";
import { encodeRequest } from "../resp/request.ts";
import type { Bytes } from "../support/bytes.ts";

/** The other server cannot be reached, refuses, or falls silent. The message is one line. */
export class LinkError extends Error {
  override readonly name = "LinkError";
}

/** It falls silent. */
export class LinkTimeout extends LinkError {}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface StatusReply {
  readonly text: string;
  readonly isError: boolean;
}

/** A connection to another server, from which one reads when one wants to. */
export class ServerLink {
  readonly #socket: Socket;
  readonly #where: string;
  readonly #timeoutMs: number;
  /** Read from the socket and not yet by anyone. */
  #rest: Buffer = Buffer.alloc(0);
  #error: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => undefined;
  readonly #parser: RedisParser;
  #reply: StatusReply | null = null;

  /** `timeoutMs` holds for the connection and for each silence. @throws LinkError */
  static async open(
    { host, port }: ServerAddress,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<ServerLink> {
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const link = new ServerLink(
      socket,
      host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
      timeoutMs,
    );
    signal?.addEventListener("abort", () => link.close());
    await link.#connected();
    return link;
  }

  private constructor(socket: Socket, where: string, timeoutMs: number) {
    this.#socket = socket;
    this.#where = where;
    this.#timeoutMs = timeoutMs;
    this.#parser = new RedisParser({
      returnReply: (reply) => (this.#reply = { text: String(reply), isError: false }),
      returnError: (error) => (this.#reply = { text: error.message, isError: true }),
      returnFatalError: (error) => (this.#error = error),
    });
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
  }

  readonly #listeners = {
    readable: (): void => this.#wake(),
    connect: (): void => this.#wake(),
    end: (): void => {
      this.#hasEnded = true;
      this.#wake();
    },
    close: (): void => this.#wake(),
    error: (error: Error): void => {
      this.#error = error;
      this.#wake();
    },
  };

  #fail(reason: string): never {
    throw new LinkError(`${this.#where}: ${reason}`);
  }

  async #connected(): Promise<void> {
    while (this.#socket.connecting) await this.#wait("no connection");
    this.#check();
  }

  #check(): void {
    if (this.#error !== null) this.#fail(this.#error.message);
  }

  /** Until something happened. */
  async #wait(what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const isInTime = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
      timer = setTimeout(() => resolve(false), this.#timeoutMs);
    });
    clearTimeout(timer);
    this.#wake = () => undefined;
    this.#check();
    if (isInTime) return;
    this.close();
    throw new LinkTimeout(`${this.#where}: ${what} within ${this.#timeoutMs / 1000} seconds`);
  }

  /** The next bytes; empty at the end. @throws LinkError */
  async #read(): Promise<Buffer> {
    for (;;) {
      this.#check();
      const bytes = this.#socket.read() as Buffer | null;
      if (bytes !== null) return bytes;
      if (this.#hasEnded || this.#socket.destroyed) return Buffer.alloc(0);
      await this.#wait("nothing was heard");
    }
  }

  /** Puts the next bytes into `buffer`, at least one; 0 at the end. @throws LinkError */
  async read(buffer: Buffer): Promise<number> {
    if (this.#rest.length === 0) this.#rest = await this.#read();
    const copied = this.#rest.copy(buffer);
    this.#rest = this.#rest.subarray(copied);
    return copied;
  }

  /** The next line, without its end; empty ones keep the connection alive and are not told. @throws LinkError */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.latin1Slice(0, end);
        this.#rest = this.#rest.subarray(end + 1);
        const text = line.endsWith("\r") ? line.slice(0, -1) : line;
        if (text !== "") return text;
      } else {
        if (this.#rest.length > MAX_LINE) this.#fail("it does not speak the Redis protocol");
        const more = await this.#read();
        if (more.length === 0) this.#fail("it closed the connection");
        this.#rest = Buffer.concat([this.#rest, more]);
      }
    }
  }

  /** Sends a command whose reply is a status or an error, and returns that. @throws LinkError */
  async ask(...args: readonly Bytes[]): Promise<StatusReply> {
    this.send(encodeRequest(args));
    this.#reply = null;
    const line = await this.line();
    this.#parser.execute(Buffer.from(`${line}\r\n`, "latin1"));
    this.#check();
    // More than a line: no status.
    if (this.#reply === null) this.#fail(`it answers ${args[0]!} with ${JSON.stringify(line)}`);
    return this.#reply;
  }

  send(bytes: Bytes): void {
    this.#socket.write(bytes, "latin1");
  }

  /** What was read and not taken counts as the next that comes. */
  unread(bytes: Buffer): void {
    this.#rest = Buffer.concat([bytes, this.#rest]);
  }

  /** The socket, for another to read it, and what was read of it already. */
  detach(): { readonly socket: Socket; readonly rest: Buffer } {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener);
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return { socket: this.#socket, rest };
  }

  close(): void {
    this.#socket.destroy();
  }
}

const MAX_LINE = 64 << 10;
