import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { dirname } from "node:path";
import type { Findings } from "./findings.ts";

/** The file of results: for each part its last run, and what that ran on. */

export interface Run {
  readonly part: string;
  readonly circumstances: Circumstances;
  readonly findings: Findings;
}

export interface Circumstances {
  readonly startedAt: string;
  readonly seconds: number;
  readonly revision: string;
  readonly machine: string;
  /** Over a minute, before and after: what else ran. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly arguments: readonly string[];
}

export type Results = Readonly<Record<string, Run>>;

export function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

export function addRun(file: string, run: Run): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...readResults(file), [run.part]: run }, null, 1)}\n`);
}

/** Begins a run: call what it returns at the end. */
export function observeRun(args: readonly string[]): () => Circumstances {
  const startedAt = new Date();
  const loadBefore = loadavg()[0]!;
  return () => ({
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    revision: revision(),
    machine: machine(),
    loadBefore,
    loadAfter: loadavg()[0]!,
    arguments: args,
  });
}

export function circumstancesText(run: Circumstances): string {
  const load = `load ${run.loadBefore.toFixed(1)} before, ${run.loadAfter.toFixed(1)} after`;
  return `${run.startedAt.slice(0, 16).replace("T", " ")} UTC, ${run.seconds} s, revision ${run.revision}; ${run.machine}; ${load}`;
}

function revision(): string {
  // Another build: nobody knows of what.
  const dist = process.env["TEST_DIST"];
  if (dist !== undefined) return `of ${dist}`;
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--", "src") === "" ? "" : " and changes";
    return git("rev-parse", "--short", "HEAD") + changed;
  } catch {
    // Unpacked from an archive.
    return "unknown";
  }
}

function machine(): string {
  const processors = cpus();
  const redis = /v=([\d.]+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1];
  return (
    `${processors.length} × ${processors[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, ` +
    `Linux ${release()}, Node ${process.version}, Redis ${redis}`
  );
}
