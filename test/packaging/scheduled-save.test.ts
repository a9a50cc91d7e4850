import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCheck } from "../support/run-check.ts";
import { useServer } from "../support/use-server.ts";

/** deploy/scheduled-save: an RDB file by date, again and again. */

const SCRIPT = resolve("deploy/scheduled-save");

const server = useServer({ kind: "leveldis", args: ["--requirepass", "secret"] });

let backups: string;
beforeEach(async () => {
  backups = await mkdtemp(join(tmpdir(), "leveldis-backups-"));
});
const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  await rm(backups, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const environment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  PORT: String(server.port),
  REDISCLI_AUTH: "secret",
  RDB_FILE: join(server.dir, "dump.rdb"),
  BACKUPS: backups,
  ...more,
});

function save(more: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(SCRIPT, { env: environment(more) }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

/** Copies of earlier days. */
async function earlier(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, n) => `leveldis-202001${10 + n}-030000.rdb`);
  for (const name of names) await writeFile(join(backups, name), name);
  return names;
}

test("saves once: a sound file by date; old ones go, what is not a copy stays", async () => {
  await using client = await server.connect();
  await client.send("AUTH", "secret");
  for (let n = 0; n < 100; n++) await client.send("SET", `key:${n}`, n);
  const old = await earlier(4);
  await writeFile(join(backups, "notes.txt"), "");
  const { code, stdout } = await save({ KEEP: "3" });
  expect(code).toBe(0);
  const names = await readdir(backups);
  expect(names.length).toBe(4);
  expect(names).toEqual(expect.arrayContaining(["notes.txt", ...old.slice(2)]));
  const copy = names.find((name) => name !== "notes.txt" && !old.includes(name))!;
  expect(copy).toMatch(/^leveldis-20\d{6}-\d{6}\.rdb$/);
  expect(stdout).toContain(`saved to ${join(backups, copy)}, `);
  const checked = await runCheck(join(backups, copy));
  expect(checked).toMatchObject({ code: 0, text: expect.stringContaining("string: 100") });
}, 60_000);

test.each([
  ["the server is away", { PORT: "1" }, /not saved: Could not connect/],
  ["the password is wrong", { REDISCLI_AUTH: "wrong" }, /not saved: .*(?:NOAUTH|WRONGPASS|AUTH failed)/s],
  ["its file is not here", { RDB_FILE: "/nowhere/dump.rdb" }, /saved, but not copied to/],
  ["there is no folder for the copies", { BACKUPS: "/nowhere" }, /saved, but not copied to \/nowhere/],
])("%s: it says so and deletes nothing", async (_, more, message) => {
  const old = await earlier(4);
  const { code, stderr } = await save({ KEEP: "1", ...more });
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect((await readdir(backups)).toSorted()).toEqual(old);
});

test("a secondary that has lost its primary is not saved", async () => {
  await using client = await server.connect();
  await client.send("AUTH", "secret");
  // Nobody listens there.
  expect(await client.send("REPLICAOF", "127.0.0.1", 1)).toBe("OK");
  try {
    const { code, stderr } = await save();
    expect(code).toBe(1);
    expect(stderr).toContain("not saved: the secondary is not connected to its primary");
    expect(await readdir(backups)).toEqual([]);
  } finally {
    expect(await client.send("REPLICAOF", "NO", "ONE")).toBe("OK");
  }
});

test("every second, until it is told to stop", async () => {
  const child = spawn(SCRIPT, { env: environment({ EVERY_SECONDS: "1" }), stdio: "ignore" });
  running.push(child);
  const copies = async (): Promise<number> => (await readdir(backups)).length;
  await expect.poll(copies, { timeout: 45_000 }).toBeGreaterThan(1);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  for (const name of await readdir(backups)) expect(name).toMatch(/\.rdb(?:\.part)?$/);
}, 60_000);
