import { INT_MAX, LONG_MAX, choice, integer, memory, string, yesNo } from "../option-types.ts";
import { masterAddress } from "../special-option-types.ts";

const NO_CLUSTER = "cluster-enabled is always 'no'";
const PORT = { min: 0n, max: 65535n };
const COUNT = { min: 0n, max: INT_MAX };
const AT_LEAST_ONE = { min: 1n, max: INT_MAX };

export const REPLICATION = {
  replicaof: masterAddress({
    help: "Be a copy of the server at this address (REPLICAOF)",
    aliases: ["slaveof"],
    changes: "start",
  }),
  "replica-read-only": yesNo(true, {
    help: "A replica takes writes from its master alone",
    aliases: ["slave-read-only"],
  }),
  "replica-serve-stale-data": yesNo(true, {
    help: "A replica that lost its master, or is being synchronized, shows the data that it has",
    aliases: ["slave-serve-stale-data"],
  }),
  "replica-priority": integer(100, COUNT, {
    help: "Sentinels promote the replica with the lowest; 0: never this one",
    aliases: ["slave-priority"],
  }),
  "replica-announced": yesNo(true, { help: "Sentinels tell clients of this replica" }),
  "replica-announce-ip": string("", {
    help: "The address that a replica tells its master; empty: the one that the master sees",
    aliases: ["slave-announce-ip"],
  }),
  "replica-announce-port": integer(0, PORT, {
    help: "The port that a replica tells its master; 0: the one that it listens on",
    aliases: ["slave-announce-port"],
  }),
  "replica-lazy-flush": yesNo(false, {
    none: "the data of before goes at once, whatever there is of it, and is cleared away in the background",
    aliases: ["slave-lazy-flush"],
  }),
  "replica-ignore-maxmemory": yesNo(true, {
    none: "no key is ever evicted",
    aliases: ["slave-ignore-maxmemory"],
  }),
  "replica-ignore-disk-write-errors": yesNo(false, {
    none: "a replica that cannot write drops its master, and goes on from where it was when it can again",
  }),
  masterauth: string("", { help: "The password that a replica gives its master", isSensitive: true }),
  masteruser: string("", { help: "The user that a replica logs in as", isSensitive: true }),
  "min-replicas-to-write": integer(0, COUNT, {
    help: "Writes are refused while fewer replicas than this are there; 0: never",
    aliases: ["min-slaves-to-write"],
  }),
  "min-replicas-max-lag": integer(10, COUNT, {
    help: "Seconds since a replica was heard of, up to which it counts for that",
    aliases: ["min-slaves-max-lag"],
  }),
  "repl-timeout": integer(60, AT_LEAST_ONE, {
    help: "Seconds of silence after which a master, or a replica, counts as lost",
  }),
  "repl-ping-replica-period": integer(10, AT_LEAST_ONE, {
    help: "Seconds between the signs of life that replicas are sent",
    aliases: ["repl-ping-slave-period"],
  }),
  "repl-disable-tcp-nodelay": yesNo(false, {
    help: "The system may gather what is sent to replicas: fewer packets, and later",
  }),
  "repl-diskless-sync": yesNo(true, {
    help: "All the data is sent to replicas as it is read, not by a temporary file",
  }),
  "repl-diskless-sync-delay": integer(5, COUNT, {
    help: "Seconds that such a transfer waits for more replicas, which share it",
  }),
  "repl-diskless-sync-max-replicas": integer(0, COUNT, {
    help: "When so many wait for it, it begins at once; 0: no number does",
  }),
  "repl-diskless-load": choice(["disabled", "on-empty-db", "swapdb"], "disabled", {
    none: "the data of a master is always loaded beside the old data, and exchanged for it at once",
  }),
  "repl-backlog-size": memory(
    1024 ** 2,
    { min: 1n, max: LONG_MAX },
    { help: "So much of the last changes is kept, in memory and on disk, for replicas that come back" },
  ),
  "repl-backlog-ttl": integer(
    3600,
    { min: 0n, max: LONG_MAX },
    { help: "Seconds without a replica after which a master keeps none of that; 0: it keeps it" },
  ),
  "propagation-error-behavior": choice(["ignore", "panic", "panic-on-replicas"], "ignore", {
    help: "Whether a replica ends when a command of its master fails",
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
