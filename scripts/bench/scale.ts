import type { TestServer } from "../../test/support/server.ts";
import { judge, SCALE, type Verdict } from "./bars.ts";
import type { Findings } from "./findings.ts";
import { folderBytes, memoryOf, restartCold, settle } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { progress } from "./progress.ts";
import { writeStrings } from "./rdb-file.ts";
import { bench } from "./redis-benchmark.ts";
import { startSeeded } from "./servers.ts";
import { median, megabytes, shortCount, thousands } from "./stats.ts";

/** What more keys cost: rates over uniformly random ones, with everything warm and with nothing in memory, and memory. */

const VALUE_BYTES = 100;
const ROUNDS = 3;
/** Of GETs before those that are measured: caches have then what they will keep. */
const MOST_WARMING = 2_000_000;
const PIPELINES = [1, 16];

export const scale: Part = {
  summary: "rates and memory with more and more keys",
  options: {
    keys: { default: "100k,1m,10m", help: "of 100 bytes; 50m takes 10 GB of disk" },
    requests: { default: "200k", help: "of each measurement" },
  },
  run: measureScale,
};

interface Figures {
  readonly keys: number;
  readonly loadRate: number;
  /** By pipeline depth. */
  readonly cold: Readonly<Record<number, number>>;
  readonly warm: Readonly<Record<number, number>>;
  readonly write: Readonly<Record<number, number>>;
  readonly own: number;
  readonly resident: number;
  readonly disk: number;
}

async function measureScale(options: Options): Promise<Findings> {
  const requests = options.count("requests");
  const all: Figures[] = [];
  for (const keys of options.counts("keys")) all.push(await measureAt(keys, requests));
  const least = all[0]!;
  const verdicts: Verdict[] = [];
  for (const figures of all.slice(1)) {
    const at = shortCount(figures.keys);
    const more = (figures.own - least.own) / 1e6;
    verdicts.push(
      judge(
        `memory of its own at ${at}, more than at ${shortCount(least.keys)}`,
        more,
        SCALE.moreMemoryMb,
        " MB",
      ),
    );
    for (const pipeline of PIPELINES) {
      const share = (of: "warm" | "write"): number => figures[of][pipeline]! / least[of][pipeline]!;
      verdicts.push(
        judge(`warm GET at ${at}, P=${pipeline}, share of the least`, share("warm"), SCALE.warmGet),
      );
      verdicts.push(judge(`SET at ${at}, P=${pipeline}, share of the least`, share("write"), SCALE.write));
    }
  }
  const line = (label: string, of: (figures: Figures) => number) => ({
    label,
    points: all.map((figures) => [figures.keys, of(figures)] as const),
  });
  const common = { xLabel: "keys", isXLogarithmic: true };
  return {
    tables: [
      {
        title: "Scale: requests/s of 50 clients over uniformly random keys",
        columns: [
          ...[
            "keys",
            "loaded/s (RDB)",
            ...PIPELINES.map((p) => `cold GET P=${p}`),
            ...PIPELINES.map((p) => `warm GET P=${p}`),
          ],
          ...[...PIPELINES.map((p) => `SET P=${p}`), "own MB", "resident MB", "disk MB"],
        ],
        rows: all.map((figures) => [
          ...[shortCount(figures.keys), thousands(figures.loadRate)],
          ...[figures.cold, figures.warm, figures.write].flatMap((rates) =>
            PIPELINES.map((p) => thousands(rates[p]!)),
          ),
          ...[figures.own, figures.resident, figures.disk].map(megabytes),
        ]),
      },
    ],
    plots: [
      ...PIPELINES.map((pipeline) => ({
        ...common,
        name: `scale-rate-${pipeline}`,
        title: `Rate over random keys, P=${pipeline}`,
        yLabel: "requests/s",
        lines: [
          line("warm GET", ({ warm }) => warm[pipeline]!),
          line("SET", ({ write }) => write[pipeline]!),
          line("cold GET", ({ cold }) => cold[pipeline]!),
        ],
      })),
      {
        ...common,
        name: "scale-memory",
        title: "Memory after all measurements",
        yLabel: "MB",
        lines: [line("resident", ({ resident }) => resident / 1e6), line("its own", ({ own }) => own / 1e6)],
      },
    ],
    verdicts,
  };
}

async function measureAt(keys: number, requests: number): Promise<Figures> {
  const at = shortCount(keys);
  progress(`${at} keys: load`);
  const { server: filled, seconds } = await startSeeded((file) => writeStrings(file, keys, VALUE_BYTES));
  await using server = filled;
  const loadRate = keys / seconds;
  await settle(server.pid);
  const disk = folderBytes(server.dir);
  const cold: Record<number, number> = {};
  for (const pipeline of PIPELINES) {
    progress(`${at} keys: cold GET, P=${pipeline}`);
    await restartCold(server);
    // Few: with each read more of the neighbourhood is in memory.
    const few = Math.ceil(Math.min(requests / 10, keys / 10));
    cold[pipeline] = (
      await bench(server.port, { what: ["-t", "get"], requests: few, pipeline, keys })
    ).perSecond;
  }
  progress(`${at} keys: warm GET`);
  const warming = Math.min(MOST_WARMING, keys * 3);
  await bench(server.port, { what: ["-t", "get"], requests: warming, pipeline: 64, keys });
  const warm = await rates(server, "get", requests, keys);
  progress(`${at} keys: SET`);
  const write = await rates(server, "set", requests, keys);
  await settle(server.pid);
  return { keys, loadRate, cold, warm, write, disk, ...memoryOf(server.pid) };
}

async function rates(
  server: TestServer,
  test: string,
  requests: number,
  keys: number,
): Promise<Record<number, number>> {
  const rates: Record<number, number> = {};
  for (const pipeline of PIPELINES) {
    const runs = [];
    for (let round = 0; round < ROUNDS; round++) {
      runs.push((await bench(server.port, { what: ["-t", test], requests, pipeline, keys })).perSecond);
    }
    rates[pipeline] = median(runs);
  }
  return rates;
}
