/**
 * Runs units of Redis' own test suite against leveldis. Each unit gets a run of its own, in a folder of its own
 * with links to the suite, since the suite's list of tests to skip knows no units and its runner takes no edits.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { startCommand } from "../test/support/start-command.ts";
import { type LeftOut, leftOutOf, matches, readLeftOut } from "./redis-suite-left-out.ts";
import { type Outcome, readOutcome } from "./redis-suite-outcome.ts";

const root = resolve(import.meta.dirname, "..");
const suite = join(root, ".cache", "redis-7.0.15");
const defaultUnits = [
  "unit/type/string",
  "unit/type/incr",
  "unit/type/hash",
  "unit/type/set",
  "unit/type/zset",
  "unit/type/list",
  "unit/type/list-2",
  "unit/type/list-3",
  "unit/type/stream",
  "unit/type/stream-cgroups",
  "unit/bitops",
  "unit/bitfield",
  "unit/hyperloglog",
  "unit/geo",
  "unit/keyspace",
  "unit/scan",
  "unit/expire",
  "unit/protocol",
  "unit/auth",
  "unit/sort",
  "unit/info",
  "unit/introspection",
  "unit/introspection-2",
  "unit/slowlog",
  "unit/latency-monitor",
  "unit/multi",
  "unit/tracking",
  "unit/pubsub",
  "unit/pubsubshard",
  "unit/quit",
  "unit/obuf-limits",
  "unit/other",
  "unit/querybuf",
  "unit/shutdown",
  "unit/scripting",
  "unit/functions",
  "integration/rdb",
  "unit/dump",
  "integration/corrupt-dump",
  "integration/corrupt-dump-fuzzer",
  "integration/convert-zipmap-hash-on-load",
  "integration/convert-ziplist-hash-on-load",
  "integration/convert-ziplist-zset-on-load",
];
/** Left to scripts/verify-long. */
const slowUnits = [
  "unit/wait",
  "integration/block-repl",
  "integration/failover",
  "integration/shutdown",
  "integration/replication",
  "integration/replication-2",
  "integration/replication-3",
  "integration/replication-4",
  "integration/replication-buffer",
  "integration/replication-psync",
  "integration/psync2",
  "integration/psync2-reg",
  "integration/psync2-pingoff",
  "integration/psync2-master-restart",
];
/** The suite's words for it. */
const NO_SERVER = /^Can't start the Redis server/;
/** What the suite calls in src/; leveldis takes the place of redis-server. */
const programs = ["redis-cli", "redis-benchmark", "redis-check-aof", "redis-check-rdb"];
/**
 * Each run of the suite gets ports for itself: its runner listens 32 below the first of them, without looking
 * whether it can, and its servers try the rest, and the same 10,000 higher. All stays below the ports that
 * clients are given.
 */
const FIRST_PORT = 11_100;
const PORTS_PER_RUN = 250;
const PORT_RANGES = 40;

/**
 * redis-server starts from the file that `dir` and `dbfilename` name; leveldis from its own data, and from an RDB only if
 * it is told to. So the wrapper tells it to: where there is no data yet, and where a test names a file.
 */
const SEED = `\
if [ -f "$1" ]; then
  dir=$(awk '$1 == "dir" { found = $2 } END { print found }' "$1")
  file=$(awk '$1 == "dbfilename" { found = $2 } END { print found }' "$1")
  rdb=$dir/\${file:-dump.rdb}
  if [ -f "$rdb" ]; then
    if [ -n "$file" ]; then set -- "$@" --flushall yes --rdb "$rdb"
    elif [ ! -e "$dir/CURRENT" ]; then set -- "$@" --rdb "$rdb"; fi
  fi
fi
`;

const argv = await yargs(hideBin(process.argv))
  .scriptName("scripts/redis-suite")
  .usage("$0 [unit...]\n\nRuns Redis' own tests with leveldis as the server. Units: unit/type/set, …")
  .option("server", {
    choices: ["leveldis", "real"] as const,
    default: "leveldis" as const,
    describe: "What to test",
  })
  .option("dist", { type: "string", default: join(root, "dist"), describe: "Build of leveldis" })
  .option("server-option", {
    type: "string",
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: "Passed on, e.g. --server-option=--debug-fault-every-read=yes",
  })
  .option("all", {
    type: "boolean",
    default: false,
    describe: "Leave nothing out; tell which of the left-out tests pass",
  })
  .option("only", {
    type: "string",
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: "Test name or /regex",
  })
  .option("again", {
    type: "boolean",
    default: false,
    describe: "Run units that failed once more, alone; what fails twice has failed",
  })
  .option("slow", {
    type: "boolean",
    default: false,
    describe: "Without units: those that take minutes, in place of the others",
  })
  .option("jobs", { type: "number", default: availableParallelism(), describe: "Units at a time" })
  .option("verbose", { type: "boolean", default: false, describe: "Show the suite's own output" })
  .option("keep", {
    type: "boolean",
    default: false,
    describe: "Keep the folder with logs and configuration files",
  })
  .strictOptions()
  .version(false)
  .parse();

if (argv.server === "leveldis" && !existsSync(join(resolve(argv.dist), "main.js"))) {
  // The suite would wait two minutes for each server.
  console.error(`${argv.dist} holds no build of leveldis`);
  process.exit(1);
}
const units = argv._.length > 0 ? argv._.map(String) : argv.slow ? slowUnits : defaultUnits;
const leftOut = readLeftOut(
  readFileSync(join(root, "test", "redis-suite", "left-out.txt"), "utf8"),
  argv.serverOption,
);
// The path of the unix socket in it must stay short.
const work = mkdtempSync(join(tmpdir(), "redis-suite-"));
const children = new Set<number>();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    for (const pid of children) endGroup(pid, "SIGKILL");
    rmSync(work, { recursive: true, force: true });
    process.exit(1);
  });
}

let nextRange = Math.floor(Math.random() * PORT_RANGES);
const outcomes: Outcome[] = [];
const queue = [...units];
let isHopeless = false;
await Promise.all(
  Array.from({ length: Math.max(1, argv.jobs) }, async () => {
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      const outcome = await runUnit(unit);
      outcomes.push(outcome);
      // The suite waits two minutes for each server: enough to know that there will be none for other units either.
      if (outcome.passed.length === 0 && outcome.failed.some((failure) => NO_SERVER.test(failure))) {
        console.error("The server does not start; the units that are left are not run.");
        isHopeless = true;
        queue.length = 0;
      }
    }
  }),
);
if (argv.again && !isHopeless) await runAgain();
outcomes.sort((a, b) => units.indexOf(a.unit) - units.indexOf(b.unit));
process.exitCode = report(outcomes) ? 0 : 1;
if (argv.keep) console.log(`kept: ${work}`);
else rmSync(work, { recursive: true, force: true });

/** On a busy machine a test can miss its time. */
async function runAgain(): Promise<void> {
  for (const [index, { unit, failed }] of outcomes.entries()) {
    if (failed.length === 0) continue;
    for (const failure of failed) console.log(`\nfailed beside others: ${unit}: ${failure}`);
    outcomes[index] = await runUnit(unit);
  }
}

async function runUnit(unit: string): Promise<Outcome> {
  const entries = leftOutOf(leftOut, unit);
  const folder = makeFolder(unit, entries);
  const args = ["tests/test_helper.tcl", "--single", unit, "--clients", "1", "--durable", "--timeout", "600"];
  args.push("--baseport", String(await freePorts()), "--portcount", String(PORTS_PER_RUN - 40));
  for (const name of argv.only) args.push("--only", name);
  if (!argv.all) {
    for (const entry of entries) if (entry.kind === "test") args.push("--skiptest", entry.pattern);
  }
  const started = performance.now();
  const child = spawn("tclsh", args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    // Its messages are read below: no colours.
    env: { ...process.env, TERM: "dumb" },
  });
  children.add(child.pid!);
  let output = "";
  const take = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
    if (argv.verbose) process.stdout.write(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const code = await new Promise<number | null>((done) => child.once("close", done));
  children.delete(child.pid!);
  endGroup(child.pid!, "SIGKILL");
  const outcome = readOutcome(unit, output, code);
  const { passed, failed, skipped } = outcome;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${unit.padEnd(18)} ${passed.length} passed, ${failed.length} failed, ${skipped.length} left out (${seconds} s)`,
  );
  return outcome;
}

/** The first port of a range whose runner's port is free; other runs may be under way. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 2 * PORT_RANGES; attempt++) {
    const first = FIRST_PORT + PORTS_PER_RUN * (nextRange++ % PORT_RANGES);
    if (await canListen(first - 32)) return first;
  }
  throw new Error("no range of ports is free");
}

function canListen(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** The suite forgets servers that it could not reach. */
function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/** The suite as seen by one run: links to all its files, its own `tests/tmp`, and `src/` with the server to test. */
function makeFolder(unit: string, entries: readonly LeftOut[]): string {
  const folder = join(work, unit.replaceAll("/", "-"));
  mkdirSync(join(folder, "src"), { recursive: true });
  // Files as links, folders as folders: cp says it shortest.
  execFileSync("cp", ["-as", join(suite, "tests"), join(suite, "utils"), join(suite, "redis.conf"), folder]);
  mkdirSync(join(folder, "tests", "tmp"), { recursive: true });
  for (const program of programs) {
    if (existsSync(`/usr/bin/${program}`)) symlinkSync(`/usr/bin/${program}`, join(folder, "src", program));
  }
  const command =
    argv.server === "real" ? ["/usr/bin/redis-server"] : startCommand(join(resolve(argv.dist), "main.js"));
  const wrapper = join(folder, "src", "redis-server");
  // `exec`: the suite expects the process id that it started.
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");
  const start = `exec ${quoted(command)} "$@" ${quoted(argv.serverOption)}\n`;
  writeFileSync(wrapper, `#!/bin/sh\n${argv.server === "real" ? "" : SEED}${start}`);
  chmodSync(wrapper, 0o755);
  if (!argv.all) {
    const edits = entries.flatMap((entry) => (entry.kind === "edit" ? ["-e", entry.expression] : []));
    if (edits.length > 0) editUnit(folder, unit, edits);
  }
  return folder;
}

function editUnit(folder: string, unit: string, edits: readonly string[]): void {
  const file = join(folder, "tests", `${unit}.tcl`);
  const source = join(suite, "tests", `${unit}.tcl`);
  rmSync(file);
  cpSync(source, file);
  execFileSync("sed", ["-i", ...edits, file]);
  if (readFileSync(file, "utf8") === readFileSync(source, "utf8"))
    throw new Error(`the edits of ${unit} change nothing`);
}

/** Prints what went wrong and the totals; true when nothing did. */
function report(all: readonly Outcome[]): boolean {
  let passed = 0;
  let failed = 0;
  for (const outcome of all) {
    passed += outcome.passed.length;
    failed += outcome.failed.length;
    for (const failure of outcome.failed) console.log(`\nFAILED ${outcome.unit}: ${failure}`);
    const entries = leftOutOf(leftOut, outcome.unit).filter((entry) => entry.kind === "test");
    if (argv.all) {
      for (const name of outcome.passed.filter((test) =>
        entries.some((entry) => matches(entry.pattern, test)),
      )) {
        console.log(`left out, but passes: ${outcome.unit}: ${name}`);
      }
    } else if (argv.only.length === 0 && outcome.failed.length === 0) {
      for (const { pattern } of entries.filter(
        (entry) => !outcome.skipped.some((test) => matches(entry.pattern, test)),
      )) {
        failed++;
        console.log(`\nFAILED ${outcome.unit}: the left-out entry meets no test: ${pattern}`);
      }
    }
  }
  const skipped = all.reduce((sum, outcome) => sum + outcome.skipped.length, 0);
  console.log(`\nredis suite: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0;
}
