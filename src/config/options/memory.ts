import { INT_MAX, LONG_MAX, choice, integer, memory, memoryOrPercent, yesNo } from "../option-types.ts";

const NO_EVICTION = "data is kept on disk and never evicted";
const BOUND = "record-cache-size and cache-size bound the memory";
const NO_DEFRAG = "memory belongs to V8, which compacts it by itself";
const ALWAYS_LAZY =
  "deleting takes the same short time for any size; a thread of its own collects what is left";
const AS_UNLINK = "an UNLINK and not of a DEL";
const POLICIES = [
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "noeviction",
] as const;

/** What Redis does with the memory that holds its data. */
export const MEMORY = {
  maxmemory: memory(
    0,
    { min: 0n, max: 2n ** 64n - 1n },
    {
      fixed: { to: [0], why: `${NO_EVICTION}: only 0 is supported; ${BOUND}` },
    },
  ),
  "maxmemory-policy": choice(POLICIES, "noeviction", {
    fixed: { to: ["noeviction"], why: `${NO_EVICTION}: only 'noeviction' is supported` },
  }),
  "maxmemory-clients": memoryOrPercent(0, {
    fixed: { to: [0], why: "clients are not evicted: only 0 is supported; see client-output-buffer-limit" },
  }),
  "maxmemory-samples": integer(5, { min: 1n, max: INT_MAX }, { none: NO_EVICTION }),
  "maxmemory-eviction-tenacity": integer(10, { min: 0n, max: 100n }, { none: NO_EVICTION }),
  "lfu-log-factor": integer(10, { min: 0n, max: INT_MAX }, { none: NO_EVICTION }),
  "lfu-decay-time": integer(1, { min: 0n, max: INT_MAX }, { none: NO_EVICTION }),
  activerehashing: yesNo(true, { none: "there is no hash table of all keys" }),
  "lazyfree-lazy-eviction": yesNo(false, { none: NO_EVICTION }),
  "lazyfree-lazy-expire": yesNo(false, { help: `Replicas are told of ${AS_UNLINK} when a key expires` }),
  "lazyfree-lazy-server-del": yesNo(false, { none: ALWAYS_LAZY }),
  "lazyfree-lazy-user-del": yesNo(false, { help: `Replicas are told of ${AS_UNLINK} by GETDEL` }),
  "lazyfree-lazy-user-flush": yesNo(false, { none: ALWAYS_LAZY }),
  "jemalloc-bg-thread": yesNo(true, { none: NO_DEFRAG }),
  activedefrag: yesNo(false, { none: NO_DEFRAG }),
  "active-defrag-cycle-min": integer(1, { min: 1n, max: 99n }, { none: NO_DEFRAG }),
  "active-defrag-cycle-max": integer(25, { min: 1n, max: 99n }, { none: NO_DEFRAG }),
  "active-defrag-threshold-lower": integer(10, { min: 0n, max: 1000n }, { none: NO_DEFRAG }),
  "active-defrag-threshold-upper": integer(100, { min: 0n, max: 1000n }, { none: NO_DEFRAG }),
  "active-defrag-max-scan-fields": integer(1000, { min: 1n, max: LONG_MAX }, { none: NO_DEFRAG }),
  "active-defrag-ignore-bytes": memory(100 * 1024 ** 2, { min: 1n, max: LONG_MAX }, { none: NO_DEFRAG }),
} as const;
