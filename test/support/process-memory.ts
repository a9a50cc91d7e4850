import { readFileSync } from "node:fs";

/** Of a process, without the files that it maps (LevelDB's tables). Linux only. */
export function memoryBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** How much more memory a process had at the most while `work` was done than before it. */
export async function memoryGrowth(pid: number, work: () => Promise<void>): Promise<number> {
  const before = memoryBytes(pid);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, memoryBytes(pid))), 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most - before;
}
