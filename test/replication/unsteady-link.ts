import { type AddressInfo, type Server, type Socket, createConnection, createServer } from "node:net";

/** Numbers that a seed gives: the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Stands between two servers and is unreliable: passes bytes on in pieces and late, and cuts a connection after some
 * bytes, with or without the last of them, until it is told to be reliable.
 */
export class UnsteadyLink implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #random: () => number;
  readonly #targetPort: number;
  /** A connection is cut after so many bytes at the most; Infinity: not at all. */
  maxBytes: number;
  cuts = 0;

  static async open(targetPort: number, seed: number, maxBytes: number): Promise<UnsteadyLink> {
    const link = new UnsteadyLink(targetPort, seed, maxBytes);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  private constructor(targetPort: number, seed: number, maxBytes: number) {
    this.#targetPort = targetPort;
    this.#random = seeded(seed);
    this.maxBytes = maxBytes;
    this.#server = createServer((socket) => this.#pass(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #pass(socket: Socket): void {
    const target = createConnection({ host: "127.0.0.1", port: this.#targetPort });
    let left = Number.isFinite(this.maxBytes) ? Math.floor(this.#random() * this.maxBytes) : Infinity;
    for (const [from, to] of [
      [socket, target],
      [target, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (from === socket) from.pipe(to);
    }
    target.on("data", (chunk: Buffer) => {
      if (chunk.length > left) {
        this.cuts++;
        // The last bytes of it may get through, in the middle of a command.
        if (this.#random() < 0.5) socket.write(chunk.subarray(0, left));
        setTimeout(() => socket.destroy(), this.#random() * 5);
        target.pause();
        return;
      }
      left -= chunk.length;
      if (this.#random() < 0.2) {
        target.pause();
        setTimeout(() => target.resume(), this.#random() * 10);
      }
      const at = Math.floor(this.#random() * chunk.length);
      socket.write(chunk.subarray(0, at));
      socket.write(chunk.subarray(at));
    });
  }

  /** Cuts all connections now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
