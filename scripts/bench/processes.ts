import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { Readable } from "node:stream";

/**
 * Whatever the benchmark starts ends with it, also when it is interrupted or killed in the middle: a redis-benchmark whose
 * server is gone spins for ever, and a server with ten million keys is gigabytes on disk.
 */

/** Reading `pid` may throw when it does not run. */
interface Process {
  readonly pid?: number | undefined;
}

const processes = new Set<Process>();
const folders = new Set<string>();

process.once("exit", () => {
  for (const running of processes) {
    try {
      process.kill(running.pid!, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

/** Ends it when the benchmark ends. */
export function guardProcess(running: Process): void {
  processes.add(running);
}

export function releaseProcess(ended: Process): void {
  processes.delete(ended);
}

/** Removes it when the benchmark ends. */
export function guardFolder(folder: string): void {
  folders.add(folder);
}

export function releaseFolder(removed: string): void {
  folders.delete(removed);
}

export class TimeLimitError extends Error {
  override readonly name = "TimeLimitError";
}

export interface RunOptions {
  readonly limitMs: number;
  readonly cwd?: string;
  /** Asked of a process that has just been started; where it is not, another one is. Default: any. */
  readonly isUsable?: (pid: number) => boolean;
}

/** Runs a program to its end. Fails when it fails or takes longer than the limit. */
export async function run(
  program: string,
  args: readonly string[],
  { limitMs, cwd, isUsable = () => true }: RunOptions,
): Promise<string> {
  const begin = (): ChildProcessByStdio<null, Readable, Readable> =>
    spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let child = begin();
  while (child.pid !== undefined && !isUsable(child.pid)) {
    child.kill("SIGKILL");
    await once(child, "close");
    child = begin();
  }
  guardProcess(child);
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("latin1")));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("latin1")));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, limitMs);
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (...end) => resolve(end));
    });
    const commandLine = `${program} ${args.join(" ")}`;
    if (isLate) throw new TimeLimitError(`${commandLine} took longer than ${limitMs} ms`);
    if (code !== 0) throw new Error(`${commandLine} ended with ${code ?? signal}\n${errors || output}`);
    return output;
  } finally {
    clearTimeout(timer);
    releaseProcess(child);
  }
}
