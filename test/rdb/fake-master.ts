import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";

/** A server that says what it is told to, whatever it is asked. */
export class FakeMaster implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** `says` is sent to each who connects; then it may hang up. */
  static async start(says: string | Buffer, hangsUp = false): Promise<FakeMaster> {
    const master = new FakeMaster(says, hangsUp);
    master.#server.listen(0, "127.0.0.1");
    await once(master.#server, "listening");
    return master;
  }

  private constructor(says: string | Buffer, hangsUp: boolean) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.write(typeof says === "string" ? Buffer.from(says, "latin1") : says);
      if (hangsUp) socket.end();
    });
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** To all who are connected. */
  say(more: Buffer): void {
    for (const socket of this.#sockets) socket.write(more);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const HANDSHAKE = `+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC ${"0".repeat(40)} 1\r\n`;

/** What a master says up to the RDB of that many bytes. */
export const beforeRdb = (bytes: number): string => `${HANDSHAKE}$${bytes}\r\n`;

/** What one says that writes no file: the mark comes again behind the RDB. */
export const beforeMarkedRdb = (mark: string): string => `${HANDSHAKE}\n\n$EOF:${mark}\r\n`;
