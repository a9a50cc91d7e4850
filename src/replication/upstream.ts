import type { Socket } from "node:net";
import type { Config } from "../config/config.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import { FullSync } from "./full-sync.ts";
import { type Position, type SyncAnswer, askForData, introduce } from "./handshake.ts";
import { NO_ID } from "./history.ts";
import { type MasterCommands, MasterStream } from "./master-stream.ts";
import { LinkError, LinkTimeout, ServerLink } from "./server-link.ts";
import type { ReplicationStream } from "./stream.ts";

/** Another server, of whose data this one's is a copy. */
export interface Master {
  readonly host: Bytes;
  readonly port: number;
}

/** How far the connection to it is, in the words of ROLE; `none`: there is no master. */
export type LinkState = "none" | "connect" | "connecting" | "handshake" | "sync" | "connected";

export interface UpstreamOptions {
  readonly config: Config;
  readonly keyspace: Keyspace;
  readonly stream: ReplicationStream;
}

/** What it needs of the server around it. */
export interface UpstreamHost {
  /** Where others reach this server. */
  readonly port: number;
  /** The disk takes what is written. */
  readonly canWrite: boolean;
  readonly log: Log;
  /**
   * Loads the master's data beside what is here, exchanges the two, and the place in the history with them. Rejects when
   * that failed, or `signal` came first; then everything is as it was.
   */
  readonly resync: (input: FullSync, signal: AbortSignal) => Promise<void>;
  /** The master becomes one of the clients. */
  readonly connectMaster: (socket: Socket, dbIndex: number, stream: MasterStream) => MasterCommands;
  /** Clients that wait for keys, which will change in another way now. */
  readonly releaseBlocked: () => void;
}

const RETRY_MS = 1000;

/** The server that this one follows, if it follows one: finds it, gets its data, and stays with it. */
export class Upstream {
  readonly #options: UpstreamOptions;
  #host!: UpstreamHost;
  #master: Master | null = null;
  #state: LinkState = "none";
  /** Of what is going on with the master; aborted when that is to end. */
  #work: AbortController | null = null;
  #retry: NodeJS.Timeout | null = null;
  #sync: FullSync | null = null;
  #stream: MasterStream | null = null;
  /** 0: never connected. */
  #downSinceMs = 0;
  /** What is known here is the beginning of this process: its own history counts though it has told nobody of it. */
  #isFresh = true;
  /** A hand-over that may be going on. */
  failover: { readonly isHandingOver: boolean; answered(isAccepted: boolean): void } | null = null;
  /** Errors that the master's commands were answered with. */
  errorReplies = 0;
  /** Bytes that came of masters before the present one, less those that are not to be counted. */
  #bytesBefore = 0;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** The server around it is there. Begins to follow the master of the options. */
  start(host: UpstreamHost): void {
    this.#host = host;
    const master = parseMaster(this.#options.config.values.replicaof);
    if (master !== null) this.#follow(master);
    // It followed one in an earlier run. What its clients change now is no part of that history.
    else if (this.#options.stream.history.isFollowed) this.#options.stream.fork();
  }

  // ─── what is known ─────────────────────────────────────────────────────────────────────────────

  get master(): Master | null {
    return this.#master;
  }

  /**
   * The master and the connection to it as INFO and ROLE tell them: REPLICAOF in a transaction counts for what comes
   * behind it, though it is carried out when the transaction is final.
   */
  get appointed(): { readonly master: Master | null; readonly state: LinkState } {
    const master = parseMaster(this.#options.config.values.replicaof);
    const isSame = master?.host === this.#master?.host && master?.port === this.#master?.port;
    if (isSame) return { master, state: this.#state };
    return { master, state: master === null ? "none" : "connect" };
  }

  get isReplica(): boolean {
    return this.#master !== null;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The data may be older than it should: the master is not there. */
  get isStale(): boolean {
    return this.#master !== null && this.#state !== "connected";
  }

  /** Up to where the history was received; not all of it need be applied. */
  get readOffset(): number {
    return this.#stream?.readOffset ?? this.#options.stream.offset;
  }

  /** When the master was heard last; null while there is no connection. */
  get lastReadMs(): number | null {
    return this.#stream?.lastReadMs ?? null;
  }

  /** 0: it never was up. */
  get downSinceMs(): number {
    return this.#downSinceMs;
  }

  /** Data that is being received. */
  get sync(): {
    readonly totalBytes: number;
    readonly bytesRead: number;
    readonly lastReadMs: number;
  } | null {
    return this.#sync;
  }

  /** For INFO. */
  get inputBytes(): number {
    return this.#bytesBefore + (this.#sync?.bytesRead ?? 0) + (this.#stream?.receivedBytes ?? 0);
  }

  resetCounters(): void {
    this.errorReplies = 0;
    this.#bytesBefore -= this.inputBytes;
  }

  // ─── what it is told ───────────────────────────────────────────────────────────────────────────

  /** REPLICAOF. Null: this server is a master from now on. */
  change(master: Master | null): void {
    this.#options.config.assign("replicaof", master === null ? "" : `${master.host} ${master.port}`);
    if (master === null) this.#leave();
    else this.#follow(master);
  }

  #follow(master: Master): void {
    const { keyspace, stream } = this.#options;
    const wasMaster = this.#master === null;
    this.#stop();
    this.#host.releaseBlocked();
    this.#master = master;
    keyspace.isReplica = true;
    stream.isSubordinate = true;
    if (wasMaster && !stream.history.isFollowed && !this.#isFresh) {
      this.#log(
        "Before turning into a replica, using my own master parameters to synthesize a cached master: " +
          "I may be able to synchronize with the new master with just a partial transfer.",
      );
    }
    this.#connect();
  }

  #leave(): void {
    if (this.#master === null) return;
    const { keyspace, stream } = this.#options;
    this.#stop();
    this.#master = null;
    keyspace.isReplica = false;
    keyspace.ownExpiries.clear();
    keyspace.expiry.lookAgain();
    this.#state = "none";
    this.#downSinceMs = 0;
    this.#isFresh = false;
    stream.fork();
    stream.isSubordinate = false;
    const { id, secondId, secondOffset } = stream.history;
    this.#warn(
      `Setting secondary replication ID to ${secondId}, valid up to offset: ${secondOffset}. New replication ID is ${id}`,
    );
    // They learn of the new id when they come back.
    stream.onBroken();
  }

  /** What was not written is void, and what the master sent behind it with that. It is asked for again. */
  writeFailed(): void {
    if (this.#stream !== null) this.#stream.close("what it sent could not be written");
    else if (this.#state === "sync") this.#work?.abort(new Error("what was received could not be written"));
  }

  /** A command of the master's was answered with an error. */
  refused(message: Bytes, commandName: string): void {
    const { replicaReadOnly, propagationErrorBehavior } = this.#options.config.values;
    this.errorReplies++;
    this.#warn(
      `== CRITICAL == This replica is sending an error to its master: '-${textOfBytes(message)}' ` +
        `after processing the command '${commandName === "" ? "<unknown>" : commandName}'`,
    );
    if (!replicaReadOnly || propagationErrorBehavior === "ignore") return;
    // Not in the middle of the command. The process ends by it.
    setImmediate(() => {
      throw new Error(
        `This replica panicked sending an error to its master after processing the command '${commandName}'`,
      );
    });
  }

  /** The server stops. */
  stop(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const work = this.#work;
    this.#work = null;
    work?.abort(new Error("the master has changed"));
    this.#stream?.close("the master has changed");
    this.#sync = null;
  }

  // ─── from the connection to the data ───────────────────────────────────────────────────────────

  #connect(): void {
    const { host, port } = this.#master!;
    this.#state = "connect";
    // What the master sends could not be kept.
    if (!this.#host.canWrite) {
      this.#retryLater();
      return;
    }
    this.#log(`Connecting to MASTER ${textOfBytes(host)}:${port}`);
    this.#log("MASTER <-> REPLICA sync started");
    const work = new AbortController();
    this.#work = work;
    void this.#synchronize(this.#master!, work);
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#connect();
    }, RETRY_MS);
    this.#retry.unref();
  }

  /** Never rejects. */
  async #synchronize(master: Master, work: AbortController): Promise<void> {
    const { signal } = work;
    let link: ServerLink | null = null;
    try {
      this.#state = "connecting";
      link = await this.#open(master, signal);
      this.#state = "handshake";
      const answer = await this.#shakeHands(link);
      signal.throwIfAborted();
      const isOld = answer.kind === "unknown";
      if (answer.kind === "full") {
        this.#log(`Full resync from master: ${answer.id}:${answer.offset}`);
        await this.#receive(() => FullSync.begin(link!, answer), signal);
      } else if (answer.kind === "continue") this.#goOn(answer.id);
      else if (isOld) {
        this.#log("Retrying with SYNC...");
        await this.#receive(() => FullSync.beginOld(link!), signal);
      } else {
        throw new LinkError(
          answer.kind === "later"
            ? `Master is currently unable to PSYNC but should be in the future: ${answer.text}`
            : `Master does not support PSYNC or is in error state (reply: ${answer.text})`,
        );
      }
      this.#connected(link, work, isOld);
    } catch (error) {
      this.#sync = null;
      link?.close();
      // Something else is under way already.
      if (this.#work !== work) return;
      this.#work = null;
      const wasSyncing = this.#state === "sync";
      this.#warn(this.#reasonFor(error as Error));
      this.#state = "connect";
      if (wasSyncing) this.#log(`MASTER <-> REPLICA sync: it failed, and will be tried again`);
      this.#retryLater();
    }
  }

  /** Silence in Redis' words. */
  #reasonFor(error: Error): string {
    if (!(error instanceof LinkTimeout)) return error.message;
    return this.#state === "sync"
      ? "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter " +
          "in redis.conf to a larger value."
      : "Timeout connecting to the MASTER...";
  }

  async #open({ host, port }: Master, signal: AbortSignal): Promise<ServerLink> {
    const { replTimeout } = this.#options.config.values;
    try {
      const link = await ServerLink.open({ host: textOfBytes(host), port }, replTimeout * 1000, signal);
      this.#log("Non blocking connect for SYNC fired the event.");
      return link;
    } catch (error) {
      if (error instanceof LinkTimeout) throw error;
      throw new LinkError(`Error condition on socket for SYNC: ${reasonOf(error)}`);
    }
  }

  async #shakeHands(link: ServerLink): Promise<SyncAnswer> {
    const { masteruser, masterauth, replicaAnnouncePort, replicaAnnounceIp } = this.#options.config.values;
    const introduction = {
      user: masteruser,
      password: masterauth,
      listeningPort: replicaAnnouncePort === 0 ? this.#host.port : replicaAnnouncePort,
      announcedIp: replicaAnnounceIp,
    };
    await introduce(link, introduction, (notice) => this.#log(notice));
    const known = this.#known;
    this.#log(
      known === null
        ? "Partial resynchronization not possible (no cached master)"
        : `Trying a partial resynchronization (request ${known.id}:${known.offset + 1}).`,
    );
    const answer = await askForData(link, known, this.failover?.isHandingOver ?? false);
    this.failover?.answered(answer.kind === "full" || answer.kind === "continue");
    return answer;
  }

  /**
   * What this server knows of a history that the master may know, too. One that nobody listened to was not counted:
   * only a server that has just been started, and has changed nothing, can name it.
   */
  get #known(): Position | null {
    const { stream } = this.#options;
    const { id, secondId, secondOffset, offset, isFollowed } = stream.history;
    if (!isFollowed && stream.backlog === null && (!this.#isFresh || offset === 0)) return null;
    // Since its own history began nothing has happened: so it still is where the one before ended.
    if (!isFollowed && secondId !== NO_ID && secondOffset === offset + 1) return { id: secondId, offset };
    return { id, offset };
  }

  async #receive(begin: () => Promise<FullSync>, signal: AbortSignal): Promise<void> {
    this.#state = "sync";
    const sync = await begin();
    this.#sync = sync;
    try {
      this.#log(
        sync.expectedEnd === null
          ? `MASTER <-> REPLICA sync: receiving ${sync.totalBytes} bytes from master to parser`
          : "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser",
      );
      await this.#host.resync(sync, signal);
      signal.throwIfAborted();
    } finally {
      sync.end();
    }
    this.#bytesBefore += sync.bytesRead;
    this.#sync = null;
    this.#log("MASTER <-> REPLICA sync: Finished with success");
  }

  #goOn(id: string | null): void {
    const { stream } = this.#options;
    this.#log("Successful partial resynchronization with master.");
    const followed = this.#known?.id;
    const isRenamed = id !== null && id !== followed;
    if (isRenamed) this.#warn(`Master replication ID changed to ${id}`);
    stream.follow(id ?? followed ?? stream.id);
    // Those who follow this server have to be told.
    if (isRenamed) stream.onBroken();
    this.#log("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
  }

  #connected(link: ServerLink, work: AbortController, isOld: boolean): void {
    const { config, keyspace, stream } = this.#options;
    const { socket, rest } = link.detach();
    const masterStream = new MasterStream({
      socket,
      rest,
      stream,
      committer: keyspace.committer,
      isOld,
      timeoutMs: () => config.values.replTimeout * 1000,
      maxBulkLength: () => config.values.protoMaxBulkLen,
      onEnd: (reason) => this.#disconnected(masterStream, work, reason),
    });
    this.#stream = masterStream;
    this.#isFresh = false;
    this.#state = "connected";
    this.#downSinceMs = 0;
    const dbIndex = Math.max(stream.history.dbIndex, 0);
    masterStream.start(this.#host.connectMaster(socket, dbIndex, masterStream));
  }

  #disconnected(masterStream: MasterStream, work: AbortController, reason: string): void {
    this.#bytesBefore += masterStream.receivedBytes;
    this.#stream = null;
    this.#downSinceMs = Date.now();
    if (this.#work !== work) return;
    this.#work = null;
    this.#warn(reason);
    this.#warn("Connection with master lost.");
    this.#log("Caching the disconnected master state.");
    const { host, port } = this.#master!;
    this.#log(`Reconnecting to MASTER ${textOfBytes(host)}:${port}`);
    this.#state = "connect";
    // Not within what made it end.
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#connect();
    }, 0);
  }

  #log(message: string): void {
    this.#host.log("notice", message);
  }

  #warn(message: string): void {
    this.#host.log("warning", message);
  }
}

/** `host port` as the option has it. */
export function parseMaster(value: Bytes): Master | null {
  const [host, port] = value.split(" ");
  return host === undefined || port === undefined ? null : { host, port: Number(port) };
}

/** In the system's words, without the address that Node.js adds. */
function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return message.includes("ECONNREFUSED") ? "Connection refused" : message;
}
