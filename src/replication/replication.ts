import type { Config } from "../config/config.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import { REPLICATION_KEY } from "../storage/layout.ts";
import { ReplicationStream } from "./stream.ts";

export interface ReplicationOptions {
  readonly config: Config;
  readonly keyspace: Keyspace;
}

/** All that makes this server one of several: the stream of its changes, who follows it, and whom it follows. */
export class Replication {
  readonly stream: ReplicationStream;

  constructor({ config, keyspace }: ReplicationOptions) {
    const { committer, propagation, reading } = keyspace;
    this.stream = new ReplicationStream({
      committer,
      propagation,
      stored: reading.store.getSync(REPLICATION_KEY),
      journal: null,
      backlogSize: () => config.values.replBacklogSize,
    });
  }
}
