import type { Config } from "../config/config.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Log } from "../support/log.ts";
import { AckWaiters } from "./ack-waiters.ts";
import { ConnectedReplica, type ReplicaLink } from "./connected-replica.ts";
import type { ReplicaProfile } from "./replica-profile.ts";
import { type RdbSource, SnapshotTransfer } from "./snapshot-transfer.ts";
import type { ReplicationStream } from "./stream.ts";

export interface ReplicasOptions {
  readonly stream: ReplicationStream;
  readonly source: RdbSource;
  readonly config: Config;
  readonly log: Log;
}

/** What one asks for by PSYNC or SYNC. */
export interface SyncRequest {
  readonly profile: ReplicaProfile;
  /** PSYNC: the history that it knows (`?` for none), and the first byte that it does not know. Null: SYNC. */
  readonly known: { readonly id: Bytes; readonly next: number } | null;
  readonly link: ReplicaLink;
}

const TICK_MS = 1000;

/** Those who follow this server: who gets all the data and who goes on, and what they are sent when. */
export class Replicas implements Iterable<ConnectedReplica> {
  readonly #options: ReplicasOptions;
  readonly #replicas = new Set<ConnectedReplica>();
  readonly #timer: NodeJS.Timeout;
  #startTimer: NodeJS.Timeout | null = null;
  /** The RDB that is being made; files that are being sent are not counted. */
  #transfer: SnapshotTransfer | null = null;
  /** Redis counts from its start on, not from a second later. */
  #ticks = 1;
  #asks = false;
  /** Since when there is none. */
  #noneSinceMs = Date.now();
  readonly waiters = new AckWaiters();
  /** A hand-over waits for one of them to have everything: nothing is to be added to that. */
  isQuiet = false;
  /** For INFO. */
  fullSyncs = 0;
  partialSyncs = 0;
  refusedPartialSyncs = 0;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    options.stream.onWritten = () => this.#send();
    options.stream.onBroken = () => this.disconnectAll();
    options.config.onChange("replBacklogSize", () => options.stream.backlog?.trim());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  get size(): number {
    return this.#replicas.size;
  }

  /** In order of arrival. */
  [Symbol.iterator](): IterableIterator<ConnectedReplica> {
    return this.#replicas.values();
  }

  /** What follows this server knows another history than it has now: they have to ask again. */
  disconnectAll(): void {
    for (const replica of [...this.#replicas]) replica.link.close();
  }

  /** Nothing is sent any more. */
  close(): void {
    clearInterval(this.#timer);
    if (this.#startTimer !== null) clearTimeout(this.#startTimer);
    this.disconnectAll();
  }

  /** All data is being written for somebody. */
  get areBeingSynchronized(): boolean {
    return this.#transfer !== null;
  }

  resetCounters(): void {
    this.fullSyncs = 0;
    this.partialSyncs = 0;
    this.refusedPartialSyncs = 0;
  }

  // ─── who comes and goes ────────────────────────────────────────────────────────────────────────

  add({ profile, known, link }: SyncRequest): ConnectedReplica {
    const { stream, log, config } = this.#options;
    const replica = new ConnectedReplica({
      link,
      profile,
      isOld: known === null,
      stream,
      limit: () => {
        const { clientOutputBufferLimit, replBacklogSize } = config.values;
        const limit = clientOutputBufferLimit.replica;
        // What comes back may be sent all of the backlog at once.
        return limit.hardBytes === 0
          ? limit
          : { ...limit, hardBytes: Math.max(limit.hardBytes, replBacklogSize) };
      },
    });
    log("notice", `Replica ${replica.name} asks for synchronization`);
    if (known !== null && this.#continues(replica, known.id.toLowerCase(), known.next)) return replica;
    this.fullSyncs++;
    if (config.values.replDisableTcpNodelay) link.setNoDelay(false);
    this.#replicas.add(replica);
    if (stream.backlog === null) {
      stream.open();
      const { id, secondId } = stream.history;
      log("notice", `Replication backlog created, my new replication IDs are '${id}' and '${secondId}'`);
    }
    this.#enqueue(replica);
    return replica;
  }

  #continues(replica: ConnectedReplica, id: Bytes, next: number): boolean {
    const { stream, log } = this.#options;
    if (!stream.canContinue(id, next - 1)) {
      log("notice", this.#reasonForAll(replica, id, next));
      if (next - 1 > stream.offset) {
        log(
          "warning",
          `Warning: replica ${replica.name} tried to PSYNC with an offset that is greater than the master replication offset.`,
        );
      }
      if (!id.startsWith("?")) this.refusedPartialSyncs++;
      return false;
    }
    this.partialSyncs++;
    this.#replicas.add(replica);
    const bytes = stream.backlog!.end - (next - 1);
    replica.goOn(stream.id, next - 1);
    log(
      "notice",
      `Partial resynchronization request from ${replica.name} accepted. ` +
        `Sending ${bytes} bytes of backlog starting from offset ${next}.`,
    );
    return true;
  }

  #reasonForAll(replica: ConnectedReplica, asked: Bytes, next: number): string {
    const { id, secondId, secondOffset } = this.#options.stream.history;
    if (asked.startsWith("?")) return `Full resync requested by replica ${replica.name}`;
    if (asked !== id && asked !== secondId) {
      return (
        "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for " +
        `'${asked}', my replication IDs are '${id}' and '${secondId}')`
      );
    }
    if (asked !== id && next > secondOffset) {
      return (
        `Partial resynchronization not accepted: Requested offset for second ID was ${next}, ` +
        `but I can reply up to ${secondOffset}`
      );
    }
    return `Unable to partial resync with replica ${replica.name} for lack of backlog (Replica request was: ${next}).`;
  }

  /** Its connection is gone. */
  detach(replica: ConnectedReplica): void {
    const { log } = this.#options;
    this.#replicas.delete(replica);
    this.#transfer?.leave(replica);
    replica.leave();
    log("notice", `Connection with replica ${replica.name} lost.`);
    if (this.#replicas.size === 0) this.#noneSinceMs = Date.now();
  }

  // ─── what they have ────────────────────────────────────────────────────────────────────────────

  /** It has everything up to `offset`. */
  acknowledge(replica: ConnectedReplica, offset: number): void {
    replica.acknowledge(offset);
    this.waiters.check((wanted) => this.countAcknowledged(wanted));
  }

  /** How many said that they have everything up to `offset`. */
  countAcknowledged(offset: number): number {
    let count = 0;
    for (const { state, acknowledged } of this.#replicas) {
      if (state === "online" && acknowledged >= offset) count++;
    }
    return count;
  }

  /** They are asked to say at once what they have; once for all who want to know it in this turn. */
  askForAcknowledgements(): void {
    if (this.#asks) return;
    this.#asks = true;
    setImmediate(() => {
      this.#asks = false;
      this.#options.stream.appendPlain(["REPLCONF", "GETACK", "*"]);
    });
  }

  /** How many were heard of lately, as `min-replicas-max-lag` has it; null: that is of no interest. */
  get goodCount(): number | null {
    const { minReplicasToWrite, minReplicasMaxLag } = this.#options.config.values;
    if (minReplicasToWrite === 0 || minReplicasMaxLag === 0) return null;
    const nowMs = Date.now();
    let count = 0;
    for (const replica of this.#replicas) {
      if (replica.state === "online" && replica.lagSeconds(nowMs) <= minReplicasMaxLag) count++;
    }
    return count;
  }

  /** There are too few of those for writing. */
  get areTooFew(): boolean {
    // Those of a replica are its master's business.
    if (this.#options.stream.history.isFollowed) return false;
    const { goodCount } = this;
    return goodCount !== null && goodCount < this.#options.config.values.minReplicasToWrite;
  }

  // ─── all the data ──────────────────────────────────────────────────────────────────────────────

  #enqueue(replica: ConnectedReplica): void {
    const { log, config } = this.#options;
    const { replDisklessSync, replDisklessSyncDelay } = config.values;
    if (this.#transfer !== null) {
      if (this.#transfer.canJoin(replica)) {
        this.#transfer.join(replica);
        log("notice", "Waiting for end of BGSAVE for SYNC");
      } else if (this.#transfer.isMarked) {
        log("notice", "Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC");
      } else {
        log("notice", "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC");
      }
      return;
    }
    if (replDisklessSync && replDisklessSyncDelay > 0 && replica.profile.knowsMark) {
      log("notice", "Delay next BGSAVE for diskless SYNC");
    }
    this.#startWhenDue();
  }

  /** Replicas that can share one RDB. */
  #waiting(): ConnectedReplica[] {
    const waiting = [...this.#replicas].filter(({ state }) => state === "waiting");
    const [first] = waiting;
    return waiting.filter(
      ({ profile }) =>
        profile.withKeys === first!.profile.withKeys &&
        profile.withLibraries === first!.profile.withLibraries,
    );
  }

  /** Not before others had their time to come, where those who come later would have to wait for this one. */
  #startWhenDue(): void {
    if (this.#transfer !== null) return;
    const waiting = this.#waiting();
    if (waiting.length === 0) return;
    const { replDisklessSync, replDisklessSyncDelay, replDisklessSyncMaxReplicas } =
      this.#options.config.values;
    const isFiltered = waiting[0]!.profile.isFiltered;
    const isMarked = (replDisklessSync || isFiltered) && waiting.every(({ profile }) => profile.knowsMark);
    const isFull = replDisklessSyncMaxReplicas > 0 && waiting.length >= replDisklessSyncMaxReplicas;
    const dueMs = isMarked && !isFull ? waiting[0]!.attachedAtMs + replDisklessSyncDelay * 1000 : 0;
    const leftMs = dueMs - Date.now();
    if (leftMs > 0) {
      this.#startTimer ??= setTimeout(() => {
        this.#startTimer = null;
        this.#startWhenDue();
      }, leftMs);
      this.#startTimer.unref();
      return;
    }
    void this.#start(waiting, isMarked);
  }

  async #start(replicas: readonly ConnectedReplica[], isMarked: boolean): Promise<void> {
    const { source, stream, config, log } = this.#options;
    log("notice", `Starting BGSAVE for SYNC with target: ${isMarked ? "replicas sockets" : "disk"}`);
    this.#transfer = new SnapshotTransfer({
      source,
      stream,
      replicas,
      isMarked,
      folder: config.values.dir,
      log,
    });
    await this.#transfer.run();
    this.#transfer = null;
    this.#startWhenDue();
  }

  // ─── the stream ────────────────────────────────────────────────────────────────────────────────

  #send(): void {
    for (const replica of this.#replicas) {
      replica.send();
      this.#dropIfBehind(replica);
    }
  }

  #dropIfBehind(replica: ConnectedReplica): boolean {
    if (!replica.isTooFarBehind) return false;
    const { link } = replica;
    this.#options.log(
      "warning",
      `Client ${link.describe(Date.now())} closed for overcoming of output buffer limits.`,
    );
    link.close();
    return true;
  }

  // ─── by itself ─────────────────────────────────────────────────────────────────────────────────

  #tick(): void {
    const { stream, config } = this.#options;
    const { replPingReplicaPeriod } = config.values;
    const nowMs = Date.now();
    // The pings of its master go on to those who follow a replica.
    const isMaster = !stream.history.isFollowed;
    if (isMaster && !this.isQuiet && this.#replicas.size > 0 && this.#ticks % replPingReplicaPeriod === 0) {
      stream.appendPlain(["PING"]);
    }
    this.#ticks++;
    for (const replica of [...this.#replicas]) {
      if (!this.#dropIfBehind(replica)) this.#keepAlive(replica, nowMs);
    }
    this.#startWhenDue();
    if (isMaster) this.#forgetWhenAlone(nowMs);
  }

  #keepAlive(replica: ConnectedReplica, nowMs: number): void {
    const { log, config } = this.#options;
    const timeoutMs = config.values.replTimeout * 1000;
    const { state, isOld, attachedAtMs, acknowledgedAtMs, stuckSinceMs } = replica;
    const isMarked = this.#transfer?.isMarked === true;
    const isHeld = state === "waiting" || (state === "beginning" && !isMarked);
    // Who has just come is told more than that at once, as a rule.
    if (isHeld && nowMs - attachedAtMs >= TICK_MS) replica.tell("\n");
    if (state === "online" && !isOld && nowMs - acknowledgedAtMs > timeoutMs) {
      log("warning", `Disconnecting timedout replica (streaming sync): ${replica.name}`);
      replica.link.close();
    } else if (stuckSinceMs > 0 && nowMs - stuckSinceMs > timeoutMs) {
      log("warning", `Disconnecting timedout replica (full sync): ${replica.name}`);
      replica.link.close();
    }
  }

  /** Nobody has asked for long: what is kept for them may go. */
  #forgetWhenAlone(nowMs: number): void {
    const { stream, config, log } = this.#options;
    const { replBacklogTtl } = config.values;
    if (this.#replicas.size > 0 || replBacklogTtl === 0 || stream.backlog === null) return;
    if (nowMs - this.#noneSinceMs <= replBacklogTtl * 1000) return;
    stream.close();
    log("notice", `Replication backlog freed after ${replBacklogTtl} seconds without connected replicas.`);
  }
}
