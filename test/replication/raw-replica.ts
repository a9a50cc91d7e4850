import { type Socket, createConnection } from "node:net";
import { encodeCommand } from "../support/client.ts";

export interface RawReplicaOptions {
  readonly host?: string;
  /** Sent before PSYNC, each for a reply of one line: AUTH, REPLCONF … Default: what a replica of Redis 7.0 says. */
  readonly greeting?: readonly (readonly string[])[];
  /** What is asked for. Default: all the data. `SYNC` instead of PSYNC: `["SYNC"]`. */
  readonly sync?: readonly string[];
  /** So often the master hears how far we are, in ms; 0: never by itself. GETACK is answered at once, when not 0. */
  readonly ackMs?: number;
  /** The longest that anything may take, in ms. */
  readonly timeoutMs?: number;
}

const GREETING: readonly (readonly string[])[] = [
  ["REPLCONF", "listening-port", "4711"],
  ["REPLCONF", "capa", "eof", "capa", "psync2"],
];

/**
 * A replica that keeps no data: it asks a master to synchronize, reads the RDB, and collects the commands that come
 * behind it. It works against redis-server as against leveldis.
 */
export class RawReplica implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #answers: boolean;
  #input: Buffer = Buffer.alloc(0);
  /** Of an RDB, which is joined once. */
  #rdbChunks: Buffer[] | null = null;
  #rdbBytes = 0;
  #hasEnded = false;
  #isStreaming = false;
  #isDropping = false;
  #wake: () => void = () => {};
  #commands: string[][] = [];
  #ackTimer: NodeJS.Timeout | undefined;
  /** `FULLRESYNC id offset`, `CONTINUE id`, or an error; empty after SYNC. */
  answer = "";
  /** The history that the master is in. */
  id = "";
  /** Bytes of the stream that are known. */
  offset = 0;
  rdb: Buffer = Buffer.alloc(0);
  /** Whether the RDB came with a mark behind it and not with a length before it. */
  isMarked = false;
  /** The last that was acknowledged by itself. */
  acknowledged = -1;
  #selected = 0;

  /** Resolves when the RDB is there, or the master lets us continue. */
  static async open(port: number, options: RawReplicaOptions = {}): Promise<RawReplica> {
    const { host = "127.0.0.1", greeting = GREETING, sync = ["PSYNC", "?", "-1"], ackMs = 200 } = options;
    const socket = createConnection({ host, port, noDelay: true });
    const replica = new RawReplica(socket, options.timeoutMs ?? 20_000, ackMs > 0);
    try {
      for (const command of greeting) {
        replica.send(...command);
        const reply = await replica.#line();
        if (reply.startsWith("-")) throw new Error(`${command.join(" ")} is answered with ${reply}`);
      }
      replica.send(...sync);
      await replica.#synchronize(sync);
    } catch (error) {
      await replica.close();
      throw error;
    }
    if (ackMs > 0) replica.#ackTimer = setInterval(() => replica.acknowledge(), ackMs);
    return replica;
  }

  private constructor(socket: Socket, timeoutMs: number, answers: boolean) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#answers = answers;
    socket.on("data", (chunk: Buffer) => {
      if (this.#isDropping) {
        this.offset += chunk.length;
        return;
      }
      if (this.#rdbChunks !== null) {
        this.#rdbChunks.push(chunk);
        this.#rdbBytes += chunk.length;
      } else this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
      if (this.#isStreaming) this.#takeCommands();
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The database that the stream has selected. */
  get dbIndex(): number {
    return this.#selected;
  }

  send(...command: readonly string[]): void {
    if (!this.#hasEnded) this.#socket.write(encodeCommand(command));
  }

  /** Tells the master how far we are, or pretends to be elsewhere. */
  acknowledge(offset = this.offset): void {
    this.acknowledged = offset;
    this.send("REPLCONF", "ACK", String(offset));
  }

  /** All commands since the last call, in order, as they came: SELECT, MULTI and PING among them. */
  commands(): string[][] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  /** Waits for a command, among those that `commands` has not given yet. */
  async until(isFound: (command: readonly string[]) => boolean): Promise<void> {
    await this.#waitFor(() => this.#commands.some(isFound) || undefined, "that command");
  }

  /** Waits until so many bytes of the stream are known. */
  async reached(offset: number): Promise<void> {
    await this.#waitFor(() => this.offset >= offset || undefined, `offset ${offset}`);
  }

  /** From now on what comes is counted and dropped. */
  drop(): void {
    this.#isDropping = true;
    this.offset += this.#input.length;
  }

  /** Takes nothing from the socket until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Waits until the master hangs up. */
  async ended(): Promise<void> {
    await this.#waitFor(() => this.#hasEnded || undefined, "the end", true);
  }

  async close(): Promise<void> {
    clearInterval(this.#ackTimer);
    if (this.#hasEnded) return;
    this.#socket.destroy();
    await this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #synchronize(sync: readonly string[]): Promise<void> {
    if (sync[0]!.toUpperCase() === "PSYNC") {
      this.answer = (await this.#line()).slice(1);
      const [word, id, offset] = this.answer.split(" ");
      if (word !== "FULLRESYNC" && word !== "CONTINUE")
        throw new Error(`PSYNC is answered with ${this.answer}`);
      this.id = id ?? sync[1]!;
      // A master is asked for the byte that comes next.
      this.offset = word === "CONTINUE" ? Number(sync[2]) - 1 : Number(offset);
    }
    if (!this.answer.startsWith("CONTINUE")) await this.#readRdb();
    this.#isStreaming = true;
    this.#takeCommands();
  }

  async #readRdb(): Promise<void> {
    const header = await this.#line();
    const mark = /^\$EOF:(.{40})$/.exec(header)?.[1];
    this.isMarked = mark !== undefined;
    const length = Number(/^\$(\d+)$/.exec(header)?.[1] ?? NaN);
    if (mark === undefined && Number.isNaN(length)) throw new Error(`instead of an RDB comes ${header}`);
    const chunks = (this.#rdbChunks = [this.#input]);
    this.#rdbBytes = this.#input.length;
    // A mark is the last that comes: the stream begins when the RDB was acknowledged.
    const isWhole = (): boolean => {
      if (mark === undefined) return this.#rdbBytes >= length;
      const ends = chunks.slice(-MARK_BYTES).map((chunk) => chunk.subarray(-MARK_BYTES));
      return Buffer.concat(ends).subarray(-MARK_BYTES).latin1Slice() === mark;
    };
    await this.#waitFor(() => isWhole() || undefined, "the RDB");
    const all = Buffer.concat(chunks);
    this.rdb = mark === undefined ? all.subarray(0, length) : all.subarray(0, -MARK_BYTES);
    this.#input = mark === undefined ? all.subarray(length) : Buffer.alloc(0);
    this.#rdbChunks = null;
  }

  /** The next line; empty ones keep the connection alive. */
  async #line(): Promise<string> {
    for (;;) {
      const end = await this.#waitFor(() => {
        const at = this.#input.indexOf("\n");
        return at < 0 ? undefined : at;
      }, "a line");
      const line = this.#input.latin1Slice(0, end).replace(/\r$/, "");
      this.#input = this.#input.subarray(end + 1);
      if (line !== "") return line;
    }
  }

  #takeCommands(): void {
    for (;;) {
      // Between the RDB and the first command a master may keep the connection alive; that is no part of the stream.
      while (this.#input[0] === LINE_FEED) this.#input = this.#input.subarray(1);
      const found = readCommand(this.#input);
      if (found === null) return;
      this.#input = this.#input.subarray(found.bytes);
      const [name, argument] = [found.command[0]!.toUpperCase(), found.command[1]];
      if (name === "SELECT") this.#selected = Number(argument);
      const isAsked = name === "REPLCONF" && argument?.toUpperCase() === "GETACK";
      // The one that asks is not counted, as in Redis.
      if (isAsked && this.#answers) this.acknowledge();
      this.offset += found.bytes;
      this.#commands.push(found.command);
    }
  }

  async #waitFor<T>(look: () => T | undefined, what: string, untilEnd = false): Promise<T> {
    const deadline = Date.now() + this.#timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#hasEnded && !untilEnd)
        throw new Error(`the master hung up before ${what} came: ${this.#rest()}`);
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`no ${what} within ${this.#timeoutMs} ms: ${this.#rest()}`);
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, leftMs);
      });
      clearTimeout(timer);
    }
  }

  #rest(): string {
    const last = this.#commands.slice(-20).map((command) => command.join(" "));
    return `last came ${JSON.stringify(last)}, unread ${JSON.stringify(this.#input.latin1Slice(0, 200))}`;
  }
}

const LINE_FEED = 10;
const MARK_BYTES = 40;

/** `*1\r\n$4\r\nPING\r\n…` ⇒ `["PING"]` and 14 bytes; null while it is not whole. */
function readCommand(bytes: Buffer): { readonly command: string[]; readonly bytes: number } | null {
  let at = 0;
  const number = (type: string): number | null => {
    const end = bytes.indexOf("\r\n", at, "latin1");
    if (end < 0) return null;
    const line = bytes.latin1Slice(at, end);
    if (line[0] !== type) throw new Error(`the stream has ${JSON.stringify(line)} where ${type} must be`);
    at = end + 2;
    return Number(line.slice(1));
  };
  const count = number("*");
  if (count === null) return null;
  const command: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = number("$");
    if (length === null || at + length + 2 > bytes.length) return null;
    command.push(bytes.latin1Slice(at, at + length));
    at += length + 2;
  }
  return { command, bytes: at };
}
