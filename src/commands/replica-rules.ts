import { CommandError } from "../errors.ts";
import type { Server } from "./host.ts";

/** What a server that follows another lets its clients do. */

export const READ_ONLY = new CommandError("READONLY You can't write against a read only replica.");
export const MASTER_DOWN = new CommandError(
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
);

/** Only the master changes what is here. */
export function refusesWrites({ config, replication }: Server): boolean {
  return replication.upstream.isReplica && config.values.replicaReadOnly;
}

/** What is here may be old, and is not to be shown then. */
export function hidesData({ config, replication }: Server): boolean {
  return replication.upstream.isStale && !config.values.replicaServeStaleData;
}
