import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCommand } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

/** Pieces of requests, whole and broken, which meet each other in any order. */
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(["PING"], ["ECHO", "x"], ["SET", "k", "v"], ["GET", "k"], ["GET"]).map(whole),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "PING\r\n",
      "ECHO 'a b'\n",
      'ECHO "a\r\n',
      "\r\n",
      "\n",
      " \r\n",
      "NOPE a\r\n",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "*1\r\n",
      "*2\r\n",
      "*0\r\n",
      "*-1\r\n",
      "*x\r\n",
      "*",
      "$4\r\n",
      "$0\r\n",
      "$-1\r\n",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "PING",
      "ECHO",
      "\r",
      "\n",
      "\r\n",
      "\0",
      "$",
      "4",
      "abc",
      ":1\r\n",
      "+OK\r\n",
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary-ascii", maxLength: 10 }) },
);
const stream = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

describe("random bytes, and the end of the stream", () => {
  const redis = useServer({ kind: "redis" });
  const tested = useServer();

  test("are answered as redis-server answers them", { timeout: 300_000 }, async () => {
    const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
    const numRuns = Number(process.env["COMPAT_RUNS"] ?? 300);
    console.log(`random bytes: COMPAT_SEED=${seed} COMPAT_RUNS=${numRuns}`);
    await fc.assert(
      fc.asyncProperty(stream, async (bytes) => {
        expect(await answers(tested, bytes)).toBe(await answers(redis, bytes));
      }),
      { seed, numRuns },
    );
  });
});

/** All that comes back when the client sends `bytes` and closes its side, as `printf … | nc` does. */
async function answers(server: TestServer, bytes: string): Promise<string> {
  await using client = await server.connect();
  client.write(bytes);
  client.endWrites();
  return (await client.readUntilClosed()).latin1Slice();
}

function whole(command: readonly string[]): string {
  return encodeCommand(command).latin1Slice();
}
