import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Client } from "../support/client.ts";
import type { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { QUICK, until } from "./followers.ts";
import { info, startRealReplica, untilInSync } from "./servers.ts";

/** leveldis as the master of a real redis-server. */

const FUNCTION = "#!lua name=mine\nredis.register_function('f', function() return 1 end)";

/** A value of each type, small and large. */
async function fill(client: Client): Promise<void> {
  const numbers = Array.from({ length: 700 }, (_, i) => String(i));
  await client.pipeline([
    ["MSET", "string", "value", "number", "12", "empty", ""],
    ["SETRANGE", "long", "300000", "end"],
    ["SET", "expiring", "1", "EX", "10000"],
    ["RPUSH", "list", ...numbers],
    ["HSET", "hash", "a", "1", "b", "2"],
    ["HSET", "large hash", ...numbers],
    ["SADD", "integers", ...numbers],
    ["SADD", "set", "a", "b", "\0\xff"],
    ["ZADD", "zset", "1.5", "a", "-inf", "b"],
    ["ZADD", "large zset", ...numbers.flatMap((n) => [n, `member ${n}`])],
    ["XADD", "stream", "1-1", "field", "value"],
    ["XADD", "stream", "1-2", "field", "value"],
    ["XGROUP", "CREATE", "stream", "group", "0"],
    ["XREADGROUP", "GROUP", "group", "consumer", "COUNT", "1", "STREAMS", "stream", ">"],
    ["PFADD", "hll", ...numbers],
    ["FUNCTION", "LOAD", "REPLACE", FUNCTION],
    ["SELECT", "5"],
    ["SET", "elsewhere", "1"],
    ["SELECT", "0"],
  ]);
}

describe.each([
  { how: "as it is read", args: [] },
  { how: "by a file", args: ["--repl-diskless-sync", "no"] },
])("all the data goes to a real replica $how", ({ args }) => {
  const server = useServer({ kind: "leveldis", args: [...QUICK, ...args] });

  test("while clients write", async () => {
    const master = await server.connect();
    await fill(master);
    const writer = await server.connect();
    let isWriting = true;
    let written = 0;
    const writing = (async () => {
      for (; isWriting; written++) {
        await writer.pipeline([
          ["INCR", "counter"],
          ["MULTI"],
          ["RPUSH", "list", "x"],
          ["LPOP", "list"],
          ["EXEC"],
          ["SELECT", String(written % 3)],
        ]);
        // Not so much that the data can hardly be read beside it.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await until("something is written", async () => written > 20);
    const replicaServer: TestServer = await startRealReplica(server.port);
    try {
      const replica = await replicaServer.connect();
      await until("the link is up", async () => (await info(replica))["master_link_status"] === "up");
      const before = written;
      await until("more is written", async () => written > before + 20);
      isWriting = false;
      await writing;
      await untilInSync(master, replica);
      expect(await replica.send("DEBUG", "DIGEST")).toBe(await master.send("DEBUG", "DIGEST"));
      expect(await replica.send("DBSIZE")).toBe(await master.send("DBSIZE"));
      expect(await replica.send("FUNCTION", "LIST", "WITHCODE")).toEqual(
        await master.send("FUNCTION", "LIST", "WITHCODE"),
      );
      const isLeft = (): boolean => readdirSync(server.dir).some((name) => name.endsWith(".rdb"));
      await until("no file is left behind", async () => !isLeft());
      await replica.close();
    } finally {
      isWriting = false;
      await writing;
      await replicaServer.close();
      await Promise.all([master.close(), writer.close()]);
    }
  }, 60_000);
});
