import type { TestServer } from "../../test/support/server.ts";
import { judge, START_SECONDS } from "./bars.ts";
import type { Findings } from "./findings.ts";
import { digits, encode, load, scattered, value } from "./loader.ts";
import { settle } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { writeStrings } from "./rdb-file.ts";
import { progress } from "./progress.ts";
import { startLeveldis, startSeeded } from "./servers.ts";
import { median, parseCount, shortCount } from "./stats.ts";

/** From the start of the process until the first command is answered. */

const VALUE_BYTES = 100;
/** Written before each crash: the redo log has something to tell. */
const BEFORE_CRASH = parseCount("300k");

export const start: Part = {
  summary: "opening a folder with many keys, after an orderly stop and after kill -9",
  options: {
    keys: { default: "10m", help: "of 100 bytes" },
    rounds: { default: "3", help: "the median of so many counts, the slowest is shown" },
  },
  run: measureStart,
};

async function measureStart(options: Options): Promise<Findings> {
  const keys = options.count("keys");
  progress("the time of an empty server");
  const empty = await emptySeconds();
  progress(`load ${shortCount(keys)} keys`);
  const seeded = await startSeeded((file) => writeStrings(file, keys, VALUE_BYTES));
  await using server = seeded.server;
  await settle(server.pid);
  const afterStop: number[] = [];
  const afterCrash: number[] = [];
  const stops: number[] = [];
  for (let round = 0; round < options.count("rounds"); round++) {
    progress(`round ${round + 1}`);
    const stoppedAt = performance.now();
    await server.stop();
    stops.push((performance.now() - stoppedAt) / 1000);
    afterStop.push(await startSeconds(server));
    await load(server.port, BEFORE_CRASH, (i) =>
      encode("SET", `key:${digits(scattered(i, keys))}`, value(i, VALUE_BYTES)),
    );
    await server.crash();
    afterCrash.push(await startSeconds(server));
  }
  const row = (name: string, seconds: readonly number[]): string[] => [
    name,
    median(seconds).toFixed(2),
    Math.max(...seconds).toFixed(2),
  ];
  return {
    tables: [
      {
        title: `Start with ${shortCount(keys)} keys, seconds until the first reply (an RDB file of them was loaded in ${seeded.seconds.toFixed(0)} s)`,
        columns: ["", "median", "slowest"],
        rows: [
          row("an empty folder", [empty]),
          row("after an orderly stop", afterStop),
          row(`kill -9 right after ${shortCount(BEFORE_CRASH)} writes`, afterCrash),
          row("the orderly stop itself", stops),
        ],
      },
    ],
    plots: [],
    verdicts: [
      judge("start after an orderly stop", median(afterStop), START_SECONDS, " s"),
      judge("start after kill -9", median(afterCrash), START_SECONDS, " s"),
    ],
  };
}

async function emptySeconds(): Promise<number> {
  await using server = await startLeveldis();
  await server.stop();
  return await startSeconds(server);
}

async function startSeconds(server: TestServer): Promise<number> {
  const startedAt = performance.now();
  await server.start();
  await using client = await server.connect();
  await client.send("GET", "key:000000000000");
  return (performance.now() - startedAt) / 1000;
}
