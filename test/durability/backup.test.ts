import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const execute = promisify(execFile);
/** The variables of the tests are no options. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LEVELDIS_")));
const run = (program: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  execute(program, [...args], { env });
const main = resolve(process.env["TEST_DIST"] ?? "dist", "main.js");

/** Not the disk of the temporary folder, on Linux. */
const OTHER_DISK = "/dev/shm";

/** Small tables, so that there is much to compact. */
const server = useServer({
  kind: "leveldis",
  args: [
    "--backend-option",
    "writeBufferSize=65536",
    "--backend-option",
    "maxFileSize=1048576",
    "--gc-interval",
    "20",
    // Not all of it in the log.
    "--redo-log-size",
    "65536",
  ],
});
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leveldis-backup-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const copyOf = (dir: string, args: readonly string[] = ["--readonly"]): TestServer =>
  new TestServer({ kind: "leveldis", dir, args });

/** Two keys that one transaction changes together, and garbage for the collector, until told to stop. */
class Writer {
  #isStopped = false;
  acknowledged = 0;
  readonly done: Promise<void>;

  constructor(client: Client) {
    this.done = this.#write(client);
  }

  async #write(client: Client): Promise<void> {
    for (let n = 1; !this.#isStopped; n++) {
      const members = Array.from({ length: 50 }, (_, i) => `${n}-${i}-${"x".repeat(100)}`);
      await client.pipeline([
        ["MULTI"],
        ["SET", "first", n],
        ["SADD", `set${n % 7}`, ...members],
        ["DEL", `set${(n + 3) % 7}`],
        ["SETEX", `expires${n % 100}`, 1000, n],
        ["SET", "second", n],
        ["EXEC"],
      ]);
      this.acknowledged = n;
      // The more it writes, the longer a start on a copy takes.
      await setTimeout(5);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.done;
  }
}

async function checkCopy(dir: string, least: number): Promise<number> {
  await using copy = copyOf(dir);
  await copy.start();
  await using client = await copy.connect();
  const [first, second] = (await client.send("MGET", "first", "second")) as string[];
  expect(first).toBe(second);
  expect(Number(first)).toBeGreaterThanOrEqual(least);
  const keys = (await client.send("KEYS", "*")) as string[];
  expect(await client.send("DBSIZE")).toBe(keys.length);
  for (const key of keys.filter((name) => name.startsWith("set"))) {
    const members = (await client.send("SMEMBERS", key)) as string[];
    expect(await client.send("SCARD", key)).toBe(members.length);
    // Fifty at a time: no transaction is there in part.
    expect(members.length % 50).toBe(0);
  }
  return Number(first);
}

describe("BACKUP", () => {
  test("copies one moment while everything goes on", async () => {
    await using client = await server.connect({ timeoutMs: 60_000 });
    const writer = new Writer(await server.connect());
    await expect.poll(() => writer.acknowledged, { timeout: 10_000 }).toBeGreaterThan(50);
    let last = 0;
    for (let i = 0; i < 3; i++) {
      const before = writer.acknowledged;
      const dir = join(folder, `running${i}`);
      const reply = (await client.send("BACKUP", dir)) as (string | number)[];
      const after = writer.acknowledged;
      expect(reply.filter((_, at) => at % 2 === 0)).toEqual([
        "files",
        "bytes",
        "linked-files",
        "linked-bytes",
      ]);
      expect(reply[5]).toBeGreaterThan(0);
      const found = await checkCopy(dir, before);
      expect(found).toBeGreaterThan(last);
      last = found;
      expect(after).toBeGreaterThanOrEqual(before);
    }
    await writer.stop();
  }, 60_000);

  test("of what was just acknowledged nothing is missing", async () => {
    await using client = await server.connect();
    for (let i = 0; i < 3; i++) {
      await client.send("SET", "first", 1e6 + i);
      await client.send("SET", "second", 1e6 + i);
      const dir = join(folder, `acknowledged${i}`);
      await client.send("BACKUP", dir);
      expect(await checkCopy(dir, 1e6 + i)).toBe(1e6 + i);
    }
  }, 60_000);

  test.skipIf(!existsSync(OTHER_DISK))(
    "to another disk it copies",
    async () => {
      await using client = await server.connect({ timeoutMs: 60_000 });
      const writer = new Writer(await server.connect());
      await expect.poll(() => writer.acknowledged, { timeout: 10_000 }).toBeGreaterThan(50);
      const other = await mkdtemp(join(OTHER_DISK, "leveldis-backup-"));
      try {
        const before = writer.acknowledged;
        const reply = (await client.send("BACKUP", other)) as (string | number)[];
        expect(reply.slice(4)).toEqual(["linked-files", 0, "linked-bytes", 0]);
        await checkCopy(other, before);
        expect((await readdir(server.dir)).filter((name) => name.includes("tmp"))).toEqual([]);
      } finally {
        await writer.stop();
        await rm(other, { recursive: true });
      }
    },
    60_000,
  );

  test("an empty folder will do; what holds anything is refused, and left as it is", async () => {
    await using client = await server.connect();
    const dir = join(folder, "empty");
    await mkdir(dir);
    expect(await client.send("BACKUP", dir)).toBeInstanceOf(Array);
    const names = (await readdir(dir)).toSorted();
    expect(String(await client.send("BACKUP", dir))).toMatch(/ERR BACKUP: the folder .* is not empty/);
    expect((await readdir(dir)).toSorted()).toEqual(names);
    expect(names).toContain("CURRENT");
    expect(
      names.filter((name) => !/^(?:CURRENT|MANIFEST-\d+|redo-\d+|\d+\.(?:ldb|log))$/.test(name)),
    ).toEqual([]);
  });

  test("what cannot be is refused", async () => {
    await using client = await server.connect();
    const file = join(folder, "file");
    await writeFile(file, "x");
    const refused = async (...args: string[]): Promise<string> =>
      String(await client.send("BACKUP", ...args));
    expect(await refused(file)).toMatch(/ERR BACKUP: cannot copy to .*ENOTDIR/);
    expect(await refused(join(folder, "no", "such", "parent"))).toMatch(
      /ERR BACKUP: cannot copy to .*ENOENT/,
    );
    expect(await refused(server.dir)).toMatch(/is not empty/);
    expect(await refused("")).toMatch(/ERR BACKUP wants/);
    expect(await refused("a", "b")).toMatch(/wrong number of arguments/);
    expect(await readFile(file, "utf8")).toBe("x");
    await client.send("MULTI");
    expect(await refused(join(folder, "multi"))).toMatch(/not allowed inside a transaction/);
    expect(await client.send("DISCARD")).toBe("OK");
    expect(existsSync(join(folder, "multi"))).toBe(false);
  });

  test("the original and the copy go different ways", async () => {
    await using client = await server.connect();
    await client.send("SET", "way", "together");
    const dir = join(folder, "apart");
    await client.send("BACKUP", dir);
    {
      await using copy = copyOf(dir, ["--backend-option", "writeBufferSize=65536"]);
      await copy.start();
      await using other = await copy.connect();
      await other.send("SET", "way", "copy");
      for (let i = 0; i < 300; i++) await other.send("SET", `fill${i}`, "y".repeat(5000));
      await client.send("SET", "way", "original");
      expect(await other.send("GET", "way")).toBe("copy");
    }
    expect(await client.send("GET", "way")).toBe("original");
    expect(await client.send("EXISTS", "fill1")).toBe(0);
    await server.restart();
    await using again = await server.connect();
    expect(await again.send("GET", "way")).toBe("original");
  }, 60_000);

  test("a folder in which a copy was not finished is not taken for data", async () => {
    const dir = join(folder, "unfinished");
    await mkdir(dir);
    await writeFile(join(dir, "UNFINISHED-COPY"), "");
    await expect(copyOf(dir).start()).rejects.toThrow(/holds a copy that was not finished/);
    expect(await readdir(dir)).toEqual(["UNFINISHED-COPY"]);
  });

  test("a read-only start leaves even what expires in place", async () => {
    await using client = await server.connect();
    await client.send("SET", "short", "v", "PX", 50);
    const dir = join(folder, "expiring");
    await client.send("BACKUP", dir);
    {
      await using copy = copyOf(dir);
      await copy.start();
      await using other = await copy.connect();
      await expect.poll(() => other.send("EXISTS", "short"), { timeout: 5000 }).toBe(0);
      expect(String(await other.send("SET", "k", "v"))).toMatch(/READONLY/);
      expect(await other.send("INFO", "stats")).toContain("expired_keys:0");
    }
  });
});

test("SAVE writes an RDB file of a copy that was started read-only", async () => {
  await using client = await server.connect();
  await client.send("HSET", "saved", "f", "v");
  const dir = join(folder, "saved");
  await client.send("BACKUP", dir);
  {
    await using copy = copyOf(dir);
    await copy.start();
    await using other = await copy.connect();
    expect(await other.send("SAVE")).toBe("OK");
  }
  const redis = new TestServer({ kind: "redis", dir });
  try {
    await redis.start();
    await using other = await redis.connect();
    expect(await other.send("HGETALL", "saved")).toEqual(["f", "v"]);
    expect(await other.send("DBSIZE")).toBe(await client.send("DBSIZE"));
  } finally {
    await redis.close();
  }
});

describe("leveldis backup", () => {
  test("does it from a shell", async () => {
    const dir = join(folder, "shell");
    const { stdout } = await run(process.execPath, [main, "backup", dir, "--port", String(server.port)]);
    expect(stdout).toMatch(
      /shell: \d+ files, [\d.]+ \w+(?:, \d+ of them \([\d.]+ \w+\) by hard links)?, in [\d.]+ s\n$/,
    );
    expect((await stat(join(dir, "CURRENT"))).isFile()).toBe(true);
  });

  test("says what is wrong, with exit code 1", async () => {
    const fails = async (args: readonly string[], text: RegExp): Promise<void> => {
      const failure = await run(process.execPath, [main, "backup", ...args]).then(
        () => null,
        (error: { code: number; stderr: string }) => error,
      );
      expect(failure?.code).toBe(1);
      expect(failure?.stderr).toMatch(text);
      expect(failure?.stderr.split("\n").length).toBe(2);
    };
    const port = ["--port", String(server.port)];
    await fails([], /to which folder/);
    await fails([join(folder, "shell"), ...port], /ERR BACKUP: the folder .*shell is not empty/);
    await fails([join(folder, "nobody"), "--port", "1"], /cannot connect to 127.0.0.1:1/);
    await fails([join(folder, "what"), "--bogus", "1"], /[Uu]nknown argument/);
    await using locked = new TestServer({ kind: "leveldis", args: ["--requirepass", "secret"] });
    await locked.start();
    const at = ["--port", String(locked.port)];
    await fails([join(folder, "locked"), ...at], /NOAUTH/);
    await fails([join(folder, "locked"), ...at, "--password", "wrong"], /WRONGPASS/);
    await run(process.execPath, [main, "backup", join(folder, "locked"), ...at, "--password", "secret"]);
  }, 30_000);
});
