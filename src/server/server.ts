import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { BlockedView, Client, CommandCounters, Server as ServerView } from "../commands/host.ts";
import type { Scripting } from "../commands/scripting/scripting.ts";
import type { CommandTable } from "../commands/table.ts";
import type { Config } from "../config/config.ts";
import { CommandError } from "../errors.ts";
import type { Monitors } from "../executor/monitors.ts";
import { LatencyMonitor } from "../metrics/latency-monitor.ts";
import type { LoadingProgress } from "../metrics/loading-progress.ts";
import { ProcessMemory } from "../metrics/process-memory.ts";
import { SlowLog } from "../metrics/slow-log.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import type { MasterStream } from "../replication/master-stream.ts";
import type { Replication } from "../replication/replication.ts";
import { type Bytes, textOfBytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import { Tracking } from "../tracking/tracking.ts";
import { InputBudget } from "./input-budget.ts";
import type { Connection } from "./connection.ts";
import type { ClientSocket } from "./client-socket.ts";
import { clientsByDescriptors, descriptorOf } from "./descriptors.ts";
import { Listener } from "./listener.ts";
import { MasterClient } from "./master-client.ts";
import { Migrations } from "./migrations.ts";
import type { Commits } from "./output.ts";
import { ClientPause } from "./pause.ts";
import { type Peer, tcpPeer } from "./peer.ts";
import { PushEncoder } from "./push-encoder.ts";
import { PROTECTED_MODE, TOO_MANY_CLIENTS } from "./refusals.ts";
import type { CommandRunner, SessionHost } from "./session-host.ts";
import { Session } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { TrafficCounter } from "./traffic.ts";
import { Turn } from "./turn.ts";

export interface ServerOptions {
  readonly config: Config;
  readonly commands: CommandTable;
  readonly executor: CommandRunner & {
    readonly statistics: CommandCounters;
    readonly monitors: Monitors;
    readonly busy: ServerView["busy"];
  };
  readonly commits: Commits;
  readonly expiryWalk: ServerView["expiryWalk"];
  readonly collector: ServerView["collector"];
  readonly disk: ServerView["disk"];
  readonly saver: ServerView["saver"];
  readonly logRewrite: ServerView["logRewrite"];
  readonly reload: ServerView["reload"];
  readonly backup: ServerView["backup"];
  readonly scripting: Scripting;
  readonly replication: Replication;
  readonly log: Log;
  /** SHUTDOWN: the process is to stop in order, as `orders` say. Called in a turn of its own. */
  readonly onShutdown: (orders: readonly string[]) => void;
}

const SAMPLE_MS = 100;
const TICK_MS = 1000;
/** How long clients may take to receive their last replies when the server stops. */
const STOP_MS = 5000;

/** Connections and what belongs to them. The process around it makes the store and the executor. */
export class Server implements ServerView, SessionHost {
  readonly config: Config;
  readonly commands: CommandTable;
  readonly executor: CommandRunner;
  readonly counters: CommandCounters;
  readonly commits: Commits;
  readonly expiryWalk: ServerView["expiryWalk"];
  readonly collector: ServerView["collector"];
  readonly disk: ServerView["disk"];
  readonly saver: ServerView["saver"];
  readonly logRewrite: ServerView["logRewrite"];
  readonly reload: ServerView["reload"];
  readonly backup: ServerView["backup"];
  readonly scripting: Scripting;
  readonly replication: Replication;
  readonly busy: ServerView["busy"];
  readonly log: Log;
  readonly payloads = { checksChecksums: true };
  readonly migrations = new Migrations();
  loading: LoadingProgress | null = null;
  readonly memory = new ProcessMemory();
  readonly slowLog = new SlowLog(() => this.config.values.slowlogMaxLen);
  readonly latency = new LatencyMonitor();
  readonly monitors: Monitors;
  readonly inputBudget = new InputBudget();
  readonly pubsub = new PubSub();
  readonly pushEncoder = new PushEncoder();
  readonly turn: Turn;
  readonly clients = new Sessions();
  readonly tracking = new Tracking({
    clients: this.clients,
    maxKeys: () => this.config.values.trackingTableMaxKeys,
  });
  readonly pause = new ClientPause();
  readonly runId = randomBytes(20).toString("hex");
  readonly startedAtMs = Date.now();
  readonly traffic = new TrafficCounter(this.startedAtMs);
  readonly #onShutdown: (orders: readonly string[]) => void;
  /** Who said SHUTDOWN, and waits. */
  readonly #shutdownCallers = new Set<Client>();
  readonly #sockets = new Set<Socket>();
  readonly #timers: NodeJS.Timeout[] = [];
  #listener: Listener | null = null;
  readonly #clientsByDescriptors = clientsByDescriptors();
  #nextId = 1;
  #isStopping = false;
  /** The last change of addresses, which may be under way. It never rejects. */
  #moving: Promise<unknown> = Promise.resolve();
  /** What is listened on, as `bind` and `port` have it. */
  #listensOn = "";
  /** Called when the last session has gone. */
  #onEmpty: (() => void) | null = null;

  constructor(options: ServerOptions) {
    this.config = options.config;
    this.commands = options.commands;
    this.executor = options.executor;
    this.counters = options.executor.statistics;
    this.monitors = options.executor.monitors;
    this.commits = options.commits;
    this.expiryWalk = options.expiryWalk;
    this.collector = options.collector;
    this.disk = options.disk;
    this.saver = options.saver;
    this.logRewrite = options.logRewrite;
    this.reload = options.reload;
    this.backup = options.backup;
    this.scripting = options.scripting;
    this.replication = options.replication;
    this.busy = options.executor.busy;
    this.log = options.log;
    this.turn = new Turn(options.executor, options.commits, () => this.pushEncoder.forget());
    this.#onShutdown = options.onShutdown;
    this.config.onChange("trackingTableMaxKeys", () => this.tracking.watchSize());
    // The command has seen to it before (`listenOn`): it can fail, and takes its time.
    for (const name of ["bind", "port"] as const) this.config.onChange(name, () => {});
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get blocked(): BlockedView {
    return this.executor.blocked;
  }

  get isPasswordRequired(): boolean {
    return this.config.values.requirepass !== "";
  }

  /** @throws StartError */
  async start(): Promise<void> {
    const { bind, port, unixsocket, unixsocketperm, tcpBacklog, maxclients } = this.config.values;
    if (maxclients > this.#clientsByDescriptors) {
      this.log(
        "warning",
        `The limit of open files is enough for ${this.#clientsByDescriptors} clients, not for maxclients ${maxclients}`,
      );
    }
    this.#listener = await Listener.open(
      {
        bind: bind.map(textOfBytes),
        port,
        unixPath: unixsocket,
        unixMode: unixsocketperm,
        backlog: tcpBacklog,
      },
      (socket, peer) => this.#connected(socket, peer),
      (error) => this.log("warning", `Accepting client connection: ${error.message}`),
    );
    this.#listensOn = addressesOf(bind, port);
    this.#every(SAMPLE_MS, (nowMs) => {
      this.traffic.sample(nowMs, this.counters.commandsProcessed, this.replication.upstream.inputBytes);
    });
    this.#every(TICK_MS, (nowMs) => {
      this.clients.tick(nowMs);
      this.memory.use();
    });
  }

  /** Listens on other addresses; false when it could not, and listens as before. */
  listenOn(bind: readonly Bytes[], port: number): Promise<boolean> {
    const moved = this.#moving.then(() => this.#move(bind, port));
    this.#moving = moved;
    return moved;
  }

  async #move(bind: readonly Bytes[], port: number): Promise<boolean> {
    const name = addressesOf(bind, port);
    if (name === this.#listensOn || this.#listener === null || this.#isStopping) return true;
    try {
      await this.#listener.move({ bind: bind.map(textOfBytes), port });
    } catch (error) {
      this.log("warning", (error as Error).message);
      return false;
    }
    this.#listensOn = name;
    return true;
  }

  /** Listens on what the options say, should a command have changed that and not them. */
  listenAsConfigured(): void {
    void this.#moving.then(() => {
      const { bind, port } = this.config.values;
      return this.listenOn(bind, port);
    });
  }

  #every(intervalMs: number, work: (nowMs: number) => void): void {
    const timer = setInterval(() => work(Date.now()), intervalMs);
    timer.unref();
    this.#timers.push(timer);
  }

  #connected(socket: ClientSocket, peer: Peer): void {
    const { maxclients, protectedMode, tcpKeepalive } = this.config.values;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    if (this.clients.size >= Math.min(maxclients, this.#clientsByDescriptors))
      this.#refuse(socket, TOO_MANY_CLIENTS);
    else if (protectedMode && !this.isPasswordRequired && !peer.isLocal) this.#refuse(socket, PROTECTED_MODE);
    else {
      if (tcpKeepalive > 0 && !peer.isUnix) socket.setKeepAlive(true, tcpKeepalive * 1000);
      this.traffic.connectionsReceived++;
      this.clients.add(new Session(this, this.#nextId++, socket, peer));
    }
  }

  #refuse(socket: Socket, text: string): void {
    this.traffic.connectionsRejected++;
    // It may be gone already, which is as good.
    socket.on("error", () => {});
    socket.end(text, "latin1", () => socket.destroy());
  }

  /** Hangs up on those who wait for keys: what they wait for will not come from here any more. */
  disconnectBlocked(): void {
    for (const client of [...this.clients]) {
      if (!this.blocked.isWaiting(client)) continue;
      this.blocked.fail(client, UNBLOCKED);
      client.closeAfterReply();
    }
  }

  /** The master that this server follows, as one of its clients. */
  connectMaster(socket: Socket, dbIndex: number, stream: MasterStream): MasterClient {
    const client = new MasterClient({
      id: this.#nextId++,
      peer: tcpPeer(socket),
      descriptor: () => descriptorOf(socket),
      executor: this.executor,
      dbIndex,
      stream,
      onError: (error, commandName) => this.replication.upstream.refused(error.message, commandName),
      onGone: (client) => this.remove(client),
    });
    this.clients.add(client);
    return client;
  }

  remove(session: Connection): void {
    this.tracking.disable(session);
    this.clients.remove(session);
    if (this.clients.size === 0) this.#onEmpty?.();
  }

  shutdown(orders: readonly string[], client: Client): void {
    if (this.#isStopping) return;
    this.#shutdownCallers.add(client);
    setImmediate(() => this.#onShutdown(orders));
  }

  /** The server does not stop after all. */
  shutdownFailed(): void {
    for (const client of this.#shutdownCallers) this.blocked.fail(client, CANNOT_SHUT_DOWN);
    this.#shutdownCallers.clear();
  }

  /** Stops accepting, lets what runs finish, sends the last replies, closes. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#moving;
    this.#listener?.close();
    for (const session of [...this.clients]) session.finish();
    this.pause.endAll();
    await this.#emptied();
    this.migrations.close();
    for (const socket of this.#sockets) socket.destroySoon();
  }

  async #emptied(): Promise<void> {
    if (this.clients.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const session of [...this.clients]) session.close();
      }, STOP_MS);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const UNBLOCKED = new CommandError(
  "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
);

const CANNOT_SHUT_DOWN = new CommandError("ERR Errors trying to SHUTDOWN. Check logs.");

function addressesOf(bind: readonly Bytes[], port: number): string {
  return `${port} ${bind.join(" ")}`;
}
