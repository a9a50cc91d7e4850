import { CommandError } from "../errors.ts";
import type { CommandGroup } from "./command.ts";

/** What a node of a cluster is told and asked. A server that is none answers as Redis does without cluster support. */
export const CLUSTER: CommandGroup = {
  name: "cluster",
  rows: {
    asking: {
      arity: 1,
      flags: ["fast"],
      categories: ["connection"],
      doc: {
        summary: "Sent by cluster clients after an -ASK redirect",
        since: "3.0.0",
        complexity: "O(1)",
      },
      run: disabled,
    },
    cluster: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for cluster commands",
        since: "3.0.0",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        addslots: {
          arity: -3,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Assign new hash slots to receiving node",
            since: "3.0.0",
            complexity: "O(N) where N is the total number of hash slot arguments",
            syntax: "slot:integer...",
          },
          run: disabled,
        },
        addslotsrange: {
          arity: -4,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Assign new hash slots to receiving node",
            since: "7.0.0",
            complexity:
              "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
            syntax: "(start-slot:integer end-slot:integer)...",
          },
          run: disabled,
        },
        bumpepoch: {
          arity: 2,
          flags: ["admin", "stale", "no_async_loading"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Advance the cluster config epoch",
            since: "3.0.0",
            complexity: "O(1)",
          },
          run: disabled,
        },
        "count-failure-reports": {
          arity: 3,
          flags: ["admin", "stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Return the number of failure reports active for a given node",
            since: "3.0.0",
            complexity: "O(N) where N is the number of failure reports",
            syntax: "node-id",
          },
          run: disabled,
        },
        countkeysinslot: {
          arity: 3,
          flags: ["stale"],
          doc: {
            summary: "Return the number of local keys in the specified hash slot",
            since: "3.0.0",
            complexity: "O(1)",
            syntax: "slot:integer",
          },
          run: disabled,
        },
        delslots: {
          arity: -3,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Set hash slots as unbound in receiving node",
            since: "3.0.0",
            complexity: "O(N) where N is the total number of hash slot arguments",
            syntax: "slot:integer...",
          },
          run: disabled,
        },
        delslotsrange: {
          arity: -4,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Set hash slots as unbound in receiving node",
            since: "7.0.0",
            complexity:
              "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
            syntax: "(start-slot:integer end-slot:integer)...",
          },
          run: disabled,
        },
        failover: {
          arity: -2,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Forces a replica to perform a manual failover of its master.",
            since: "3.0.0",
            complexity: "O(1)",
            syntax: "options:[FORCE | TAKEOVER]",
          },
          run: disabled,
        },
        flushslots: {
          arity: 2,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Delete a node's own slots information",
            since: "3.0.0",
            complexity: "O(1)",
          },
          run: disabled,
        },
        forget: {
          arity: 3,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Remove a node from the nodes table",
            since: "3.0.0",
            complexity: "O(1)",
            syntax: "node-id",
          },
          run: disabled,
        },
        getkeysinslot: {
          arity: 4,
          flags: ["stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Return local key names in the specified hash slot",
            since: "3.0.0",
            complexity: "O(log(N)) where N is the number of requested keys",
            syntax: "slot:integer count:integer",
          },
          run: disabled,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "5.0.0",
            complexity: "O(1)",
          },
          run: disabled,
        },
        info: {
          arity: 2,
          flags: ["stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Provides info about Redis Cluster node state",
            since: "3.0.0",
            complexity: "O(1)",
          },
          run: disabled,
        },
        keyslot: {
          arity: 3,
          flags: ["stale"],
          doc: {
            summary: "Returns the hash slot of the specified key",
            since: "3.0.0",
            complexity: "O(N) where N is the number of bytes in the key",
            syntax: "key:string",
          },
          run: disabled,
        },
        links: {
          arity: 2,
          flags: ["stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Returns a list of all TCP links to and from peer nodes in cluster",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of Cluster nodes",
          },
          run: disabled,
        },
        meet: {
          arity: -4,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Force a node cluster to handshake with another node",
            since: "3.0.0",
            complexity: "O(1)",
            history: [["4.0.0", "Added the optional `cluster_bus_port` argument."]],
            syntax: "ip port:integer [cluster_bus_port:integer]@4.0.0",
          },
          run: disabled,
        },
        myid: {
          arity: 2,
          flags: ["stale"],
          doc: {
            summary: "Return the node id",
            since: "3.0.0",
            complexity: "O(1)",
          },
          run: disabled,
        },
        nodes: {
          arity: 2,
          flags: ["stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get Cluster config for the node",
            since: "3.0.0",
            complexity: "O(N) where N is the total number of Cluster nodes",
          },
          run: disabled,
        },
        replicas: {
          arity: 3,
          flags: ["admin", "stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "List replica nodes of the specified master node",
            since: "5.0.0",
            complexity: "O(1)",
            syntax: "node-id",
          },
          run: disabled,
        },
        replicate: {
          arity: 3,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Reconfigure a node as a replica of the specified master node",
            since: "3.0.0",
            complexity: "O(1)",
            syntax: "node-id",
          },
          run: disabled,
        },
        reset: {
          arity: -2,
          flags: ["admin", "noscript", "stale"],
          doc: {
            summary: "Reset a Redis Cluster node",
            since: "3.0.0",
            complexity:
              "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
            syntax: "[HARD | SOFT]",
          },
          run: disabled,
        },
        saveconfig: {
          arity: 2,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Forces the node to save cluster state on disk",
            since: "3.0.0",
            complexity: "O(1)",
          },
          run: disabled,
        },
        "set-config-epoch": {
          arity: 3,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Set the configuration epoch in a new node",
            since: "3.0.0",
            complexity: "O(1)",
            syntax: "config-epoch:integer",
          },
          run: disabled,
        },
        setslot: {
          arity: -4,
          flags: ["admin", "stale", "no_async_loading"],
          doc: {
            summary: "Bind a hash slot to a specific node",
            since: "3.0.0",
            complexity: "O(1)",
            syntax: "slot:integer subcommand:(IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE)",
          },
          run: disabled,
        },
        shards: {
          arity: 2,
          flags: ["stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get array of cluster slots to node mappings",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of cluster nodes",
          },
          run: disabled,
        },
        slaves: {
          arity: 3,
          flags: ["admin", "stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "List replica nodes of the specified master node",
            since: "3.0.0",
            complexity: "O(1)",
            deprecated: { since: "5.0.0", replacedBy: "`CLUSTER REPLICAS`" },
            syntax: "node-id",
          },
          run: disabled,
        },
        slots: {
          arity: 2,
          flags: ["stale"],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get array of Cluster slot to node mappings",
            since: "3.0.0",
            complexity: "O(N) where N is the total number of Cluster nodes",
            deprecated: { since: "7.0.0", replacedBy: "`CLUSTER SHARDS`" },
            history: [
              ["4.0.0", "Added node IDs."],
              ["7.0.0", "Added additional networking metadata field."],
            ],
          },
          run: disabled,
        },
      },
    },
    readonly: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      categories: ["connection"],
      doc: {
        summary: "Enables read queries for a connection to a cluster replica node",
        since: "3.0.0",
        complexity: "O(1)",
      },
      run: disabled,
    },
    readwrite: {
      arity: 1,
      flags: ["loading", "stale", "fast"],
      categories: ["connection"],
      doc: {
        summary: "Disables read queries for a connection to a cluster replica node",
        since: "3.0.0",
        complexity: "O(1)",
      },
      run: disabled,
    },
  },
};

function disabled(): never {
  throw DISABLED;
}

const DISABLED = new CommandError("ERR This instance has cluster support disabled");
