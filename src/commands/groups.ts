import { BITMAPS } from "./bitmaps.ts";
import { ACL } from "./acl.ts";
import { CLIENT } from "./client.ts";
import { CLUSTER } from "./cluster.ts";
import { BACKUP } from "./backup.ts";
import type { CommandGroup } from "./command.ts";
import { CONFIG } from "./config.ts";
import { CONNECTION } from "./connection.ts";
import { DATABASES } from "./databases.ts";
import { EXPIRY } from "./expiry.ts";
import { GEO } from "./geo.ts";
import { HASHES } from "./hashes.ts";
import { HYPERLOGLOG } from "./hyperloglog.ts";
import { INTROSPECTION } from "./introspection.ts";
import { KEYS } from "./keys.ts";
import { LISTS } from "./lists.ts";
import { REPLICAOF } from "./replicaof.ts";
import { SCAN } from "./scan.ts";
import { FAILOVER } from "./failover.ts";
import { LATENCY } from "./latency.ts";
import { MEMORY } from "./memory.ts";
import { MIGRATE } from "./migrate.ts";
import { MONITOR } from "./monitor.ts";
import { OBJECT } from "./object.ts";
import { PAYLOADS, PAYLOADS_OF_CLUSTERS } from "./payloads.ts";
import { SAVING } from "./saving.ts";
import { SERVER } from "./server.ts";
import { PUBSUB } from "./pubsub.ts";
import { REPLICATION } from "./replication.ts";
import { SCRIPTING } from "./scripting.ts";
import { SETS } from "./sets.ts";
import { SLOWLOG } from "./slowlog.ts";
import { SORTED_SETS } from "./sorted-sets.ts";
import { SORT } from "./sort.ts";
import { STREAMS } from "./streams.ts";
import { STRINGS } from "./strings.ts";
import { TRANSACTIONS } from "./transactions.ts";
import { WAIT } from "./wait.ts";

/** What the server can do: every group has its rows and handlers in a file of its own. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  STRINGS,
  HASHES,
  SETS,
  SORTED_SETS,
  STREAMS,
  BITMAPS,
  HYPERLOGLOG,
  GEO,
  LISTS,
  KEYS,
  EXPIRY,
  SCAN,
  SORT,
  OBJECT,
  TRANSACTIONS,
  SCRIPTING,
  PUBSUB,
  DATABASES,
  MEMORY,
  CONFIG,
  CONNECTION,
  CLIENT,
  INTROSPECTION,
  SERVER,
  SAVING,
  SLOWLOG,
  ACL,
  LATENCY,
  MONITOR,
  CLUSTER,
  REPLICAOF,
  FAILOVER,
  WAIT,
  REPLICATION,
  PAYLOADS,
  PAYLOADS_OF_CLUSTERS,
  MIGRATE,
  BACKUP,
];
