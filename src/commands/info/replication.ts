import type { ConnectedReplica, ReplicaState } from "../../replication/connected-replica.ts";
import type { Context } from "../command.ts";
import type { Field } from "./field.ts";
import { masterLinkFields } from "./master-link.ts";

/** Redis' words. */
const STATES: Readonly<Record<ReplicaState, string>> = {
  waiting: "wait_bgsave",
  beginning: "wait_bgsave",
  sending: "send_bulk",
  online: "online",
};

export function* replicationSection(context: Context): Iterable<Field> {
  const { server, nowMs } = context;
  const { stream, replicas, upstream, failover } = server.replication;
  const { history, backlog } = stream;
  yield ["role", upstream.appointed.master === null ? "master" : "slave"];
  yield* masterLinkFields(context);
  yield ["connected_slaves", replicas.size];
  const { goodCount } = replicas;
  if (goodCount !== null) yield ["min_slaves_good_slaves", goodCount];
  let number = 0;
  for (const replica of replicas) yield [`slave${number++}`, describe(replica, nowMs)];
  yield ["master_failover_state", failover.state];
  yield ["master_replid", history.id];
  yield ["master_replid2", history.secondId];
  yield ["master_repl_offset", history.offset];
  yield ["second_repl_offset", history.secondOffset];
  yield ["repl_backlog_active", backlog === null ? 0 : 1];
  yield ["repl_backlog_size", server.replication.backlogSize];
  yield ["repl_backlog_first_byte_offset", backlog === null ? 0 : backlog.begin + 1];
  yield ["repl_backlog_histlen", backlog === null ? 0 : history.offset - backlog.begin];
}

function describe(replica: ConnectedReplica, nowMs: number): string {
  const { host, profile, state, acknowledged } = replica;
  const lag = state === "online" ? replica.lagSeconds(nowMs) : 0;
  return `ip=${host},port=${profile.listeningPort},state=${STATES[state]},offset=${acknowledged},lag=${lag}`;
}
