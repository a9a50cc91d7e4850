import { mkdir, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Findings } from "./findings.ts";
import type { Options, Part } from "./part.ts";
import { guardFolder, run } from "./processes.ts";
import { progress } from "./progress.ts";
import { startLeveldis } from "./servers.ts";
import { median, thousands } from "./stats.ts";
import { measureInTurns } from "./throughput.ts";

/** Two revisions of leveldis, built side by side and measured in turns: what a change is worth. */

const TESTS = "set,get,incr,lpush,hset,sadd,zadd,mset,xadd,lrange_100,evalsha_limiter";
const LIMIT_MS = 300_000;

export const compare: Part = {
  summary: "two revisions in the same run: npm run bench -- compare REVISION REVISION",
  options: {
    revisions: { default: "HEAD~1,HEAD", help: "the same, with a comma; also folders of builds" },
    tests: { default: TESTS, help: "as for throughput" },
    requests: { default: "200k", help: "of each measurement" },
    rounds: { default: "5", help: "the median of so many counts" },
    pipelines: { default: "1,16", help: "commands that a client sends at once" },
  },
  run: compareRevisions,
};

async function compareRevisions(options: Options): Promise<Findings> {
  const [before, after] = options.list("revisions");
  if (before === undefined || after === undefined) throw new Error("two revisions are compared");
  await using first = await startLeveldis([], await buildOf(before));
  await using second = await startLeveldis([], await buildOf(after));
  const tests = options.list("tests");
  const pipelines = options.counts("pipelines");
  const [rounds, requests] = [options.count("rounds"), options.count("requests")];
  const runs = await measureInTurns({ first, second }, tests, pipelines, rounds, requests);
  const rows = pipelines.flatMap((pipeline) =>
    tests.map((test) => {
      const rates = [runs.first, runs.second].map((all) =>
        all.filter((run) => run.test === test && run.pipeline === pipeline).map((run) => run.perSecond),
      );
      const [a, b] = rates.map(median) as [number, number];
      return [test, String(pipeline), ...[a, b].map(thousands), (b / a).toFixed(2), ...rates.map(spread)];
    }),
  );
  return {
    tables: [
      {
        title: `${after} beside ${before}; spread: slowest to fastest round, of the median`,
        columns: ["test", "P", `${before} /s`, `${after} /s`, "ratio", "spread", "spread"],
        rows,
      },
    ],
    plots: [],
    verdicts: [],
  };
}

/** A ratio within it says nothing. */
function spread(rates: readonly number[]): string {
  const middle = median(rates);
  return `${(Math.min(...rates) / middle).toFixed(2)} – ${(Math.max(...rates) / middle).toFixed(2)}`;
}

/** A revision is built outside of this checkout, with its packages. */
async function buildOf(revision: string): Promise<string> {
  if (revision.includes("/") && !revision.includes("~")) return resolve(revision);
  progress(`build ${revision}`);
  const folder = await mkdtemp(join(tmpdir(), "leveldis-revision-"));
  guardFolder(folder);
  const source = join(folder, "source");
  await mkdir(source);
  const archive = join(folder, "source.tar");
  await run("git", ["archive", "--output", archive, revision], { limitMs: LIMIT_MS });
  await run("tar", ["-xf", archive, "-C", source], { limitMs: LIMIT_MS });
  await symlink(resolve("node_modules"), join(source, "node_modules"));
  await run("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { limitMs: LIMIT_MS, cwd: source });
  return join(source, "dist");
}
