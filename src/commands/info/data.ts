import type { Context } from "../command.ts";
import type { Field } from "./field.ts";
import { loadingFields } from "./loading.ts";

/**
 * Redis' words for snapshots and its log. Snapshots are written by a thread, which copies no memory. The log is LevelDB's,
 * its rewriting a compaction.
 */
export function* persistenceSection(context: Context): Iterable<Field> {
  const { server, keyspace } = context;
  const { saver, logRewrite } = server;
  yield ["loading", server.loading !== null && !server.loading.isAsync ? 1 : 0];
  yield ["async_loading", server.loading?.isAsync === true ? 1 : 0];
  yield ["current_cow_peak", 0];
  yield ["current_cow_size", 0];
  yield ["current_cow_size_age", 0];
  yield ["current_fork_perc", saver.percentDone.toFixed(2)];
  yield ["current_save_keys_processed", saver.keysDone];
  yield ["current_save_keys_total", saver.keysTotal];
  yield ["rdb_changes_since_last_save", saver.unsavedChanges];
  const { areBeingSynchronized } = server.replication.replicas;
  yield ["rdb_bgsave_in_progress", saver.isSavingInBackground || areBeingSynchronized ? 1 : 0];
  yield ["rdb_last_save_time", saver.lastSaveS];
  yield ["rdb_last_bgsave_status", saver.isWell ? "ok" : "err"];
  yield ["rdb_last_bgsave_time_sec", saver.lastSeconds];
  yield ["rdb_current_bgsave_time_sec", saver.currentSeconds];
  yield ["rdb_saves", saver.saves];
  yield ["rdb_last_cow_size", 0];
  yield ["rdb_last_load_keys_expired", keyspace.loading.lastExpiredKeys];
  yield ["rdb_last_load_keys_loaded", keyspace.loading.lastKeys];
  yield ["aof_enabled", server.config.values.appendonly ? 1 : 0];
  yield ["aof_rewrite_in_progress", logRewrite.isRunning ? 1 : 0];
  yield ["aof_rewrite_scheduled", logRewrite.isScheduled ? 1 : 0];
  yield ["aof_last_rewrite_time_sec", logRewrite.lastSeconds];
  yield ["aof_current_rewrite_time_sec", logRewrite.currentSeconds];
  yield ["aof_last_bgrewrite_status", logRewrite.isWell ? "ok" : "err"];
  yield ["aof_rewrites", logRewrite.count];
  yield ["aof_last_write_status", server.disk.failure === null ? "ok" : "err"];
  yield ["aof_buffer_length", keyspace.committer.backlogBytes];
  yield* loadingFields(context);
}

export function modulesSection(): Iterable<Field> {
  return [];
}

export function clusterSection(): Iterable<Field> {
  return [["cluster_enabled", 0]];
}

/** Redis samples the time that keys have left; 0 is its word for "not known". */
export function* keyspaceSection({ keyspace }: Context): Iterable<Field> {
  for (const { index, keyCount, expiryCount } of keyspace.databases) {
    if (keyCount > 0) yield [`db${index}`, `keys=${keyCount},expires=${expiryCount},avg_ttl=0`];
  }
}
