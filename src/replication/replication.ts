import type { Config } from "../config/config.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { REPLICATION_KEY } from "../storage/layout.ts";
import type { Log } from "../support/log.ts";
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
export const MIN_BACKLOG_SIZE = 16 << 10;

/** All that makes this server one of several: the stream of its changes, who follows it, and whom it follows. */
export class Replication {
  readonly stream: ReplicationStream;
  readonly replicas: Replicas;
  readonly upstream: Upstream;

  constructor({ config, keyspace, source, log }: ReplicationOptions) {
    const { committer, propagation, reading } = keyspace;
    this.stream = new ReplicationStream({
      committer,
      propagation,
      stored: reading.store.getSync(REPLICATION_KEY),
      journal: null,
      backlogSize: () => Math.max(config.values.replBacklogSize, MIN_BACKLOG_SIZE),
    });
    this.replicas = new Replicas({ stream: this.stream, source, config, log });
    this.upstream = new Upstream({ config, keyspace, stream: this.stream });
  }
}
