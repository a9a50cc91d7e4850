import type { Config } from "../config/config.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { REPLICATION_KEY } from "../storage/layout.ts";
import type { Log } from "../support/log.ts";
import { Failover } from "./failover.ts";
import { Grace } from "./grace.ts";
import { BacklogFiles } from "./backlog-files.ts";
import { Replicas } from "./replicas.ts";
import type { RdbSource } from "./snapshot-transfer.ts";
import { ReplicationStream } from "./stream.ts";
import { Upstream } from "./upstream.ts";

export interface ReplicationOptions {
  readonly config: Config;
  readonly keyspace: Keyspace;
  /** Writes the data for those who follow this server. */
  readonly source: RdbSource;
  readonly log: Log;
}

/** Redis' least: what is smaller is taken for this. */
const MIN_BACKLOG_SIZE = 16 << 10;

/** All that makes this server one of several: the stream of its changes, who follows it, and whom it follows. */
export class Replication {
  readonly stream: ReplicationStream;
  readonly #config: Config;
  readonly #journal: BacklogFiles | null;
  readonly replicas: Replicas;
  readonly upstream: Upstream;
  readonly failover: Failover;
  readonly grace: Grace;

  constructor({ config, keyspace, source, log }: ReplicationOptions) {
    this.#config = config;
    const { committer, propagation, reading } = keyspace;
    const { backend, dir } = config.values;
    const backlogSize = (): number => this.backlogSize;
    this.#journal = backend === "memory" ? null : new BacklogFiles(dir, backlogSize);
    this.stream = new ReplicationStream({
      committer,
      propagation,
      stored: reading.store.getSync(REPLICATION_KEY),
      journal: this.#journal,
      backlogSize,
    });
    this.replicas = new Replicas({ stream: this.stream, source, config, log });
    this.upstream = new Upstream({ config, keyspace, stream: this.stream });
    this.failover = new Failover(this.replicas, this.stream, this.upstream);
    this.upstream.failover = this.failover;
    this.grace = new Grace(this.replicas, this.stream);
  }

  /** How much of the stream is kept, in bytes. */
  get backlogSize(): number {
    return Math.max(this.#config.values.replBacklogSize, MIN_BACKLOG_SIZE);
  }

  /** What the stream takes in memory: as much as was asked for, and what replicas have yet to be sent beyond that. */
  get bufferBytes(): { readonly backlog: number; readonly replicas: number } {
    const bytes = this.stream.backlog?.bytes ?? 0;
    const backlog = this.replicas.size === 0 ? bytes : Math.min(bytes, this.backlogSize);
    return { backlog, replicas: bytes - backlog };
  }

  /** CONFIG RESETSTAT. */
  resetCounters(): void {
    this.replicas.resetCounters();
    this.upstream.resetCounters();
  }

  /** When nothing is written any more. */
  close(): void {
    this.#journal?.close();
  }
}
