import type { TestServer } from "../../test/support/server.ts";
import type { Findings } from "./findings.ts";
import { digits, encode, load, scattered, value } from "./loader.ts";
import { bytesWritten, folderBytes, settle } from "./observe.ts";
import type { Options, Part } from "./part.ts";
import { progress } from "./progress.ts";
import { startLeveldis, startRedis } from "./servers.ts";
import { megabytes, shortCount } from "./stats.ts";

/** Bytes that go to the disk for each byte that a client stores: log, tables, and what compactions write again. */

const VALUE_BYTES = 100;
const SCORE_BYTES = 8;
const MEMBER_BYTES = "element:000000000000".length;
const FIELDS = 10;

interface Workload {
  readonly name: string;
  readonly command: (index: number, count: number) => string;
  /** What one command stores, without keys. */
  readonly bytes: number;
  /** First, and not counted. */
  readonly before?: (index: number, count: number) => string;
}

const setKey = (index: number, count: number): string =>
  encode("SET", `key:${digits(scattered(index, count))}`, value(index, VALUE_BYTES));

/** Each on a server of its own. */
const WORKLOADS: readonly Workload[] = [
  { name: "SET of new keys", command: setKey, bytes: VALUE_BYTES },
  {
    name: "SET over keys that are there, each once",
    before: setKey,
    command: (i, count) => encode("SET", `key:${digits(scattered(i, count))}`, value(i + 1, VALUE_BYTES)),
    bytes: VALUE_BYTES,
  },
  {
    name: "SET over the same tenth of the keys",
    before: (i, count) => setKey(i % (count / 10), count / 10),
    command: (i, count) => encode("SET", `key:${digits(scattered(i, count / 10))}`, value(i, VALUE_BYTES)),
    bytes: VALUE_BYTES,
  },
  {
    name: `HSET, field by field, in hashes of ${FIELDS}`,
    // Field after field of all hashes: no batch sees a hash twice.
    command: (i, count) => {
      const hashes = count / FIELDS;
      return encode(
        "HSET",
        `hash:${digits(scattered(i, hashes))}`,
        `f${Math.floor(i / hashes)}`,
        value(i, 50),
      );
    },
    bytes: 50,
  },
  {
    name: "ZADD to one sorted set",
    command: (i, count) => encode("ZADD", "zset", String(i), `element:${digits(scattered(i, count))}`),
    bytes: SCORE_BYTES + MEMBER_BYTES,
  },
  {
    name: "RPUSH to one list",
    command: (i) => encode("RPUSH", "list", value(i, VALUE_BYTES)),
    bytes: VALUE_BYTES,
  },
];

export const writeCost: Part = {
  summary: "bytes written to the disk for each byte of value, from /proc/PID/io",
  options: { commands: { default: "1m", help: "of each workload" } },
  run: measureWriteCost,
};

async function measureWriteCost(options: Options): Promise<Findings> {
  const count = options.count("commands");
  const rows: string[][] = [];
  for (const workload of WORKLOADS) {
    progress(`${workload.name}: leveldis`);
    const ours = await cost(await startLeveldis(), workload, count);
    progress(`${workload.name}: redis-server`);
    const theirs = await cost(await startRedis(), workload, count);
    rows.push([
      workload.name,
      megabytes(count * workload.bytes),
      ...[ours, theirs].flatMap(({ written, kept }) => [
        megabytes(written),
        `**${(written / (count * workload.bytes)).toFixed(2)}**`,
        megabytes(kept),
      ]),
    ]);
  }
  return {
    tables: [
      {
        title: `Bytes written for ${shortCount(count)} commands: MB, for each byte of value, and MB that files grew`,
        columns: [
          "",
          "values",
          "leveldis wrote",
          "/byte",
          "keeps",
          "Redis wrote (its AOF)",
          "/byte",
          "keeps",
        ],
        rows,
      },
    ],
    plots: [],
    verdicts: [],
  };
}

async function cost(
  started: TestServer,
  { command, before }: Workload,
  count: number,
): Promise<{ readonly written: number; readonly kept: number }> {
  await using server = started;
  if (before !== undefined) await load(server.port, count, (i) => before(i, count));
  await settle(server.pid);
  const writtenBefore = bytesWritten(server.pid);
  const keptBefore = folderBytes(server.dir);
  await load(server.port, count, (i) => command(i, count));
  await settle(server.pid);
  return { written: bytesWritten(server.pid) - writtenBefore, kept: folderBytes(server.dir) - keptBefore };
}
