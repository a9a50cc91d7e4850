import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../test/support/port.ts";

/**
 * The Dockerfile's own lines, carried out in a clean folder: the COPY and RUN lines of its build stage, then its
 * ENTRYPOINT with its ENV, until its HEALTHCHECK passes. What it does not try: base images, users, volumes.
 */
const root = join(import.meta.dirname, "..");
const [build, image] = readFileSync(join(root, "Dockerfile"), "utf8")
  .replaceAll("\\\n", " ")
  .split(/^(?=FROM )/m)
  .filter((stage) => stage.startsWith("FROM "))
  .map((stage) => stage.split("\n").map((line) => line.trim()));
const folder = mkdtempSync(join(tmpdir(), "leveldis-docker-"));
const START_MS = 30_000;

try {
  for (const line of build!) {
    const [, copied] = /^COPY (.+)$/.exec(line) ?? [];
    if (copied !== undefined) copy(copied.split(" "));
    const [, command] = /^RUN (.+)$/.exec(line) ?? [];
    if (command !== undefined) run(command);
  }
  await startAndCheck();
  process.stdout.write("The Dockerfile's steps: 1 passed, 0 failed\n");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function copy(paths: readonly string[]): void {
  const target = join(folder, paths.at(-1)!);
  for (const path of paths.slice(0, -1)) {
    cpSync(join(root, path), paths.length > 2 ? join(target, path) : target, { recursive: true });
  }
}

function run(command: string): void {
  process.stdout.write(`RUN ${command}\n`);
  execFileSync("sh", ["-c", command], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
}

async function startAndCheck(): Promise<void> {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const line of image!) {
    for (const pair of /^ENV (.+)$/.exec(line)?.[1]?.split(" ") ?? []) {
      const [name, value] = pair.split("=") as [string, string];
      environment[name] = value;
    }
  }
  // This machine is not a container: no folder /data, no address but the loopback one, no fixed port.
  environment["LEVELDIS_DIR"] = join(folder, "data");
  environment["LEVELDIS_HOST"] = "127.0.0.1";
  environment["LEVELDIS_PORT"] = String(await freePort());
  const [program, ...args] = wordsOf("ENTRYPOINT ");
  const server = spawn(program!, args, { cwd: folder, env: environment, stdio: "inherit" });
  const ended = new Promise<number | null>((resolve) => server.once("exit", resolve));
  try {
    await untilHealthy(server, environment);
  } finally {
    server.kill("SIGTERM");
  }
  if ((await ended) !== 0) throw new Error("the server did not end with 0 on SIGTERM");
}

async function untilHealthy(server: ChildProcess, env: NodeJS.ProcessEnv): Promise<void> {
  const [program, ...args] = wordsOf("CMD ");
  for (const startedMs = performance.now(); ;) {
    const check = spawn(program!, args, { cwd: folder, env, stdio: "inherit" });
    if ((await new Promise((resolve) => check.once("exit", resolve))) === 0) return;
    if (server.exitCode !== null || performance.now() - startedMs > START_MS) {
      throw new Error("the server of the image did not get healthy");
    }
  }
}

/** The JSON words behind an instruction of the last stage. */
function wordsOf(instruction: string): string[] {
  const line = image!.find((text) => text.includes(instruction))!;
  return JSON.parse(line.slice(line.indexOf(instruction) + instruction.length)) as string[];
}
