import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

const CORRUPTED = error("INVALIDOBJ Corrupted HLL object detected");
const NOT_ONE = error("WRONGTYPE Key is not a valid HyperLogLog string value.");

describe("HyperLogLogs", () => {
  test("count what is different, within their error", async () => {
    await using client = await connect();
    for (let from = 0; from < 20_000; from += 1000) {
      const added = Array.from({ length: 1000 }, (_, i) => `element ${from + i}`);
      expect(await client.send("PFADD", "h", ...added)).toBe(1);
    }
    const count = (await client.send("PFCOUNT", "h")) as number;
    expect(Math.abs(count - 20_000)).toBeLessThan(20_000 * 0.04);
    expect(await client.send("PFADD", "h", "element 17", "element 18")).toBe(0);
    expect(await client.send("PFCOUNT", "h")).toBe(count);
  });

  test("become dense where the sparse form is too long, and tell the same", async () => {
    await using client = await connect();
    await client.send("PFADD", "h", "a", "b", "c");
    expect(await client.send("PFDEBUG", "ENCODING", "h")).toBe("sparse");
    const sparse = await client.send("PFDEBUG", "DECODE", "h");
    expect(sparse).toMatch(/^Z:\d+ v:\d+,1 Z:\d+ v:\d+,1 /);
    await client.send("COPY", "h", "d");
    expect(await client.send("PFDEBUG", "TODENSE", "d")).toBe(1);
    expect(await client.send("STRLEN", "d")).toBe(16 + 12288);
    expect(await client.send("PFCOUNT", "d")).toBe(3);
    expect(await client.send("PFCOUNT", "h", "d")).toBe(3);
    expect(await client.send("PFDEBUG", "GETREG", "h")).toEqual(await client.send("PFDEBUG", "GETREG", "d"));
  });

  test("merge; what is added in between shows", async () => {
    await using client = await connect();
    await client.send("PFADD", "a", "1", "2", "3");
    await client.send("PFADD", "b", "3", "4");
    expect(await client.send("PFMERGE", "all", "a", "b", "none")).toBe("OK");
    expect(await client.send("PFCOUNT", "all")).toBe(4);
    expect(await client.send("PFADD", "all", "5")).toBe(1);
    expect(await client.send("PFCOUNT", "all")).toBe(5);
    expect(await client.send("PFCOUNT", "a", "b")).toBe(4);
  });

  test("keep their expiry and their bytes over a copy through a client", async () => {
    await using client = await connect();
    await client.send("PFADD", "h", "a", "b");
    const bytes = (await client.send("GET", "h")) as string;
    expect(bytes.slice(0, 5)).toBe("HYLL\x01");
    await client.send("SET", "copy", bytes, "EX", 100);
    expect(await client.send("PFCOUNT", "copy")).toBe(2);
    await client.send("PFADD", "copy", "c");
    expect(await client.send("PFCOUNT", "copy")).toBe(3);
    expect(await client.send("TTL", "copy")).toBeGreaterThan(90);
  });

  test("what is none, or damaged, changes nothing", async () => {
    await using client = await connect();
    await client.send("SET", "s", "hello");
    for (const command of [
      ["PFADD", "s", "a"],
      ["PFCOUNT", "s"],
      ["PFMERGE", "s", "none"],
      ["PFMERGE", "none", "s"],
    ]) {
      expect(await client.send(...command)).toEqual(NOT_ONE);
    }
    expect(await client.send("GET", "s")).toBe("hello");
    expect(await client.send("EXISTS", "none")).toBe(0);
    await client.send("PFADD", "h", "a");
    await client.send("APPEND", "h", "hello");
    const damaged = await client.send("GET", "h");
    expect(await client.send("PFCOUNT", "h")).toEqual(CORRUPTED);
    expect(await client.send("PFMERGE", "h", "none")).toEqual(CORRUPTED);
    expect(await client.send("PFDEBUG", "TODENSE", "h")).toEqual(CORRUPTED);
    expect(await client.send("GET", "h")).toBe(damaged);
  });
});
