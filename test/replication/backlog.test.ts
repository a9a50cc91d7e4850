import { readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { TestServer } from "../support/server.ts";
import { RawReplica } from "./raw-replica.ts";
import { info, startServer } from "./servers.ts";

// Servers are started many times, which takes long where much else goes on.
vi.setConfig({ testTimeout: 60_000 });

/** The stream of changes outlasts the process: replicas go on where they were. */

describe("after a restart", () => {
  let server: TestServer;
  beforeAll(async () => {
    // Nothing is added to the stream but what the tests write.
    server = await startServer("leveldis", [
      ...["--repl-backlog-size", "64kb"],
      ...["--repl-ping-replica-period", "3600"],
    ]);
  }, 60_000);
  afterAll(() => server.close());

  const filesOf = (): string[] => {
    const folder = join(server.dir, "replication");
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  };

  /** A replica that has everything that was written, and is gone. */
  async function written(
    from: number,
    to: number,
  ): Promise<{ readonly id: string; readonly offset: number }> {
    const client = await server.connect();
    const replica = await RawReplica.open(server.port);
    for (let i = from; i <= to; i++) await client.send("SET", "k", `${i} ${"x".repeat(2000)}`);
    await replica.until((command) => command[2]?.startsWith(`${to} `) === true);
    const { id, offset } = replica;
    await replica.close();
    await client.close();
    return { id, offset };
  }

  const ask = ({ id, offset }: { readonly id: string; readonly offset: number }): Promise<RawReplica> =>
    RawReplica.open(server.port, { sync: ["PSYNC", id, String(offset + 1)] });

  test("in order, a replica goes on in the same history", async () => {
    const before = await written(1, 5);
    const client = await server.connect();
    await client.send("SET", "k", "last");
    await client.close();
    await server.restart();
    const replica = await ask(before);
    expect(replica.answer).toBe(`CONTINUE ${before.id}`);
    await replica.until((command) => command[2] === "last");
    await replica.close();
  });

  test("after a crash, it goes on, and in a new history from there", async () => {
    const before = await written(1, 5);
    const client = await server.connect();
    await client.send("SET", "k", "last");
    await client.close();
    await server.crashAndRestart();
    const replica = await ask(before);
    expect(replica.answer).toMatch(/^CONTINUE [0-9a-f]{40}$/);
    expect(replica.answer).not.toBe(`CONTINUE ${before.id}`);
    await replica.until((command) => command[2] === "last");
    const other = await server.connect();
    expect((await info(other))["master_replid2"]).toBe(before.id);
    await other.send("SET", "k", "new");
    await replica.until((command) => command[2] === "new");
    await replica.close();
    await other.close();
  });

  test("what is kept is bounded, and less of it after a smaller size", async () => {
    await written(1, 200);
    const bytes = (): number => filesOf().reduce((sum, path) => sum + statSync(path).size, 0);
    expect(bytes()).toBeGreaterThan(64 << 10);
    expect(bytes()).toBeLessThan(300 << 10);
    const client = await server.connect();
    const { repl_backlog_histlen: kept } = await info(client);
    expect(Number(kept)).toBeLessThan(200 << 10);
    await client.close();
  });

  describe.each([
    {
      damage: "the last file is cut",
      make: (path: string) => truncateSync(path, endOf(readFileSync(path)) - 1),
    },
    {
      damage: "a byte of the last piece is another",
      make: (path: string) => {
        const bytes = readFileSync(path);
        bytes[endOf(bytes) - 3]! ^= 1;
        writeFileSync(path, bytes);
      },
    },
  ])("when $damage", ({ make }) => {
    test("a replica gets all the data, and one that has it goes on", async () => {
      const before = await written(1, 5);
      const all = await written(6, 7);
      await server.crash();
      make(filesOf().at(-1)!);
      await server.start();
      const whole = await ask(all);
      expect(whole.answer).toMatch(/^CONTINUE /);
      await whole.close();
      const replica = await ask(before);
      expect(replica.answer).toMatch(/^FULLRESYNC /);
      await replica.close();
      // What comes then is kept again.
      const next = await written(8, 9);
      await server.crashAndRestart();
      const again = await ask(next);
      expect(again.answer).toMatch(/^CONTINUE /);
      await again.close();
    });
  });

  test("damage in what came before leaves what came behind it", async () => {
    const early = await written(1, 2);
    const late = await written(3, 100);
    await server.crash();
    const [first] = filesOf();
    const bytes = readFileSync(first!);
    bytes[30]! ^= 1;
    writeFileSync(first!, bytes);
    await server.start();
    const replica = await ask(late);
    expect(replica.answer).toMatch(/^CONTINUE /);
    await replica.close();
    const other = await ask(early);
    expect(other.answer).toMatch(/^FULLRESYNC /);
    await other.close();
  });

  test("of a copy by BACKUP, replicas get all the data", async () => {
    const before = await written(1, 3);
    await written(4, 5);
    const client = await server.connect();
    const to = `${server.dir}-copy`;
    expect(await client.send("BACKUP", to)).not.toBeInstanceOf(Error);
    expect(readdirSync(to)).not.toContain("replication");
    await client.close();
    const copy = await startServer("leveldis", [], { dir: to });
    try {
      const replica = await RawReplica.open(copy.port, {
        sync: ["PSYNC", before.id, String(before.offset + 1)],
      });
      expect(replica.answer).toMatch(/^FULLRESYNC /);
      await replica.close();
    } finally {
      await copy.close();
      await rm(to, { recursive: true, force: true });
    }
  });
});

/** Where the last piece of a file ends: behind it may be what the file held before. */
function endOf(file: Buffer): number {
  const HEADER_BYTES = 20;
  let at = 0;
  let position = file.readBigUInt64BE(4);
  while (at + HEADER_BYTES <= file.length && file.readBigUInt64BE(at + 4) === position) {
    const length = file.readUInt32BE(at + 12);
    position += BigInt(length);
    at += HEADER_BYTES + length;
  }
  return at;
}

test("a replica goes on behind a restart when nothing was ever written", async () => {
  const server = await startServer("leveldis", ["--repl-ping-replica-period", "3600"]);
  try {
    const first = await RawReplica.open(server.port, { ackMs: 0 });
    const { id, offset } = first;
    await first.close();
    expect(offset).toBe(0);
    await server.restart();
    const replica = await RawReplica.open(server.port, { sync: ["PSYNC", id, "1"] });
    expect(replica.answer).toBe(`CONTINUE ${id}`);
    const client = await server.connect();
    await client.send("SET", "k", "1");
    await replica.until(([name]) => name === "SET");
    await client.close();
    await replica.close();
  } finally {
    await server.close();
  }
});
