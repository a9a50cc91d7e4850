import { expect, test } from "vitest";
import { TestServer } from "../support/server.ts";

/** A log of any length is brought into LevelDB after this. */
const AT_THE_LATEST_MS = 5000;

test(
  "many short elements are brought into LevelDB before memory is full of them",
  { timeout: 60_000 },
  async () => {
    const args = ["--redo-log-size", "1mb"];
    await using server = new TestServer({ kind: "leveldis", variant: "normal", args });
    await server.start();
    await using client = await server.connect();
    const startedAt = Date.now();
    const elements = Array.from({ length: 500 }, (_, i) => `${i % 10}`);
    for (let i = 0; i < 200; i++) await client.send("RPUSH", "list", ...elements);
    const info = String(await client.send("INFO", "leveldb"));
    const rounds = Number(/redo_log_rounds:(\d+)/.exec(info)?.[1]);
    const byTime = Math.ceil((Date.now() - startedAt) / AT_THE_LATEST_MS);
    // About 27 bytes of the log for each element.
    const byLength = 3;
    expect(rounds).toBeGreaterThan(byTime + byLength);
    expect(await client.send("LLEN", "list")).toBe(100_000);
    expect(await client.send("LRANGE", "list", 49_999, 50_001)).toEqual(["9", "0", "1"]);
  },
);
