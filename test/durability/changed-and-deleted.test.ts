import { expect, test } from "vitest";
import { runCheck } from "../support/run-check.ts";
import { TestServer } from "../support/server.ts";

/**
 * What is in LevelDB, is changed and deleted, in whatever turns, before any of that has got there: it must be deleted
 * there. Nobody would notice as long as it is in memory.
 */

interface Case {
  readonly made: string;
  /** All at once. */
  readonly changes: readonly string[];
  readonly look: string;
  readonly left: unknown;
}

const cases: Readonly<Record<string, Case>> = {
  hash: {
    made: "HSET hash a 1 b 1 c 1",
    changes: ["HSET hash a 2", "HDEL hash a", "HDEL hash b", "HSET hash b 3", "HDEL hash b"],
    look: "HGETALL hash",
    left: ["c", "1"],
  },
  set: {
    made: "SADD set a b c",
    changes: ["SADD set a", "SREM set a", "SREM set b", "SADD set b", "SREM set b"],
    look: "SMEMBERS set",
    left: ["c"],
  },
  "sorted set": {
    made: "ZADD zset 1 a 1 b 1 c 0 d",
    changes: [
      ...["ZADD zset 2 a", "ZADD zset 1 a", "ZREM zset a"],
      ...["ZREM zset b", "ZADD zset 1 b", "ZPOPMAX zset 2", "ZADD zset 1 c"],
      ...["ZADD zset -0.0 d", "ZADD zset 0 d", "ZREM zset d"],
    ],
    look: "ZRANGE zset 0 -1 WITHSCORES",
    left: ["c", "1"],
  },
  list: {
    made: "RPUSH list a b c d",
    changes: [
      ...["LSET list 0 x", "LPOP list", "LPUSH list y", "LPOP list"],
      ...["LINSERT list BEFORE c z", "LREM list 1 z", "RPOP list", "RPUSH list e", "RPOP list"],
    ],
    look: "LRANGE list 0 -1",
    left: ["b", "c"],
  },
  stream: {
    made: "XADD stream 1-1 f v",
    changes: ["XADD stream 2-1 f v", "XDEL stream 1-1", "XADD stream 3-1 f v", "XDEL stream 2-1"],
    look: "XRANGE stream - +",
    left: [["3-1", ["f", "v"]]],
  },
  string: {
    made: "MSET string:a 1 string:b 1 string:c 1",
    changes: ["SET string:a 2", "DEL string:a", "DEL string:b", "SET string:b 3 EX 1000", "DEL string:b"],
    look: "MGET string:a string:b string:c",
    left: [null, null, "1"],
  },
  expiry: {
    made: "SET expiring 1 PXAT 9999999999999",
    changes: ["PEXPIREAT expiring 9999999999998", "PEXPIREAT expiring 9999999999999", "PERSIST expiring"],
    look: "PTTL expiring",
    left: -1,
  },
};

test.each([
  ["in one batch", true],
  ["in one batch each", false],
])("is deleted in LevelDB: %s", { timeout: 60_000 }, async (_, areTogether) => {
  // So much that nothing is brought there before the end.
  const args = ["--redo-log-size", "16mb"];
  await using server = new TestServer({ kind: "leveldis", variant: "unpacked", args });
  await server.start();
  const send = async (commands: readonly string[]): Promise<unknown[]> => {
    await using client = await server.connect();
    const replies = await client.pipeline(commands.map((command) => command.split(" ")));
    expect(replies.filter((reply) => reply instanceof Error)).toEqual([]);
    return replies;
  };
  await send(Object.values(cases).map(({ made }) => made));
  // All of it reaches LevelDB, memory forgets it.
  await server.restart();
  const changes = Object.values(cases).flatMap((one) => one.changes);
  if (areTogether) await send(changes);
  else for (const change of changes) await send([change]);
  await server.restart();
  const left = await send(Object.values(cases).map(({ look }) => look));
  expect(left).toEqual(Object.values(cases).map((one) => one.left));
  await server.stop();
  expect(await runCheck(server.dir)).toMatchObject({ code: 0 });
});
