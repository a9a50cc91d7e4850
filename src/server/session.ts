import type { ClientType } from "../commands/host.ts";
import { Transaction } from "../commands/transaction.ts";
import type { BufferLimit } from "../config/special-option-types.ts";
import { PENDING, type Caller } from "../executor/caller.ts";
import { Subscriptions } from "../pubsub/subscriptions.ts";
import type { ConnectedReplica, ReplicaLink } from "../replication/connected-replica.ts";
import type { ReplicaProfile } from "../replication/replica-profile.ts";
import { closeReply } from "../resp/close-reply.ts";
import { ErrorReply, NO_REPLY, Push, type Reply, Sequence, type Status } from "../resp/reply.ts";
import { ProtocolError, type RequestLimits, RequestReader } from "../resp/request-reader.ts";
import type { RequestSource } from "../resp/request-source.ts";
import type { Bytes } from "../support/bytes.ts";
import { unixMs } from "../support/clock.ts";
import type { ClientTracking } from "../tracking/client-tracking.ts";
import { describeClient } from "./client-line.ts";
import type { ClientSocket } from "./client-socket.ts";
import type { Connection } from "./connection.ts";
import { InputPace } from "./input-pace.ts";
import { OutputLimiter } from "./output-limiter.ts";
import { Output } from "./output.ts";
import type { Peer } from "./peer.ts";
import { SocketReplicaLink } from "./replica-link.ts";
import { ReplyMode } from "./reply-mode.ts";
import type { CommandRunner, SessionHost, UsedKeys } from "./session-host.ts";

/** Requests of one client that run in one go; then the other clients have their turn. */
const REQUESTS_PER_TURN = 256;
const NO_REQUEST: readonly Bytes[] = [];
/** Replies go to the socket when so many bytes are there, also in the middle of a pipeline. */
const FLUSH_FROM = 64 * 1024;
/** While so many bytes of replies wait, no more requests are taken: the client does not read. */
const OUTPUT_HIGH_WATER = 1024 * 1024;
/** A longer argument takes longer to be looked for than it would be waited for. */
const MAX_KEY_AHEAD = 200;
const CALLS_SCRIPT = /^(?:eval|fcall)/i;
/** How long a client that was hung up on may take to read its last replies. */
const LINGER_MS = 1000;

/**
 * Why no request is taken, though one may be there: the one before waits for the disk or a pause
 * (`pending`), what they need is being read (`reading`), the other clients are due (`yielded`), the client does not read
 * its replies (`output`).
 */
type Hold = "none" | "pending" | "reading" | "yielded" | "output";

/** What web pages can be made to send to any port: the start of an HTTP request. */
const CROSS_PROTOCOL = /^(?:post|host:)$/i;

/** One client: its connection and its state. The only place that writes to a socket. */
export class Session implements Caller, Connection, RequestLimits {
  readonly id: number;
  readonly address: Bytes;
  readonly localAddress: Bytes;
  readonly isLocal: boolean;
  readonly isUnix: boolean;
  readonly createdAtMs = Date.now();
  readonly subscriptions = new Subscriptions();
  dbIndex = 0;
  resp: 2 | 3 = 2;
  name: Bytes = "";
  libraryName: Bytes = "";
  libraryVersion: Bytes = "";
  user: Bytes = "default";
  authenticated: boolean;
  noEvict = false;
  isMonitor = false;
  tracking: ClientTracking | null = null;
  blocked = false;
  transaction: Transaction | null = null;
  lastCommand = "";
  lastInteractionMs = this.createdAtMs;
  isClosed = false;
  profile: ReplicaProfile | null = null;
  changesOffset = 0;
  // The turn's: what it will call.
  /** `runDue`. */
  isTurnDue = false;
  /** `flush`. */
  isFlushDue = false;

  readonly #host: SessionHost;
  readonly #executor: CommandRunner;
  readonly #socket: ClientSocket;
  readonly #reader = new RequestReader(this);
  readonly output: Output;
  readonly #limiter: OutputLimiter;
  #hold: Hold = "none";
  /** The request that is being run. */
  #request = NO_REQUEST;
  /** Bytes that came with the present request. */
  #turnBytes = 0;
  #isRunning = false;
  #isClosing = false;
  /** The client will send no more. */
  #hasEnded = false;
  /** Bytes pushed since the last flush. */
  #pushedBytes = 0;
  readonly #replyMode = new ReplyMode();
  #afterReply: (() => void)[] = [];
  readonly #pace: InputPace;
  #replica: ConnectedReplica | null = null;

  constructor(host: SessionHost, id: number, socket: ClientSocket, peer: Peer) {
    this.#host = host;
    this.#executor = host.executor;
    this.#socket = socket;
    this.id = id;
    this.address = peer.address;
    this.localAddress = peer.localAddress;
    this.isLocal = peer.isLocal;
    this.isUnix = peer.isUnix;
    this.authenticated = !host.isPasswordRequired;
    this.output = new Output(socket, host.commits, host.traffic, () => this.#outputMoved());
    this.#limiter = new OutputLimiter(() => this.#outputLimit, this);
    this.#pace = new InputPace(socket, host.config, host.inputBudget);
    socket.on("end", () => this.#inputEnded());
    socket.on("error", (error) => this.#host.log("verbose", `Client ${this.address}: ${error.message}`));
    socket.on("close", () => this.#leave());
    socket.receive((bytes) => this.#receive(bytes));
  }

  get type(): ClientType {
    if (this.#replica !== null) return "replica";
    return this.subscriptions.total > 0 ? "pubsub" : "normal";
  }

  get #outputLimit(): BufferLimit {
    const { normal, pubsub } = this.#host.config.values.clientOutputBufferLimit;
    return this.subscriptions.total > 0 ? pubsub : normal;
  }

  get authRequired(): boolean {
    return !this.authenticated && this.#host.isPasswordRequired;
  }

  get maxBulkLength(): number {
    return this.#host.config.values.protoMaxBulkLen;
  }

  /** Bytes of requests in memory, those of the one that runs included. */
  get inputBytes(): number {
    const buffered = this.#reader.bufferedBytes;
    return this.#isRunning ? Math.max(buffered, this.#turnBytes) : buffered;
  }

  get argumentBytes(): number {
    return this.#request.reduce((sum, arg) => sum + arg.length, 0);
  }

  get isReading(): boolean {
    return this.#pace.isReading;
  }

  get isWriting(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get descriptor(): number {
    return this.#socket.descriptor;
  }

  describe(nowMs: number): Bytes {
    return describeClient(this, nowMs);
  }

  startTransaction(): void {
    this.transaction = new Transaction();
  }

  endTransaction(): void {
    this.transaction = null;
  }

  get replica(): ConnectedReplica | null {
    return this.#replica;
  }

  get hasPendingReplies(): boolean {
    return !this.output.isEmpty;
  }

  follow(create: (link: ReplicaLink) => ConnectedReplica): void {
    this.#replica = create(new SocketReplicaLink(this, this.#socket, this.#host.traffic));
  }

  /** A key that it watches has changed. */
  get hasTouchedWatches(): boolean {
    return this.#executor.watches.isTouched(this);
  }

  setReplies(mode: "on" | "off" | "skip"): void {
    this.#replyMode.set(mode);
  }

  push(push: Push | Status, batch: number): void {
    if (this.#isClosing || this.#replica !== null) return;
    const encoded = this.#host.pushEncoder.encode(push, this.resp);
    this.output.addPush(encoded, batch);
    this.#pushedBytes += encoded.length;
    this.#host.turn.flushLater(this);
    // Not only at the end of the turn: a pipeline of large messages must not be in memory whole.
    if (this.#pushedBytes >= FLUSH_FROM) this.flush();
  }

  /** Sends what may leave, or hangs up when the client leaves too much unread. */
  flush(): void {
    this.#pushedBytes = 0;
    if (this.isClosed) return;
    if (!this.#isRunning) this.#settle();
    else this.output.flush();
  }

  afterReply(work: () => void): void {
    this.#afterReply.push(work);
  }

  reset(): void {
    this.endTransaction();
    this.#executor.watches.unwatch(this);
    this.dbIndex = 0;
    this.resp = 2;
    this.isMonitor = false;
    this.name = "";
    this.user = "default";
    this.authenticated = !this.#host.isPasswordRequired;
    this.#replyMode.reset();
    this.#host.pubsub.leave(this);
    this.#host.tracking.disable(this);
  }

  get source(): RequestSource {
    return this.#reader.source;
  }

  upcoming(limit: number): readonly (readonly Bytes[])[] {
    this.#reader.lookAhead(limit);
    const found: (readonly Bytes[])[] = [];
    for (let request = this.#reader.ahead; request !== null && found.length < limit; request = request.next) {
      found.push(request.args);
    }
    return found;
  }

  resume(reply: Reply, batch: number): void {
    if (this.isClosed) {
      closeReply(reply);
      return;
    }
    this.#hold = "none";
    this.#answer(reply, batch);
    if (!this.#isRunning) this.#takeRequests();
    // Many wait for what other threads bring, and have it in the same turn.
    this.#host.turn.flushLater(this);
  }

  #receive(chunk: Buffer): void {
    this.#host.traffic.countRead(chunk.length);
    if (this.#isClosing) return;
    // What the stream tells on is the bytes of requests, as they are.
    if (this.#host.replication.stream.isKept) this.#reader.push(Buffer.from(chunk));
    else this.#reader.lend(chunk);
    if (this.#reader.bufferedBytes > this.#host.config.values.clientQueryBufferLimit) {
      this.#host.log(
        "warning",
        `Closing client that reached max query buffer length: ${this.describe(Date.now())}`,
      );
      this.close();
      return;
    }
    this.#turnBytes = chunk.length;
    if (this.#hold === "none") {
      this.#runInTurn();
    } else {
      this.lastInteractionMs = unixMs();
      this.#setPace();
    }
    this.#reader.keep();
  }

  /** Reads what is there, so that all that comes in a turn is known before anything of it runs. */
  #runInTurn(): void {
    this.#reader.lookAhead(REQUESTS_PER_TURN);
    this.#host.turn.runLater(this);
  }

  /**
   * Adds what the requests that are there name first, nearly always a key (what is none costs a look): to `read` where that
   * is all that they name (GET, INCR, HGETALL), else to `used`.
   */
  keysAhead(read: Bytes[], used: UsedKeys): void {
    for (let request = this.#reader.ahead; request !== null; request = request.next) {
      const { args } = request;
      // What a script is given comes behind its name and its number of keys.
      const key = args.length > 3 && CALLS_SCRIPT.test(args[0]!) ? args[3] : args[1];
      if (key === undefined || key.length > MAX_KEY_AHEAD) continue;
      if (args.length === 2) read.push(key);
      else {
        used.keys.push(key);
        used.requests.push(args);
      }
    }
  }

  /** What it sent is to run (`runDue`) when its keys have been read. */
  awaitKeys(): void {
    if (this.#hold === "none" || this.#hold === "yielded") this.#hold = "reading";
  }

  /** Runs what came in this turn, which began at `nowMs`. */
  runDue(nowMs: number): void {
    if (this.isClosed) return;
    this.lastInteractionMs = nowMs;
    if (this.#hold === "yielded" || this.#hold === "reading") this.#hold = "none";
    this.#takeRequests();
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#takeRequests();
    this.#settle();
  }

  /** Until none is there, or the session holds. */
  #takeRequests(): void {
    this.#isRunning = true;
    try {
      for (let left = REQUESTS_PER_TURN; this.#hold === "none" && !this.#isClosing; left--) {
        if (left === 0) {
          this.#yield();
          break;
        }
        const args = this.#reader.next();
        if (args === null) break;
        this.#execute(args);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#executor.statistics.countError(error);
      this.#answer(error.reply, 0);
      this.closeAfterReply();
    } finally {
      this.#isRunning = false;
      this.#request = NO_REQUEST;
    }
  }

  #execute(args: Bytes[]): void {
    this.#request = args;
    const reply = this.#executor.execute(this, args);
    if (reply === PENDING) {
      this.#hold = "pending";
      return;
    }
    if (reply instanceof ErrorReply && CROSS_PROTOCOL.test(args[0]!)) {
      this.#host.log(
        "warning",
        `Client ${this.address} speaks HTTP: possible cross protocol attack, connection closed`,
      );
      this.close();
      return;
    }
    this.#answer(reply, this.#executor.replyBatch);
    if (this.output.bytes >= FLUSH_FROM || this.output.hasStreams) {
      if (this.#dropIfBehind()) return;
      this.output.flush();
    }
    this.#holdIfBehind();
  }

  #answer(reply: Reply, batch: number): void {
    if (this.isClosed) closeReply(reply);
    else if (this.#replica !== null) this.#answerReplica(reply);
    else if (this.#replyMode.take()) {
      if (reply !== NO_REPLY) this.output.add(reply, this.resp, batch);
    } else {
      this.#answerSilenced(reply, batch);
    }
    if (this.#afterReply.length > 0) this.#runAfterReply();
  }

  /** A reply would be taken for a part of the stream. */
  #answerReplica(reply: Reply): void {
    if (reply === NO_REPLY) return;
    closeReply(reply);
    if (reply instanceof ErrorReply) {
      this.#host.log(
        "warning",
        `== CRITICAL == This master is sending an error to its replica: '${reply.message}' ` +
          `after processing the command '${this.lastCommand}'`,
      );
    }
    this.#host.log(
      "warning",
      `Replica generated a reply to command '${this.lastCommand}', disconnecting it: ${this.describe(Date.now())}`,
    );
    this.close();
  }

  #runAfterReply(): void {
    const steps = this.#afterReply;
    this.#afterReply = [];
    if (!this.isClosed) for (const step of steps) step();
  }

  /** CLIENT REPLY OFF does not silence pushes: what SUBSCRIBE answers is one for each channel. */
  #answerSilenced(reply: Reply, batch: number): void {
    if (reply instanceof Push) this.push(reply, batch);
    else if (reply instanceof Sequence) for (const part of reply.replies) this.#answerSilenced(part, batch);
    else closeReply(reply);
  }

  #holdIfBehind(): void {
    // What a replica is sent is no answer to what it says.
    if (this.#hold !== "none" || this.#replica !== null) return;
    if (this.output.hasStreams || this.output.bytes >= OUTPUT_HIGH_WATER) this.#hold = "output";
  }

  #yield(): void {
    this.#hold = "yielded";
    this.#runInTurn();
  }

  #outputMoved(): void {
    if (this.#hold === "output" && !this.output.hasStreams && this.output.bytes < OUTPUT_HIGH_WATER / 2) {
      if (this.isClosed) return;
      this.#hold = "none";
      this.#run();
    } else if (!this.#isRunning) {
      this.#settle();
    }
  }

  /** After anything that happened: sends what may leave, and sees what is to be done next. */
  #settle(): void {
    if (this.isClosed || this.#dropIfBehind()) return;
    this.output.flush();
    this.#holdIfBehind();
    const isDone = this.#hold === "none" && !this.isTurnDue;
    const isOver = this.#isClosing || (this.#hasEnded && isDone);
    if (isOver && this.#hold !== "pending" && this.output.isEmpty) this.#hangUp();
    else this.#setPace();
  }

  /** Hangs up when more waits than the client may leave unread. What it was just answered counts, too. */
  #dropIfBehind(): boolean {
    // Of a replica replication/replicas.ts sees to that.
    if (this.#replica !== null) return false;
    if (!this.#limiter.isExceeded()) return false;
    this.#host.log(
      "warning",
      `Client ${this.describe(Date.now())} closed for overcoming of output buffer limits.`,
    );
    this.close();
    return true;
  }

  #setPace(): void {
    this.#pace.update(this.#hold === "none", this.#reader.bufferedBytes);
  }

  /** The limits of time, looked at about once a second. */
  tick(nowMs: number): void {
    const { timeout } = this.#host.config.values;
    const mayBeIdle = this.blocked || this.type !== "normal";
    const isIdle = timeout > 0 && !mayBeIdle && nowMs - this.lastInteractionMs > timeout * 1000;
    if (isIdle) this.#host.log("verbose", `Closing idle client ${this.address}`);
    const isBehind = this.#replica === null && this.#limiter.isExceeded();
    if (isIdle || isBehind) this.close();
    else this.#setPace();
  }

  #inputEnded(): void {
    this.#hasEnded = true;
    if (this.blocked) this.close();
    else if (this.#hold === "none") this.#settle();
  }

  /** No more requests are taken; hangs up when all is answered and sent. */
  closeAfterReply(): void {
    this.#isClosing = true;
    if (!this.#isRunning) setImmediate(() => this.#settle());
  }

  /** The server stops: the request that runs is finished and answered, no other is taken. */
  finish(): void {
    if (this.blocked) this.close();
    else this.closeAfterReply();
  }

  /**
   * Ends our side. What the client still sends is read and dropped for a while: closing with unread bytes
   * would make its system throw away the last replies.
   */
  #hangUp(): void {
    this.#isClosing = true;
    this.#leave();
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  close(): void {
    this.#isClosing = true;
    this.#leave();
    this.#socket.destroy();
  }

  #leave(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#pace.drop();
    this.#executor.forget(this);
    if (this.#replica !== null) this.#host.replication.replicas.detach(this.#replica);
    this.output.close();
    this.#host.pubsub.leave(this);
    this.#host.remove(this);
  }
}
