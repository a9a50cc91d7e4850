import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";

/** redis-cli and redis-benchmark of Debian, as people use them. */

const server = useServer({ kind: "leveldis" });

async function cli(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("redis-cli", ["-p", String(server.port), ...args]);
  return stdout.trimEnd();
}

describe("redis-cli", () => {
  test("commands, RESP2 and RESP3", async () => {
    expect(await cli("set", "k", "v")).toBe("OK");
    expect(await cli("get", "k")).toBe("v");
    await cli("hset", "h", "a", "1", "b", "2");
    expect(await cli("-3", "--no-raw", "hgetall", "h")).toBe('1# "a" => "1"\n2# "b" => "2"');
    expect(await cli("-n", "3", "exists", "k")).toBe("0");
  });

  test("--bigkeys and --memkeys read every key", async () => {
    await cli("zadd", "z", "1", "a", "2", "b");
    await cli("sadd", "s", "1", "2", "3");
    const report = await cli("--bigkeys");
    expect(report).toMatch(/Biggest +zset found .*"z".* has 2 members/);
    expect(report).toMatch(/Biggest +set found .*"s".* has 3 members/);
    expect(await cli("--memkeys")).toMatch(/Biggest +hash found .*"h".* has \d+ bytes/);
  });

  test("--scan", async () => {
    await cli("mset", ...Array.from({ length: 300 }, (_, i) => [`scan:${i}`, "x"]).flat());
    expect((await cli("--scan", "--pattern", "scan:*")).split("\n").length).toBe(300);
  });

  test("--pipe loads what it is given", async () => {
    const requests = Array.from({ length: 20_000 }, (_, i) => `SET pipe:${i} ${i}\r\n`).join("");
    const child = spawn("redis-cli", ["-p", String(server.port), "--pipe"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stdin.end(requests);
    await new Promise((resolve) => child.once("close", resolve));
    expect(output).toContain("errors: 0, replies: 20000");
    expect(await cli("get", "pipe:19999")).toBe("19999");
  });

  test("the help of commands comes from COMMAND DOCS", async () => {
    expect(await cli("command", "docs", "zadd")).toContain("Add one or more members to a sorted set");
  });
});

test("redis-benchmark runs", async () => {
  const { stdout } = await promisify(execFile)("redis-benchmark", [
    ...["-p", String(server.port), "-n", "2000", "-c", "20", "-P", "4", "--csv"],
    ...["-t", "ping,set,get,incr,sadd,hset,spop,zadd,zpopmin,mset"],
  ]);
  expect(stdout.trim().split("\n").length).toBe(12);
});
