import { INT_MAX, LONG_MAX, integer, memory } from "../option-types.ts";

const COUNT = { min: 0n, max: LONG_MAX };

/** When a small collection, packed in the record of its key, becomes a range of entries. */
export const COLLECTIONS = {
  "hash-max-listpack-entries": integer(512, COUNT, {
    help: "Fields of a packed hash; 0: never pack",
    aliases: ["hash-max-ziplist-entries"],
  }),
  "hash-max-listpack-value": memory(64, COUNT, {
    help: "Longest field or value of a packed hash",
    aliases: ["hash-max-ziplist-value"],
  }),
  "set-max-intset-entries": integer(512, COUNT, {
    help: "Members of a packed set of integers; 0: never pack",
  }),
  "set-max-listpack-entries": integer(128, COUNT, { help: "Members of any other packed set; 0: never pack" }),
  "set-max-listpack-value": memory(64, COUNT, { help: "Longest member of a packed set" }),
  "zset-max-listpack-entries": integer(128, COUNT, {
    help: "Members of a packed sorted set; 0: never pack",
    aliases: ["zset-max-ziplist-entries"],
  }),
  "zset-max-listpack-value": memory(64, COUNT, {
    help: "Longest member of a packed sorted set",
    aliases: ["zset-max-ziplist-value"],
  }),
  "list-max-listpack-size": integer(
    -2,
    { min: -INT_MAX - 1n, max: INT_MAX },
    {
      help: "Elements of a packed list; -1 to -5: its size, 4 to 64 KiB",
      aliases: ["list-max-ziplist-size"],
    },
  ),
  "list-compress-depth": integer(
    0,
    { min: 0n, max: INT_MAX },
    { none: "LevelDB compresses what is on disk" },
  ),
  "stream-max-packed-bytes": memory(1024, COUNT, { help: "Size of a packed stream; 0: never pack" }),
  "stream-node-max-bytes": memory(4096, COUNT, { help: "Size of a stream's nodes, which `~` trims by" }),
  "stream-node-max-entries": integer(100, COUNT, { help: "Entries of a stream's nodes; 0: any number" }),
  "hll-sparse-max-bytes": memory(3000, COUNT, {
    help: "Longest HyperLogLog in the sparse form",
  }),
} as const;
