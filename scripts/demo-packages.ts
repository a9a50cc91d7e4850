import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Redis } from "ioredis";
import { TestServer } from "../test/support/server.ts";
import { type Answers, ask, show } from "./demo/questions.ts";
import { load } from "./demo/load.ts";
import { readPackages } from "./demo/package-index.ts";

/**
 * leveldis on real data: every package that apt knows of (some 60,000) as a hash, sets of sections and of reverse
 * dependencies, a sorted set by installed size. Asks questions, kills the server with SIGKILL, starts it again, asks
 * again: the answers must be the same. Ends with an error if they are not.
 */
await using server = new TestServer({ kind: "leveldis", variant: "normal" });
await server.start();

const packages = await readPackages();
if (packages.length === 0) {
  throw new Error("apt knows of no packages: run apt-get update, then try again");
}

const loadClient = connect();
const { seconds, commands } = await load(loadClient, packages, progress);
print(
  `Loaded ${packages.length} packages with ${commands} commands in ${seconds.toFixed(1)} s: ` +
    `${Math.round(commands / seconds)} commands/s, ${Math.round(packages.length / seconds)} packages/s`,
);
const keys = await loadClient.dbsize();
print(
  `Keys: ${keys}; on disk ${megabytes(folderBytes(server.dir))}; resident memory ${megabytes(residentBytes(server.pid))}`,
);

const before = await ask(loadClient);
show(before, print);
loadClient.disconnect();

print("\nKilling the server with SIGKILL, and starting it again …");
const startedMs = performance.now();
await server.crashAndRestart();
print(`It answers again after ${Math.round(performance.now() - startedMs)} ms`);

const client = connect();
const after: Answers = await ask(client);
const keysAfter = await client.dbsize();
client.disconnect();
if (keysAfter !== keys) fail(`there were ${keys} keys, now there are ${keysAfter}`);
for (const question of Object.keys(before) as (keyof Answers)[]) {
  if (!isDeepStrictEqual(before[question], after[question])) {
    fail(`${question}: was ${JSON.stringify(before[question])}, is ${JSON.stringify(after[question])}`);
  }
}
print(`The answers are the same. Resident memory ${megabytes(residentBytes(server.pid))}`);

function connect(): Redis {
  return new Redis({ port: server.port, host: "127.0.0.1", enableAutoPipelining: false });
}

function fail(message: string): never {
  throw new Error(`The server lost data: ${message}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A bar on a terminal; elsewhere the end is enough. */
function progress(done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  const filled = Math.round((40 * done) / total);
  process.stderr.write(`\r[${"#".repeat(filled)}${".".repeat(40 - filled)}] ${done}/${total}`);
  if (done === total) process.stderr.write("\n");
}

function folderBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
