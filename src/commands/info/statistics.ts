import type { Context } from "../command.ts";
import { type Field, safe } from "./field.ts";

export function* statsSection({ server, keyspace }: Context): Iterable<Field> {
  const { traffic, counters, tracking } = server;
  const { replicas, upstream } = server.replication;
  yield ["total_connections_received", traffic.connectionsReceived];
  yield ["total_commands_processed", counters.commandsProcessed];
  yield ["instantaneous_ops_per_sec", Math.round(traffic.commandsPerSecond)];
  yield ["total_net_input_bytes", traffic.inputBytes + upstream.inputBytes];
  yield ["total_net_output_bytes", traffic.outputBytes + traffic.replicaOutputBytes];
  yield ["total_net_repl_input_bytes", upstream.inputBytes];
  yield ["total_net_repl_output_bytes", traffic.replicaOutputBytes];
  yield ["instantaneous_input_kbps", (traffic.inputBytesPerSecond / 1024).toFixed(2)];
  yield ["instantaneous_output_kbps", (traffic.outputBytesPerSecond / 1024).toFixed(2)];
  yield ["instantaneous_input_repl_kbps", (traffic.masterInputBytesPerSecond / 1024).toFixed(2)];
  yield ["instantaneous_output_repl_kbps", (traffic.replicaOutputBytesPerSecond / 1024).toFixed(2)];
  yield ["rejected_connections", traffic.connectionsRejected];
  yield ["sync_full", replicas.fullSyncs];
  yield ["sync_partial_ok", replicas.partialSyncs];
  yield ["sync_partial_err", replicas.refusedPartialSyncs];
  yield ["expired_keys", keyspace.expiry.expiredKeys];
  // What the record cache lets go of is still on disk: no key is ever evicted.
  yield ["evicted_keys", 0];
  yield ["evicted_clients", 0];
  yield ["keyspace_hits", counters.keyspaceHits];
  yield ["keyspace_misses", counters.keyspaceMisses];
  yield ["pubsub_channels", server.pubsub.size("channel")];
  yield ["pubsub_patterns", server.pubsub.size("pattern")];
  yield ["pubsubshard_channels", server.pubsub.size("shardChannel")];
  yield ["latest_fork_usec", 0];
  yield ["total_forks", 0];
  yield ["migrate_cached_sockets", server.migrations.idleConnections];
  yield ["slave_expires_tracked_keys", keyspace.ownExpiries.size];
  yield ["tracking_total_keys", tracking.keyCount];
  yield ["tracking_total_items", tracking.itemCount];
  yield ["tracking_total_prefixes", tracking.prefixCount];
  yield ["unexpected_error_replies", upstream.errorReplies];
  yield ["total_error_replies", counters.errorReplies];
  yield ["total_reads_processed", traffic.readsProcessed];
  yield ["total_writes_processed", traffic.writesProcessed];
}

export function* commandstatsSection({ server }: Context): Iterable<Field> {
  for (const { fullName, statistics } of server.commands.withSubcommands()) {
    const { calls, usec, rejected, failed } = statistics;
    if (calls === 0 && rejected === 0 && failed === 0) continue;
    const perCall = calls === 0 ? 0 : usec / calls;
    yield [
      `cmdstat_${fullName}`,
      `calls=${calls},usec=${Math.round(usec)},usec_per_call=${perCall.toFixed(2)}` +
        `,rejected_calls=${rejected},failed_calls=${failed}`,
    ];
  }
}

export function* errorstatsSection({ server }: Context): Iterable<Field> {
  const byCode = [...server.counters.errorsByCode].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [code, count] of byCode) yield [`errorstat_${safe(code)}`, `count=${count}`];
}

export function* latencystatsSection({ server }: Context): Iterable<Field> {
  const { latencyTracking, latencyTrackingInfoPercentiles } = server.config.values;
  if (!latencyTracking) return;
  for (const { fullName, statistics } of server.commands.withSubcommands()) {
    const { latency } = statistics;
    if (latency === null) continue;
    const shown = latencyTrackingInfoPercentiles.map((percent) => {
      return `p${percent}=${(latency.percentile(percent) / 1000).toFixed(3)}`;
    });
    yield [`latency_percentiles_usec_${fullName}`, shown.join(",")];
  }
}
