import type { Socket } from "node:net";
import { ProtocolError, RequestReader } from "../resp/request-reader.ts";
import { encodeRequest } from "../resp/request.ts";
import type { Committer } from "../storage/committer.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ReplicationStream } from "./stream.ts";

/** Who runs the commands of a master, one after the other. */
export interface MasterCommands {
  readonly dbIndex: number;
  /** Between MULTI and EXEC: nothing has been done yet of what came since. */
  readonly isInTransaction: boolean;
  /** False: it waits, and `resume` of the stream is to be called in the turn in which it is done. */
  run(args: readonly Bytes[]): boolean;
  /** What waits is not to be done any more. */
  end(): void;
}

export interface MasterStreamOptions {
  readonly socket: Socket;
  /** Read from the socket already. */
  readonly rest: Buffer;
  readonly stream: ReplicationStream;
  readonly committer: Committer;
  /** It is older than PSYNC: it knows no offsets, and would answer what it is told of them. */
  readonly isOld: boolean;
  /** `repl-timeout`. */
  readonly timeoutMs: () => number;
  readonly maxBulkLength: () => number;
  /** Once, with what there is to say of it. */
  readonly onEnd: (reason: string) => void;
}

/** Commands that run in one go; then clients have their turn. */
const COMMANDS_PER_TURN = 512;

/** While so many bytes wait to be run, no more are read. */
const HIGH_WATER = 4 << 20;

const ACK_MS = 1000;

/** A command that was looked at while one before it waited. */
interface Ahead {
  readonly args: readonly Bytes[];
  /** Bytes of the stream up to its end. */
  readonly end: number;
}

/**
 * The connection to the master once the data is here: runs what comes, and takes its bytes over into the history, whole
 * commands and transactions in the turn in which they were run. So offset and data are in one batch. The master is told
 * how far it is safe, each second and whenever it asks.
 */
export class MasterStream {
  readonly #options: MasterStreamOptions;
  readonly #reader: RequestReader;
  #commands!: MasterCommands;
  /** What was read and is not in the history yet, from `#taken` on. */
  #chunks: Buffer[] = [];
  /** Bytes since the connection began: in the history, run, and received. */
  #taken = 0;
  #applied = 0;
  #received = 0;
  readonly #startOffset: number;
  #ahead: Ahead[] = [];
  /** End of the command that runs, or waits. */
  #end = 0;
  #isPending = false;
  #isRunning = false;
  #isYielding = false;
  #isReading = true;
  isClosed = false;
  lastReadMs = Date.now();
  readonly #timer: NodeJS.Timeout;

  constructor(options: MasterStreamOptions) {
    this.#options = options;
    const { socket, maxBulkLength, stream } = options;
    this.#startOffset = stream.offset;
    this.#reader = new RequestReader({
      get maxBulkLength() {
        return maxBulkLength();
      },
      authRequired: false,
    });
    socket.on("error", (error) => this.close(error.message));
    socket.on("end", () => this.close("it closed the connection"));
    socket.on("close", () => this.close("connection lost"));
    this.#timer = setInterval(() => this.#tick(), ACK_MS);
    this.#timer.unref();
  }

  /** Begins to read. */
  start(commands: MasterCommands): void {
    const { socket, rest } = this.#options;
    this.#commands = commands;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    if (rest.length > 0) this.#receive(rest);
    socket.resume();
    this.acknowledge();
  }

  get receivedBytes(): number {
    return this.#received;
  }

  /** Up to where the history has been read, of which not all need have been run. */
  get readOffset(): number {
    return this.#startOffset + this.#received;
  }

  /** Bytes that wait to be run. */
  get waitingBytes(): number {
    return this.#received - this.#applied;
  }

  /** Commands that wait behind the one that runs: their keys are fetched with its own. */
  upcoming(limit: number): readonly (readonly Bytes[])[] {
    try {
      while (this.#ahead.length < limit) {
        const args = this.#reader.next();
        if (args === null) break;
        this.#ahead.push({ args, end: this.#readerAt });
      }
    } catch (error) {
      // It is met again behind what is good.
      if (!(error instanceof ProtocolError)) throw error;
    }
    return this.#ahead.map(({ args }) => args);
  }

  /** The command that waited is done. */
  resume(): void {
    this.#isPending = false;
    if (this.isClosed) return;
    this.#ran();
    this.#run();
  }

  /** Where the reader stands when it has just given a request. */
  get #readerAt(): number {
    return this.#received - this.#reader.unreadBytes;
  }

  #receive(chunk: Buffer): void {
    if (this.isClosed) return;
    this.lastReadMs = Date.now();
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    this.#reader.push(chunk);
    this.#run();
  }

  #run(): void {
    if (this.#isRunning || this.#isPending || this.#isYielding || this.isClosed) return;
    this.#isRunning = true;
    try {
      for (let left = COMMANDS_PER_TURN; !this.isClosed; left--) {
        if (left === 0) {
          this.#yield();
          break;
        }
        const args = this.#next();
        if (args === null) break;
        if (isQuestion(args)) this.#answerWhenSafe();
        else if (!this.#commands.run(args)) {
          this.#isPending = true;
          break;
        }
        this.#ran();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(`Protocol error from master: ${error.message}`);
    } finally {
      this.#isRunning = false;
      this.#take();
    }
    this.#setPace();
  }

  #next(): readonly Bytes[] | null {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) {
      this.#end = ahead.end;
      return ahead.args;
    }
    const args = this.#reader.next();
    if (args !== null) this.#end = this.#readerAt;
    return args;
  }

  #ran(): void {
    if (!this.#commands.isInTransaction) this.#applied = this.#end;
  }

  /** What was run becomes part of the history, in one piece for a whole turn. */
  #take(): void {
    if (this.#applied === this.#taken || this.isClosed) return;
    const parts: Buffer[] = [];
    let left = this.#applied - this.#taken;
    while (left > 0) {
      const chunk = this.#chunks[0]!;
      if (chunk.length > left) {
        parts.push(chunk.subarray(0, left));
        this.#chunks[0] = chunk.subarray(left);
        break;
      }
      parts.push(chunk);
      left -= chunk.length;
      this.#chunks.shift();
    }
    this.#taken = this.#applied;
    this.#options.stream.take(parts, this.#commands.dbIndex);
  }

  #yield(): void {
    this.#isYielding = true;
    setImmediate(() => {
      this.#isYielding = false;
      this.#run();
    });
  }

  #setPace(): void {
    const isReading = this.waitingBytes < HIGH_WATER || !(this.#isPending || this.#isYielding);
    if (isReading === this.#isReading || this.isClosed) return;
    this.#isReading = isReading;
    this.lastReadMs = Date.now();
    if (isReading) this.#options.socket.resume();
    else this.#options.socket.pause();
  }

  // ─── what the master hears ─────────────────────────────────────────────────────────────────────

  #tick(): void {
    if (this.#isReading && Date.now() - this.lastReadMs > this.#options.timeoutMs()) {
      this.close("MASTER timeout: no data nor PING received...");
    } else this.acknowledge();
  }

  /** Tells how much of the history is safe here. */
  acknowledge(): void {
    const { socket, stream, isOld } = this.#options;
    if (this.isClosed || isOld) return;
    socket.write(encodeRequest(["REPLCONF", "ACK", String(stream.written.offset)]), "latin1");
  }

  /** The master asks how far this server is: it is answered when that is safe, and not only at the next second. */
  #answerWhenSafe(): void {
    this.#take();
    const { committer } = this.#options;
    committer.wait(committer.newest, { batchDone: (error) => error === null && this.acknowledge() });
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.#timer);
    this.#options.socket.destroy();
    this.#chunks = [];
    this.#ahead = [];
    this.#commands?.end();
    this.#options.onEnd(reason);
  }
}

/** REPLCONF GETACK *. */
function isQuestion(args: readonly Bytes[]): boolean {
  const name = args[0]!;
  return (
    name.length === 8 &&
    args.length === 3 &&
    name.toUpperCase() === "REPLCONF" &&
    args[1]!.toUpperCase() === "GETACK"
  );
}
