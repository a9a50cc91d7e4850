import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { REDIS_VERSION, VERSION } from "../../src/support/version.ts";
import { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { freePort } from "../support/port.ts";

const MAIN = resolve(process.env["TEST_DIST"] ?? "dist", "main.js");
const PACKAGE = JSON.parse(readFileSync("package.json", "utf8")) as { bin: { leveldis: string } };

interface Run {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

let folder: string;
let running: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leveldis-start-"));
  running = [];
});

afterEach(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "close");
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

function launch(args: readonly string[], { env = {}, stdin = "" }: Run = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"]!, ...env },
  });
  running.push(child);
  child.stdin.end(stdin);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
  return { child, output, ended };
}

/** The server, when it accepts connections. */
async function serve(args: readonly string[], run?: Run) {
  const launched = launch(["--port", "0", ...args], run);
  return { ...launched, port: await readyPort(launched) };
}

async function readyPort({ output, child, ended }: ReturnType<typeof launch>): Promise<number> {
  let early = false;
  void ended.then(() => (early = true));
  while (!output.stdout.includes("Ready to accept connections")) {
    if (early) throw new Error(`it ended: ${output.stderr}`);
    await Promise.race([once(child.stdout, "data"), ended]);
  }
  return Number(/Server initialized, port (\d+)/.exec(output.stdout)![1]);
}

/** A start that fails: code 1, and one line that says why. */
async function refused(args: readonly string[], run?: Run): Promise<string> {
  const { code, stderr } = await launch(args, run).ended;
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/^leveldis: [^\n]+\n$/);
  return stderr.trimEnd();
}

async function get(client: Client, name: string): Promise<unknown> {
  return ((await client.send("CONFIG", "GET", name)) as unknown[])[1];
}

describe("texts", () => {
  test.each(["--help", "-h"])("%s", async (flag) => {
    const { code, stdout, stderr } = await launch([flag]).ended;
    expect([code, stderr]).toEqual([0, ""]);
    for (const option of [
      "--host",
      "--port",
      "--dir",
      "--backend-option",
      "--gc-interval",
      "--gc-batch-size",
    ]) {
      expect(stdout).toContain(option);
    }
    expect(stdout).not.toMatch(/\[array\]|\[boolean\]|debug-fault|\n *\n *\n/);
  });

  test.each(["--version", "-v"])("%s", async (flag) => {
    const { code, stdout } = await launch([flag]).ended;
    expect([code, stdout]).toEqual([
      0,
      `leveldis ${VERSION}, compatible with Redis ${REDIS_VERSION}, Node.js ${process.version}\n`,
    ]);
  });

  test("package.json names the program, which can be executed", () => {
    expect(PACKAGE.bin.leveldis).toBe("dist/main.js");
    expect(readFileSync(MAIN, "utf8")).toMatch(/^#!\/usr\/bin\/env -S node --max-semi-space-size=\d+\n/);
    expect(execFileSync(MAIN, ["--version"]).toString()).toContain(VERSION);
  });
});

describe("a start that fails", () => {
  test.each([
    [["--nope", "1"], "leveldis: Unknown argument: nope; see leveldis --help"],
    [
      ["--maxclients", "many"],
      `leveldis: bad option 'maxclients "many"': argument couldn't be parsed into an integer`,
    ],
    [
      ["--port", "65536"],
      `leveldis: bad option 'port "65536"': argument must be between 0 and 65535 inclusive`,
    ],
    [["--port"], "leveldis: bad option 'port': wrong number of arguments"],
    [["--port", "1", "2"], `leveldis: bad option 'port "1" "2"': wrong number of arguments`],
    [["--readonly", "perhaps"], `leveldis: bad option 'readonly "perhaps"': argument must be 'yes' or 'no'`],
    [["--rdb", "x.rdb"], "leveldis: can't open the RDB file x.rdb: No such file or directory"],
    [
      ["--seed-from", "10.0.0.1:6379"],
      `leveldis: bad option 'seed-from "10.0.0.1:6379"': must be redis://[[user]:password@]host[:port][/db]`,
    ],
    [["--rdb", "x", "--seed-from", "redis://y"], "leveldis: --rdb and --seed-from exclude each other"],
    [
      ["--backend-option", "nope=1"],
      `leveldis: bad option 'backend-option "nope=1"': unknown LevelDB option nope: there are compression, ` +
        "writeBufferSize, blockSize, maxOpenFiles, blockRestartInterval, maxFileSize",
    ],
    [
      ["--backend-option", "blockSize=big"],
      `leveldis: bad option 'backend-option "blockSize=big"': the value of blockSize is not JSON`,
    ],
    [
      ["--backend-option", "blockSize=0"],
      `leveldis: bad option 'backend-option "blockSize=0"': the LevelDB option blockSize takes a positive integer`,
    ],
    [["none.conf"], /can't open config file '.*none\.conf': No such file or directory$/],
    [["--replicaof", "localhost", "66379"], /Invalid master port$/],
    [["--logfile", "/dev/null/log"], /can't open the log file \/dev\/null\/log: Not a directory$/],
    [["--dir", "/dev/null/data"], /cannot use the data folder \/dev\/null\/data .*choose another --dir$/],
    [["--dir", "/proc/data"], /cannot use the data folder \/proc\/data .*choose another --dir$/],
    [["--port", "0", "--unixsocket", "/dev/null/socket"], /Failed opening Unix socket \/dev\/null\/socket/],
  ])("%j", async (args, message) => {
    const line = await refused(args);
    if (typeof message === "string") expect(line).toBe(message);
    else expect(line).toMatch(message);
  });

  test("a bad value in the file, or in one that it includes, with file and line", async () => {
    writeFileSync(join(folder, "a.conf"), "# first\n\nmaxclients many\n");
    expect(await refused(["a.conf"])).toBe(
      `leveldis: bad configuration, ${folder}/a.conf, line 3, 'maxclients many': argument couldn't be parsed into an integer`,
    );
    writeFileSync(join(folder, "b.conf"), "port 0\ninclude a.conf\n");
    expect(await refused(["b.conf"])).toContain("a.conf, line 3, ");
    expect(await refused(["-"], { stdin: "port 0\nnope 1\n" })).toBe(
      "leveldis: bad configuration, standard input, line 2, 'nope 1': Bad directive or wrong number of arguments",
    );
  });

  test("a bad environment", async () => {
    expect(await refused([], { env: { LEVELDIS_PORT: "x" } })).toMatch(
      /environment variable LEVELDIS_PORT: /,
    );
    expect(await refused([], { env: { LEVELDIS_NOPE: "x" } })).toMatch(
      /LEVELDIS_NOPE: there is no such option$/,
    );
  });

  test("a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    try {
      expect(await refused(["--port", String(port)])).toMatch(
        `Failed listening on port ${port} (TCP), aborting. 127.0.0.1:${port} is already in use`,
      );
    } finally {
      other.close();
    }
  });

  test("a folder in use", async () => {
    await serve(["--dir", "data"]);
    expect(await refused(["--port", "0", "--dir", "data"])).toMatch(/data is in use by another process/);
  });
});

describe("options", () => {
  test("the folder is ./leveldis-data unless it is given, also with letters beyond ASCII", async () => {
    await serve([]);
    expect(existsSync(join(folder, "leveldis-data", "CURRENT"))).toBe(true);
    const { port } = await serve(["--dir", "Überdaten"]);
    expect(existsSync(join(folder, "Überdaten", "CURRENT"))).toBe(true);
    await using client = await Client.connect({ port });
    expect(await get(client, "dir")).toBe(Buffer.from(`${folder}/Überdaten`).toString("latin1"));
  });

  test("as in redis.conf: a file, overrides, yes and no, 0", async () => {
    writeFileSync(
      join(folder, "a.conf"),
      "maxclients 77\nreadonly yes\nHASH-MAX-LISTPACK-ENTRIES 9\nappendonly yes\n",
    );
    const file = launch(["a.conf", "--port", "0", "--readonly", "no", "--hash-max-listpack-entries", "0"]);
    const port = await readyPort(file);
    await using client = await Client.connect({ port });
    expect(await get(client, "maxclients")).toBe("77");
    expect(await get(client, "hash-max-ziplist-entries")).toBe("0");
    expect(await client.send("HSET", "h", "f", "v")).toBe(1);
    expect(await client.send("OBJECT", "ENCODING", "h")).toBe("hashtable");
  });

  test("standard input, environment; the command line counts more", async () => {
    const { port } = await serve(["--gc-interval", "33", "-"], {
      stdin: "maxclients 55\ngc-interval 1\n",
      env: { LEVELDIS_MAXCLIENTS: "44", LEVELDIS_GC_BATCH_SIZE: "22", LEVELDIS_TIMEOUT: "" },
    });
    await using client = await Client.connect({ port });
    expect(await get(client, "maxclients")).toBe("55");
    expect(await get(client, "gc-interval")).toBe("33");
    expect(await get(client, "gc-batch-size")).toBe("22");
    expect(await get(client, "timeout")).toBe("0");
  });

  test("--backend-option reaches LevelDB, and CONFIG GET shows it", async () => {
    const { port } = await serve([
      "--backend-option",
      "writeBufferSize=1048576",
      "--backend-option",
      "compression=false",
    ]);
    await using client = await Client.connect({ port });
    expect(await get(client, "backend-option")).toBe("writeBufferSize=1048576 compression=false");
  });

  test("--requirepass, --readonly, --debug", async () => {
    const { port, output } = await serve(["--requirepass", "--secret", "--readonly", "--debug"]);
    await using client = await Client.connect({ port });
    expect(await client.send("GET", "k")).toEqual(error("NOAUTH Authentication required."));
    expect(await client.send("AUTH", "--secret")).toBe("OK");
    expect(await client.send("SET", "k", "v")).toEqual(
      expect.objectContaining({ message: expect.stringMatching(/^READONLY /) }),
    );
    expect(await client.send("GET", "k")).toBe(null);
    expect(await get(client, "loglevel")).toBe("debug");
    expect(output.stdout).not.toContain("secret");
  });

  test("--flushall empties the folder at this start only", async () => {
    const keys = async (...args: string[]): Promise<unknown> => {
      const { port, child, ended } = await serve(args);
      await using client = await Client.connect({ port });
      const size = await client.send("DBSIZE");
      await client.send("SET", "k", "v");
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
      return size;
    };
    expect([await keys(), await keys(), await keys("--flushall"), await keys()]).toEqual([0, 1, 0, 1]);
  });

  test("pidfile, logfile, unixsocket", async () => {
    const port = await freePort();
    const launched = launch([
      "--port",
      String(port),
      "--pidfile",
      "the.pid",
      "--logfile",
      "the.log",
      "--unixsocket",
      "ä.sock",
      "--unixsocketperm",
      "700",
    ]);
    const { child, ended } = launched;
    const log = join(folder, "the.log");
    await expect
      .poll(() => existsSync(log) && readFileSync(log, "utf8"), { timeout: 10_000 })
      .toContain("Ready to accept");
    const socket = join(folder, "ä.sock");
    expect(readFileSync(join(folder, "the.pid"), "utf8")).toBe(`${child.pid}\n`);
    expect(statSync(socket).mode & 0o777).toBe(0o700);
    {
      await using client = await Client.connect({ path: socket });
      expect(await client.send("PING")).toBe("PONG");
    }
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 0, stdout: "", stderr: "" });
    expect([existsSync(join(folder, "the.pid")), existsSync(socket)]).toEqual([false, false]);
  });

  test("a pidfile that cannot be written does not stop the start", async () => {
    const { output } = await serve(["--pidfile", "/dev/null/pid"]);
    expect(output.stdout).toContain("Failed to write the PID file /dev/null/pid: Not a directory");
  });
});

describe("the end", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s with clients and a pipeline under way", async (signal) => {
    const { port, child, ended } = await serve([]);
    await using idle = await Client.connect({ port });
    await using busy = await Client.connect({ port });
    expect(await idle.send("PING")).toBe("PONG");
    busy.write("INCR n\r\n".repeat(20_000));
    expect(await busy.read()).toBe(1);
    child.kill(signal);
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, ""]);
    const last = (await busy.readUntilClosed()).toString().split("\r\n").at(-2) ?? ":1";
    const again = await serve([]);
    await using client = await Client.connect({ port: again.port });
    expect(Number(await client.send("GET", "n"))).toBeGreaterThanOrEqual(Number(last.slice(1)));
  });
});
