import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../test/support/client.ts";
import { DELETION, judge } from "./bars.ts";
import type { Findings } from "./findings.ts";
import { folderBytes, info, memoryOf, settle } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { progress } from "./progress.ts";
import { writeCollection } from "./rdb-file.ts";
import { bench } from "./redis-benchmark.ts";
import { startSeeded } from "./servers.ts";
import { median, megabytes, shortCount, thousands } from "./stats.ts";

/** DEL of one enormous sorted set: how fast it answers, what others notice of the collector, and whether the disk is free again. */

const KEY = "enormous";
const SLICE_SECONDS = 0.5;
/** LevelDB's files. The redo log is as long as it may be, whatever was deleted. */
const TABLES = ".ldb";
const WARM_UP_CALLS = 100;
const TESTS = ["set", "get"] as const;

export const deletion: Part = {
  summary: "DEL of a big sorted set: its latency, others' rate meanwhile, the disk afterwards",
  options: {
    members: { default: "10m", help: "of the sorted set" },
    limit: { default: "900", help: "seconds that the collector gets" },
  },
  run: measureDeletion,
};

interface Slice {
  readonly test: (typeof TESTS)[number];
  readonly atSeconds: number;
  readonly perSecond: number;
}

async function measureDeletion(options: Options): Promise<Findings> {
  const members = options.count("members");
  progress(`load a sorted set of ${shortCount(members)}`);
  const seeded = await startSeeded((file) => writeCollection(file, KEY, "zset", members));
  await using server = seeded.server;
  await using client = await server.connect({ timeoutMs: 60_000 });
  const others = async (test: Slice["test"], requests: number): Promise<number> =>
    (await bench(server.port, { what: ["-t", test], requests })).perSecond;

  progress("others before");
  for (const test of TESTS) await others(test, 100_000);
  await settle(server.pid);
  const full = folderBytes(server.dir, TABLES);
  const before: Record<Slice["test"], number> = { set: 0, get: 0 };
  for (const test of TESTS) {
    const runs = [];
    for (let round = 0; round < 3; round++) runs.push(await others(test, 50_000));
    before[test] = median(runs);
  }

  progress("DEL");
  // The command's first calls are slow whatever they delete; and so is to read a record that lies on a cold disk.
  const several = Array.from({ length: 200 }, (_, i) => [i, `member ${i}`]).flat();
  for (let call = 0; call < WARM_UP_CALLS; call++) {
    await client.send("ZADD", "small", ...several);
    await client.send("DEL", "small");
  }
  await client.send("ZCARD", KEY);
  const startedAt = performance.now();
  await client.send("DEL", KEY);
  const delMs = performance.now() - startedAt;
  const slices: Slice[] = [];
  const elapsed = (): number => (performance.now() - startedAt) / 1000;
  while (elapsed() < options.count("limit")) {
    const test = TESTS[slices.length % TESTS.length]!;
    const perSecond = await others(test, Math.ceil(before[test] * SLICE_SECONDS));
    slices.push({ test, atSeconds: elapsed(), perSecond });
    const gone = await deleted(client);
    progress(`the collector works since ${elapsed().toFixed(0)} s, ${gone} entries are gone`);
    // It hears of a deletion some time after it.
    if (gone >= members && (await info(client, "leveldb", "collector_waiting")) === 0) break;
  }
  const collectorSeconds = elapsed();
  await settle(server.pid);
  // A compaction's old files go when it has ended.
  await sleep(1000);
  const after = folderBytes(server.dir, TABLES);

  const shareOf = (test: Slice["test"]): number =>
    median(slices.filter((slice) => slice.test === test).map((slice) => slice.perSecond)) / before[test];
  const worst = Math.min(...slices.map((slice) => slice.perSecond / before[slice.test]));
  // What others have is too little to count.
  const reclaimed = (full - after) / full;
  const { own, resident } = memoryOf(server.pid);
  return {
    tables: [
      {
        title: `DEL of a sorted set of ${shortCount(members)}, 50 other clients at P=1`,
        columns: ["what", "figure"],
        rows: [
          ["DEL answers after", `${delMs.toFixed(2)} ms`],
          [
            "SET/s before, of it during the collection",
            `${thousands(before.set)}, ${shareOf("set").toFixed(2)}`,
          ],
          [
            "GET/s before, of it during the collection",
            `${thousands(before.get)}, ${shareOf("get").toFixed(2)}`,
          ],
          ["worst half second", worst.toFixed(2)],
          [
            "collected after",
            `${collectorSeconds.toFixed(0)} s (${thousands(await deleted(client))} entries)`,
          ],
          ["MB of LevelDB's tables before and after", [full, after].map(megabytes).join(", ")],
          ["given back", reclaimed.toFixed(2)],
          ["own, resident MB", `${megabytes(own)}, ${megabytes(resident)}`],
        ],
      },
    ],
    plots: [
      {
        name: "deletion",
        title: "Rate of other clients while a big sorted set is collected",
        xLabel: "seconds after DEL",
        yLabel: "requests/s",
        isXLogarithmic: false,
        lines: TESTS.map((test) => ({
          label: test,
          points: [
            [0, before[test]] as const,
            ...slices
              .filter((slice) => slice.test === test)
              .map((slice) => [slice.atSeconds, slice.perSecond] as const),
          ],
        })),
      },
    ],
    verdicts: [
      judge("DEL of the sorted set", delMs, DELETION.delMs, " ms"),
      ...TESTS.map((test) =>
        judge(`others' ${test} while it is collected`, shareOf(test), DELETION.othersRate),
      ),
      judge("disk given back", reclaimed, DELETION.reclaimed),
    ],
  };
}

function deleted(client: Client): Promise<number> {
  return info(client, "leveldb", "collector_deleted_entries");
}
