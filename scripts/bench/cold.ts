import type { TestServer } from "../../test/support/server.ts";
import { COLD, judge } from "./bars.ts";
import type { Findings } from "./findings.ts";
import { folderBytes, restartCold, settle } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { progress } from "./progress.ts";
import { writeStrings } from "./rdb-file.ts";
import { bench, type Outcome } from "./redis-benchmark.ts";
import { startSeeded } from "./servers.ts";
import { median, megabytes, quantile, shortCount, thousands } from "./stats.ts";

/**
 * Reads of what is nowhere in memory. Each begins with caches and page cache empty, and ends before the neighbourhood
 * that every read brings along (the system reads ahead) holds much of the data.
 */

const HOT_KEYS = 1000;
const ROUNDS = 3;
/** Alone, for this part of what fifty read: it is slower. */
const ALONE_SHARE = 0.1;

export const cold: Part = {
  summary: "reads from the disk: one client, fifty at once, and a client on hot keys beside them",
  options: {
    keys: { default: "4m", help: "how many" },
    "value-size": { default: "1k", help: "bytes of each" },
    requests: { default: "20k", help: "of fifty clients; one sends a tenth of it" },
    caches: { default: "8mb", help: "size of block cache and of record cache" },
  },
  run: measureCold,
};

async function measureCold(options: Options): Promise<Findings> {
  const keys = options.count("keys");
  const requests = options.count("requests");
  const caches = options.text("caches");
  progress(`load ${shortCount(keys)} keys`);
  const valueBytes = options.count("value-size");
  const seeded = await startSeeded(
    (file) => writeStrings(file, keys, valueBytes),
    ["--cache-size", caches, "--record-cache-size", caches],
  );
  await using server = seeded.server;
  await settle(server.pid);
  const disk = folderBytes(server.dir);

  const one: Outcome[] = [];
  const fifty: Outcome[] = [];
  const hot: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    progress(`round ${round + 1}`);
    await restartCold(server);
    one.push(await coldReads(server, 1, requests * ALONE_SHARE, keys));
    await restartCold(server);
    fifty.push(await coldReads(server, 50, requests, keys));
    await restartCold(server);
    hot.push(...(await hotBeside(server, requests, keys)));
  }
  const rate = (runs: readonly Outcome[]): number => median(runs.map((run) => run.perSecond));
  const p99 = (runs: readonly Outcome[]): string => median(runs.map((run) => run.p99Ms)).toFixed(2);
  const hotP99 = quantile(hot, 0.99);
  const overlap = rate(fifty) / rate(one);
  return {
    tables: [
      {
        title: `Cold data: ${shortCount(keys)} keys, ${megabytes(disk)} MB on disk, caches of ${caches}`,
        columns: ["", "GET/s", "p99 ms"],
        rows: [
          ["one client", thousands(rate(one)), p99(one)],
          ["fifty clients", thousands(rate(fifty)), p99(fifty)],
          ["one client on hot keys, beside fifty on cold ones", "", hotP99.toFixed(2)],
        ],
      },
    ],
    plots: [],
    verdicts: [
      judge("cold reads of fifty clients, in units of one client's rate", overlap, COLD.overlap),
      judge("p99 of a client on hot keys beside them", hotP99, COLD.hotP99Ms, " ms"),
    ],
  };
}

function coldReads(server: TestServer, clients: number, requests: number, keys: number): Promise<Outcome> {
  return bench(server.port, { what: ["-t", "get"], clients, requests: Math.ceil(requests), keys });
}

/** The latencies of GETs of a few keys, one after the other, while fifty clients read cold ones. ms. */
async function hotBeside(server: TestServer, requests: number, keys: number): Promise<number[]> {
  await using client = await server.connect({ timeoutMs: 60_000 });
  const get = (i: number): Promise<unknown> =>
    client.send("GET", `key:${String(i % HOT_KEYS).padStart(12, "0")}`);
  for (let i = 0; i < HOT_KEYS * 3; i++) await get(i);
  const others = new AbortController();
  const reading = coldReads(server, 50, requests, keys).finally(() => others.abort());
  const latencies: number[] = [];
  for (let i = 0; !others.signal.aborted; i++) {
    const startedAt = performance.now();
    await get(i);
    latencies.push(performance.now() - startedAt);
  }
  await reading;
  return latencies;
}
