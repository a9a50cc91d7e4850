import { INT_MAX, LONG_MAX, choice, integer, memory, string, yesNo } from "../option-types.ts";
import { masterAddress } from "../special-option-types.ts";

const NO_REPLICAS = "there is no replication yet";
const NO_CLUSTER = "cluster-enabled is always 'no'";
const PORT = { min: 0n, max: 65535n };
const COUNT = { min: 0n, max: INT_MAX };
const AT_LEAST_ONE = { min: 1n, max: INT_MAX };

export const REPLICATION = {
  replicaof: masterAddress({
    fixed: { to: [""], why: "replication is not supported yet" },
    aliases: ["slaveof"],
    changes: "start",
  }),
  "replica-read-only": yesNo(true, { none: NO_REPLICAS, aliases: ["slave-read-only"] }),
  "replica-serve-stale-data": yesNo(true, { none: NO_REPLICAS, aliases: ["slave-serve-stale-data"] }),
  "replica-priority": integer(100, COUNT, { none: NO_REPLICAS, aliases: ["slave-priority"] }),
  "replica-announced": yesNo(true, { none: NO_REPLICAS }),
  "replica-announce-ip": string("", { none: NO_REPLICAS, aliases: ["slave-announce-ip"] }),
  "replica-announce-port": integer(0, PORT, { none: NO_REPLICAS, aliases: ["slave-announce-port"] }),
  "replica-lazy-flush": yesNo(false, { none: NO_REPLICAS, aliases: ["slave-lazy-flush"] }),
  "replica-ignore-maxmemory": yesNo(true, { none: NO_REPLICAS, aliases: ["slave-ignore-maxmemory"] }),
  "replica-ignore-disk-write-errors": yesNo(false, { none: NO_REPLICAS }),
  masterauth: string("", { none: NO_REPLICAS, isSensitive: true }),
  masteruser: string("", { none: NO_REPLICAS, isSensitive: true }),
  "min-replicas-to-write": integer(0, COUNT, {
    fixed: { to: [0], why: "replication is not supported yet: only 0 is supported" },
    aliases: ["min-slaves-to-write"],
  }),
  "min-replicas-max-lag": integer(10, COUNT, { none: NO_REPLICAS, aliases: ["min-slaves-max-lag"] }),
  "repl-timeout": integer(60, AT_LEAST_ONE, { none: NO_REPLICAS }),
  "repl-ping-replica-period": integer(10, AT_LEAST_ONE, {
    none: NO_REPLICAS,
    aliases: ["repl-ping-slave-period"],
  }),
  "repl-disable-tcp-nodelay": yesNo(false, { none: NO_REPLICAS }),
  "repl-diskless-sync": yesNo(true, { none: NO_REPLICAS }),
  "repl-diskless-sync-delay": integer(5, COUNT, { none: NO_REPLICAS }),
  "repl-diskless-sync-max-replicas": integer(0, COUNT, { none: NO_REPLICAS }),
  "repl-diskless-load": choice(["disabled", "on-empty-db", "swapdb"], "disabled", { none: NO_REPLICAS }),
  "repl-backlog-size": memory(1024 ** 2, { min: 1n, max: LONG_MAX }, { none: NO_REPLICAS }),
  "repl-backlog-ttl": integer(3600, { min: 0n, max: LONG_MAX }, { none: NO_REPLICAS }),
  "propagation-error-behavior": choice(["ignore", "panic", "panic-on-replicas"], "ignore", {
    none: NO_REPLICAS,
  }),

  "cluster-enabled": yesNo(false, {
    fixed: { to: [false], why: "leveldis is not a cluster node: only 'no' is supported" },
    changes: "start",
  }),
  "cluster-config-file": string("nodes.conf", { none: NO_CLUSTER, changes: "start" }),
  "cluster-node-timeout": integer(15_000, { min: 0n, max: LONG_MAX }, { none: NO_CLUSTER }),
  "cluster-port": integer(0, PORT, { none: NO_CLUSTER, changes: "start" }),
  "cluster-announce-ip": string("", { none: NO_CLUSTER }),
  "cluster-announce-hostname": string("", { none: NO_CLUSTER }),
  "cluster-announce-port": integer(0, PORT, { none: NO_CLUSTER }),
  "cluster-announce-tls-port": integer(0, PORT, { none: NO_CLUSTER }),
  "cluster-announce-bus-port": integer(0, PORT, { none: NO_CLUSTER }),
  "cluster-preferred-endpoint-type": choice(["ip", "hostname", "unknown-endpoint"], "ip", {
    none: NO_CLUSTER,
  }),
  "cluster-migration-barrier": integer(1, COUNT, { none: NO_CLUSTER }),
  "cluster-replica-validity-factor": integer(10, COUNT, {
    none: NO_CLUSTER,
    aliases: ["cluster-slave-validity-factor"],
  }),
  "cluster-replica-no-failover": yesNo(false, { none: NO_CLUSTER, aliases: ["cluster-slave-no-failover"] }),
  "cluster-require-full-coverage": yesNo(true, { none: NO_CLUSTER }),
  "cluster-allow-reads-when-down": yesNo(false, { none: NO_CLUSTER }),
  "cluster-allow-pubsubshard-when-down": yesNo(true, { none: NO_CLUSTER }),
  "cluster-allow-replica-migration": yesNo(true, { none: NO_CLUSTER }),
  "cluster-link-sendbuf-limit": memory(0, { min: 0n, max: 2n ** 64n - 1n }, { none: NO_CLUSTER }),
} as const;
