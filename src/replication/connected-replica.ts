import type { BufferLimit } from "../config/special-option-types.ts";
import type { Bytes } from "../support/bytes.ts";
import { BufferLimiter } from "../support/buffer-limiter.ts";
import type { ReplicaProfile } from "./replica-profile.ts";
import type { ReplicationStream } from "./stream.ts";

/** The connection of a replica, as who sends to it needs it. */
export interface ReplicaLink {
  /** Its line in CLIENT LIST. */
  describe(nowMs: number): Bytes;
  /** `ip:port`, `[ip]:port`, or `path:0` for a unix socket. */
  readonly address: Bytes;
  readonly isClosed: boolean;
  /** Bytes that the system has not taken yet. */
  readonly waitingBytes: number;
  write(bytes: Buffer): void;
  /** Called when the system has taken something that had waited, and when it is closed. */
  onDrain: () => void;
  setNoDelay(isOn: boolean): void;
  /** Closes when all is sent. */
  end(): void;
  close(): void;
}

/** Not more than this is given to a socket before it has sent what it had. */
const SOCKET_HIGH_WATER = 1 << 20;

/** Of an RDB, which goes to all who wait for it at the pace of the slowest. */
const RDB_HIGH_WATER = 512 << 10;

/**
 * - `waiting`: for an RDB that will be begun
 * - `beginning`: one is being made, that it will be sent
 * - `sending`: it is being sent a file
 * - `online`: it has the data
 */
export type ReplicaState = "waiting" | "beginning" | "sending" | "online";

/** One who follows this server: a reader of the shared backlog with a place of its own. */
export class ConnectedReplica {
  readonly link: ReplicaLink;
  readonly profile: ReplicaProfile;
  /** It asked by SYNC: it knows no offsets, and acknowledges nothing. */
  readonly isOld: boolean;
  readonly #stream: ReplicationStream;
  readonly #limiter = new BufferLimiter();
  readonly #limit: () => BufferLimit;
  state: ReplicaState = "waiting";
  readonly attachedAtMs = Date.now();
  /** Up to here it was sent the stream, or will be told by the RDB. */
  position = 0;
  /** Up to here it said that it has it. */
  acknowledged = 0;
  acknowledgedAtMs = Date.now();
  /** When something of an RDB was taken last; 0: nothing waits. */
  stuckSinceMs = 0;
  /** The stream begins when it says that it has the RDB. */
  #waitsForAck = false;
  #isReading = false;
  #isStreaming = false;
  #wake: () => void = () => undefined;

  constructor(options: {
    readonly link: ReplicaLink;
    readonly profile: ReplicaProfile;
    readonly isOld: boolean;
    readonly stream: ReplicationStream;
    readonly limit: () => BufferLimit;
  }) {
    this.link = options.link;
    this.profile = options.profile;
    this.isOld = options.isOld;
    this.#stream = options.stream;
    this.#limit = options.limit;
    this.link.onDrain = () => {
      this.#wake();
      this.send();
    };
  }

  /** Where it can be found: for those who ask this server for its replicas. */
  get host(): Bytes {
    return this.profile.hostOf(this.link.address);
  }

  /** `ip:port`, for the log. */
  get name(): string {
    return this.profile.nameOf(this.link.address);
  }

  /** Bytes that it has not been sent: of the stream, and what its connection holds. */
  get waitingBytes(): number {
    const { backlog } = this.#stream;
    const behind = this.#isReading && backlog !== null ? Math.max(backlog.end - this.position, 0) : 0;
    return behind + this.link.waitingBytes;
  }

  /** More waits for it than `client-output-buffer-limit` allows. */
  get isTooFarBehind(): boolean {
    return !this.link.isClosed && this.#limiter.isExceeded(this.waitingBytes, this.#limit());
  }

  /** Seconds since it acknowledged something. */
  lagSeconds(nowMs: number): number {
    return Math.floor(nowMs / 1000) - Math.floor(this.acknowledgedAtMs / 1000);
  }

  /** The RDB that it is sent has everything up to `offset`: what comes then is kept for it. */
  begin(id: string, offset: number): void {
    this.state = "beginning";
    this.#read(offset);
    if (!this.isOld) this.tell(`+FULLRESYNC ${id} ${offset}\r\n`);
  }

  /** It has everything up to `offset` already. */
  goOn(id: string, offset: number): void {
    this.tell(this.profile.knowsNewId ? `+CONTINUE ${id}\r\n` : "+CONTINUE\r\n");
    this.#read(offset);
    this.putOnline(false);
  }

  #read(offset: number): void {
    this.position = offset;
    this.#isReading = true;
    this.#stream.backlog!.addReader(this);
  }

  /** It was sent the RDB. `waits`: until it has said so; what comes behind a mark would have to be searched for it. */
  putOnline(waits: boolean): void {
    this.state = "online";
    this.acknowledgedAtMs = Date.now();
    this.stuckSinceMs = 0;
    this.#waitsForAck = waits;
    this.#isStreaming = !waits;
    this.send();
  }

  /** What belongs to no RDB and to no stream. */
  tell(bytes: Bytes): void {
    this.link.write(Buffer.from(bytes, "latin1"));
  }

  /** Of an RDB: resolves when more may come, or when it is gone. */
  async take(chunks: readonly Buffer[]): Promise<void> {
    if (this.link.isClosed) return;
    for (const chunk of chunks) this.link.write(chunk);
    if (this.link.waitingBytes >= RDB_HIGH_WATER) await this.#sent();
  }

  /** Resolves when its connection has taken all, or is closed. */
  async #sent(): Promise<void> {
    this.stuckSinceMs = Date.now();
    while (this.link.waitingBytes > 0 && !this.link.isClosed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.stuckSinceMs = 0;
  }

  /** Closes when all is sent. */
  async end(): Promise<void> {
    await this.#sent();
    this.link.end();
  }

  /** Sends what there is, as much as the connection takes. */
  send(): void {
    const { backlog } = this.#stream;
    if (!this.#isStreaming || backlog === null || this.position === backlog.end) return;
    if (!backlog.covers(this.position)) {
      this.link.close();
      return;
    }
    for (;;) {
      const room = SOCKET_HIGH_WATER - this.link.waitingBytes;
      const bytes = room > 0 ? backlog.read(this.position, room) : null;
      if (bytes === null) break;
      this.position += bytes.length;
      this.link.write(bytes);
    }
  }

  /** It has everything up to `offset`. */
  acknowledge(offset: number): void {
    this.acknowledged = Math.max(this.acknowledged, offset);
    this.acknowledgedAtMs = Date.now();
    if (!this.#waitsForAck || this.state !== "online") return;
    this.#waitsForAck = false;
    this.#isStreaming = true;
    this.send();
  }

  /** The connection is gone. */
  leave(): void {
    this.#isStreaming = false;
    this.#isReading = false;
    this.#stream.backlog?.removeReader(this);
    this.#wake();
  }
}
