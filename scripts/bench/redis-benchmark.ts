import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Measurement {
  readonly server: "leveldis" | "redis";
  readonly test: string;
  readonly pipeline: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CLIENTS = 50;
const VALUE_BYTES = 100;
const KEYS = 100_000;

/** What takes away is measured on what is there: the test that fills first. */
const FILLED_BY: Readonly<Record<string, readonly string[]>> = {
  spop: ["SADD", "myset", "element:__rand_int__"],
  zpopmin: ["ZADD", "myzset", "__rand_int__", "element:__rand_int__"],
};

/** MSET is ten writes: fewer requests take as long. */
const SHARE_OF_REQUESTS: Readonly<Record<string, number>> = { mset: 0.25 };

/** One run of Debian's redis-benchmark. */
export async function measure(
  server: "leveldis" | "redis",
  { port }: { readonly port: number },
  test: string,
  pipeline: number,
  requests: number,
): Promise<Measurement> {
  const count = Math.round(requests * (SHARE_OF_REQUESTS[test] ?? 1));
  const fill = FILLED_BY[test];
  if (fill !== undefined) await run(port, 64, count, fill);
  const [, row] = (await run(port, pipeline, count, ["-t", test])).trim().split("\n");
  // "SET","rps","avg","min","p50","p95","p99","max"
  const fields = row!.split(",").map((field) => Number(field.replaceAll('"', "")));
  return { server, test, pipeline, perSecond: fields[1]!, p50Ms: fields[4]!, p99Ms: fields[6]! };
}

async function run(
  port: number,
  pipeline: number,
  requests: number,
  what: readonly string[],
): Promise<string> {
  const common = [
    "-p",
    port,
    "-c",
    CLIENTS,
    "-n",
    requests,
    "-d",
    VALUE_BYTES,
    "-r",
    KEYS,
    "-P",
    pipeline,
    "--csv",
  ];
  const { stdout } = await promisify(execFile)("redis-benchmark", [...common.map(String), ...what]);
  return stdout;
}
