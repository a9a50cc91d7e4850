import { type Bytes, textOfBytes } from "../support/bytes.ts";
import type { ConnectedReplica } from "./connected-replica.ts";
import type { Replicas } from "./replicas.ts";
import type { ReplicationStream } from "./stream.ts";
import type { Master, Upstream } from "./upstream.ts";
import type { WritePause } from "./write-pause.ts";

/** In the words of INFO. */
export type FailoverState = "no-failover" | "waiting-for-sync" | "failover-in-progress";

export interface FailoverRequest {
  /** Null: whichever replica is the first to have everything. */
  readonly target: Master | null;
  /** 0: without end. */
  readonly timeoutMs: number;
  /** When the time is over, go on even though the target has not everything. */
  readonly isForced: boolean;
}

/** How often the replicas are looked at. They tell what they have once a second. */
const TICK_MS = 50;

/**
 * FAILOVER: this server and one of its replicas change places, and nothing is lost. Writes wait until the replica has
 * everything; then this server asks it to become the master, and follows it.
 * https://redis.io/docs/latest/commands/failover/
 */
export class Failover {
  state: FailoverState = "no-failover";
  readonly #replicas: Replicas;
  readonly #stream: ReplicationStream;
  readonly #upstream: Upstream;
  #host!: WritePause;
  #target: Master | null = null;
  #isForced = false;
  #deadlineMs = Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(replicas: Replicas, stream: ReplicationStream, upstream: Upstream) {
    this.#replicas = replicas;
    this.#stream = stream;
    this.#upstream = upstream;
  }

  start(host: WritePause): void {
    this.#host = host;
  }

  get isGoingOn(): boolean {
    return this.state !== "no-failover";
  }

  /** The target is asked to become the master. */
  get isHandingOver(): boolean {
    return this.state === "failover-in-progress";
  }

  /** There must be none going on. */
  request({ target, timeoutMs, isForced }: FailoverRequest): void {
    this.#log(`FAILOVER requested to ${target === null ? "any replica" : nameOf(target)}.`);
    this.state = "waiting-for-sync";
    this.#target = target;
    this.#isForced = isForced;
    this.#deadlineMs = timeoutMs === 0 ? Infinity : Date.now() + timeoutMs;
    this.#host.pauseWrites();
    this.#replicas.isQuiet = true;
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  #look(): void {
    if (Date.now() >= this.#deadlineMs) {
      if (!this.#isForced) {
        this.abort("Replica never caught up before timeout");
        return;
      }
      this.#log(`FAILOVER to ${nameOf(this.#target!)} time out exceeded, failing over.`);
      this.#handOver(this.#target!);
      return;
    }
    const replica = this.#candidate();
    if (replica === undefined) return;
    const target = addressOf(replica);
    this.#log(`Failover target ${nameOf(target)} is synced, failing over.`);
    this.#handOver(target);
  }

  /** One that may take over, and has everything. */
  #candidate(): ConnectedReplica | undefined {
    const target = this.#target;
    const { offset } = this.#stream;
    return [...this.#replicas].find(
      (replica) =>
        replica.state === "online" &&
        replica.acknowledged === offset &&
        (target === null || isAt(replica, target)),
    );
  }

  #handOver(target: Master): void {
    this.#stopWaiting();
    this.state = "failover-in-progress";
    this.#target = target;
    this.#upstream.change(target);
  }

  /** What the target said to PSYNC: whether it is the master now. */
  answered(isAccepted: boolean): void {
    if (!this.isHandingOver) return;
    if (isAccepted) this.#end();
    else this.abort("Failover target rejected psync request");
  }

  abort(reason: string): void {
    if (!this.isGoingOn) return;
    this.#log(
      `FAILOVER to ${this.#target === null ? "any replica" : nameOf(this.#target)} aborted: ${reason}`,
    );
    const wasHandedOver = this.isHandingOver;
    this.#end();
    if (wasHandedOver) this.#upstream.change(null);
  }

  #end(): void {
    this.#stopWaiting();
    this.state = "no-failover";
    this.#target = null;
    this.#host.resumeWrites();
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#replicas.isQuiet = false;
  }

  /** The server stops. */
  stop(): void {
    this.#stopWaiting();
  }

  /** The replica of that address, if it is one. */
  find({ host, port }: Master): ConnectedReplica | undefined {
    return [...this.#replicas].find((replica) => isAt(replica, { host, port }));
  }

  #log(message: string): void {
    this.#host.log("notice", message);
  }
}

function addressOf({ host, profile }: ConnectedReplica): Master {
  return { host, port: profile.listeningPort };
}

function isAt(replica: ConnectedReplica, { host, port }: Master): boolean {
  const address = addressOf(replica);
  return address.host === host && address.port === port;
}

function nameOf({ host, port }: { readonly host: Bytes; readonly port: number }): string {
  return `${textOfBytes(host)}:${port}`;
}
