import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../test/support/client.ts";
import type { TestServer } from "../../test/support/server.ts";
import { run } from "./processes.ts";

/** What the system tells of a server from outside. Linux only. */

export interface Memory {
  /** All that is resident. */
  readonly resident: number;
  /** Of it, what is the process' own: without the files that it maps, which the system takes back when it likes. */
  readonly own: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const bytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)![1]) * 1024;
  return { resident: bytes("VmRSS"), own: bytes("RssAnon") };
}

/** Bytes that a process has sent to the disk; what was deleted before it got there is left out. */
export function bytesWritten(pid: number): number {
  const text = readFileSync(`/proc/${pid}/io`, "latin1");
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(text)![1]);
  return field("write_bytes") - field("cancelled_write_bytes");
}

/** Bytes of the files below a folder, or of those whose names end so. */
export function folderBytes(folder: string, ending = ""): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(ending)) continue;
    // A compaction removes files at any time.
    const found = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    if (found?.isFile() === true) bytes += found.size;
  }
  return bytes;
}

const LOOK_EVERY_MS = 250;
const QUIET_BYTES = 256 * 1024;
/** Longer than anything waits in the redo log. */
const QUIET_MS = 6500;

/** Waits until a server has not written for a while: what was loaded is where it stays, and is compacted. */
export async function settle(pid: number, { quietMs = QUIET_MS, limitMs = 120_000 } = {}): Promise<void> {
  const deadline = Date.now() + limitMs;
  let last = bytesWritten(pid);
  for (let quietSince = Date.now(); Date.now() - quietSince < quietMs && Date.now() < deadline;) {
    await sleep(LOOK_EVERY_MS);
    const now = bytesWritten(pid);
    if (now - last > QUIET_BYTES) quietSince = Date.now();
    last = now;
  }
}

/** A number of INFO. */
export async function info(client: Client, section: string, field: string): Promise<number> {
  const text = (await client.send("INFO", section)) as string;
  return Number(new RegExp(`^${field}:([\\d.]+)`, "m").exec(text)![1]);
}

/** Drops a folder's files from the page cache, and those of nobody else. The server must not have them mapped. */
async function dropFromPageCache(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    await run("dd", [`if=${join(entry.parentPath, entry.name)}`, "iflag=nocache", "count=0"], {
      limitMs: 60_000,
    });
  }
}

/** Starts the server again with nothing in memory, neither its own nor the system's. */
export async function restartCold(server: TestServer): Promise<void> {
  await server.stop();
  // Only what is on the disk can be dropped.
  await run("sync", ["-f", server.dir], { limitMs: 120_000 });
  await dropFromPageCache(server.dir);
  await server.start();
}

/** The system's unit of processor times. */
const TICKS_PER_SECOND = 100;

/** Processor time that the machine has spent on anything. */
export function machineSeconds(): number {
  const [user, nice, system, , , irq, softIrq] = readFileSync("/proc/stat", "latin1")
    .split("\n")[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number];
  return (user + nice + system + irq + softIrq) / TICKS_PER_SECOND;
}

/** Processor time of a process and of those that it started and that have ended. */
export function processSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The name before it may hold spaces. utime, stime, cutime, cstime are the 14th to 17th field of all.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / TICKS_PER_SECOND;
}

/** Processor time of a process that runs, µs. */
export interface ProcessorTime {
  readonly mainThread: number;
  /** Of those that have not ended. */
  readonly allThreads: number;
}

/** In finer steps than `processSeconds`. */
export function processorTime(pid: number): ProcessorTime {
  const ofThread = (thread: string): number =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]) / 1000;
  const threads = readdirSync(`/proc/${pid}/task`);
  return {
    mainThread: ofThread(String(pid)),
    allThreads: threads.map(ofThread).reduce((sum, time) => sum + time, 0),
  };
}
