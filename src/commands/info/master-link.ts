import type { Context } from "../command.ts";
import type { Field } from "./field.ts";

const secondsSince = (ms: number, nowMs: number): number => Math.max(0, Math.floor((nowMs - ms) / 1000));

/** Of the master that this server follows, in Redis' words; nothing while it follows none. */
export function* masterLinkFields({ server, nowMs }: Context): Iterable<Field> {
  const { values } = server.config;
  const { upstream, stream } = server.replication;
  const { sync, lastReadMs, downSinceMs } = upstream;
  const { master, state } = upstream.appointed;
  if (master === null) return;
  yield ["master_host", master.host];
  yield ["master_port", master.port];
  yield ["master_link_status", state === "connected" ? "up" : "down"];
  yield ["master_last_io_seconds_ago", lastReadMs === null ? -1 : secondsSince(lastReadMs, nowMs)];
  yield ["master_sync_in_progress", state === "sync" ? 1 : 0];
  yield ["slave_read_repl_offset", upstream.readOffset];
  yield ["slave_repl_offset", stream.offset];
  if (state === "sync") {
    const {
      totalBytes,
      bytesRead,
      lastReadMs: syncReadMs,
    } = sync ?? { totalBytes: 0, bytesRead: 0, lastReadMs: nowMs };
    yield ["master_sync_total_bytes", totalBytes];
    yield ["master_sync_read_bytes", bytesRead];
    yield ["master_sync_left_bytes", totalBytes - bytesRead];
    yield ["master_sync_perc", (totalBytes === 0 ? 0 : (bytesRead / totalBytes) * 100).toFixed(2)];
    yield ["master_sync_last_io_seconds_ago", secondsSince(syncReadMs, nowMs)];
  }
  if (state !== "connected") {
    yield ["master_link_down_since_seconds", downSinceMs === 0 ? -1 : secondsSince(downSinceMs, nowMs)];
  }
  yield ["slave_priority", values.replicaPriority];
  yield ["slave_read_only", values.replicaReadOnly ? 1 : 0];
  yield ["replica_announced", values.replicaAnnounced ? 1 : 0];
}
