import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { once } from "node:events";
import { RequestReader } from "../../src/resp/request-reader.ts";
import { encodeCommand } from "../support/client.ts";

/** How a Redis of some age speaks to a replica. */
export interface Manners {
  /** Of REPLCONF; another is an error. */
  readonly options: readonly string[];
  /** - `none`: before Redis 2.8, only SYNC
   * - `plain`: Redis 2.8 to 3.2, which never change their id
   * - `named`: Redis 4 and later, which tell it */
  readonly psync: "none" | "plain" | "named";
}

interface Connection {
  readonly socket: Socket;
  isStreaming: boolean;
}

/**
 * A master made of what it is to say: an RDB file, and the commands behind it. It answers the handshake as the servers
 * of its age do, which is not what redis-server 7 answers.
 */
export class OldMaster implements AsyncDisposable {
  readonly #manners: Manners;
  readonly #rdb: Buffer;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #stream = Buffer.alloc(0);
  readonly id = "5".repeat(40);
  /** Before the first byte of its stream. */
  readonly #begin = 1000;
  /** All that was said to it, in order. */
  readonly heard: string[][] = [];

  static async start(manners: Manners, rdb: Buffer): Promise<OldMaster> {
    const master = new OldMaster(manners, rdb);
    master.#server.listen(0, "127.0.0.1");
    await once(master.#server, "listening");
    return master;
  }

  private constructor(manners: Manners, rdb: Buffer) {
    this.#manners = manners;
    this.#rdb = rdb;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where its stream ends. */
  get offset(): number {
    return this.#begin + this.#stream.length;
  }

  /** Adds commands to its stream. */
  tell(...commands: readonly (readonly string[])[]): void {
    const bytes = Buffer.concat(commands.map(encodeCommand));
    this.#stream = Buffer.concat([this.#stream, bytes]);
    for (const { socket, isStreaming } of this.#connections) if (isStreaming) socket.write(bytes);
  }

  /** Hangs up on all replicas. */
  cut(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  /** How often it was asked for something by that command. */
  count(name: string): number {
    return this.heard.filter(([first]) => first === name).length;
  }

  #accept(socket: Socket): void {
    const connection = { socket, isStreaming: false };
    this.#connections.add(connection);
    const reader = new RequestReader({ maxBulkLength: 1 << 20, authRequired: false });
    socket.on("error", () => {});
    socket.on("close", () => this.#connections.delete(connection));
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      for (let args = reader.next(); args !== null; args = reader.next()) this.#answer(connection, args);
    });
  }

  #answer(connection: Connection, args: readonly string[]): void {
    const [name = "", option = ""] = args;
    this.heard.push([...args]);
    const say = (line: string): void => void connection.socket.write(`${line}\r\n`, "latin1");
    switch (name.toUpperCase()) {
      case "PING":
        say("+PONG");
        break;
      case "REPLCONF":
        if (option.toUpperCase() === "ACK" && this.#manners.psync !== "none") break;
        if (this.#manners.options.includes(option)) say("+OK");
        else say(`-ERR Unrecognized REPLCONF option: ${option}`);
        break;
      case "PSYNC":
        if (this.#manners.psync === "none") say("-ERR unknown command 'PSYNC'");
        else this.#synchronize(connection, option, Number(args[2]));
        break;
      case "SYNC":
        this.#sendAll(connection);
        break;
      default:
        say(`-ERR unknown command '${name}'`);
    }
  }

  #synchronize(connection: Connection, id: string, next: number): void {
    const { socket } = connection;
    const known = next - 1;
    if (id === this.id && known >= this.#begin && known <= this.offset) {
      socket.write(this.#manners.psync === "named" ? `+CONTINUE ${this.id}\r\n` : "+CONTINUE\r\n");
      socket.write(this.#stream.subarray(known - this.#begin));
      connection.isStreaming = true;
      return;
    }
    // All data is as of the beginning of the stream.
    socket.write(`+FULLRESYNC ${this.id} ${this.#begin}\r\n`);
    this.#sendAll(connection);
  }

  #sendAll(connection: Connection): void {
    const { socket } = connection;
    // While the file is being written it keeps the replica waiting.
    socket.write(`\n\n$${this.#rdb.length}\r\n`);
    socket.write(this.#rdb);
    socket.write(this.#stream);
    connection.isStreaming = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}
