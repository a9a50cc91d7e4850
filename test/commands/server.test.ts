import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { REDIS_VERSION, VERSION } from "../../src/support/version.ts";
import type { Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { variant } from "../support/variant.ts";

const VALUE = "x".repeat(10_000);
const server = useServer({ args: ["--enable-debug-command", "yes"] });
let client: Client;

beforeAll(async () => {
  client = await server.connect();
});
afterAll(() => client.close());
beforeEach(async () => {
  await client.send("FLUSHALL");
});

type Info = Readonly<Record<string, string>>;

/** The fields of INFO; a section's title is not one of them. */
async function info(...sections: string[]): Promise<Info> {
  return fields((await client.send("INFO", ...sections)) as string);
}

function fields(text: string): Info {
  const lines = text.split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

async function titles(...sections: string[]): Promise<string[]> {
  const text = (await client.send("INFO", ...sections)) as string;
  return [...text.matchAll(/^# (.*)\r$/gm)].map((match) => match[1]!);
}

describe("INFO, its sections", () => {
  const DEFAULT = [
    "Server",
    "Clients",
    "Memory",
    "Persistence",
    "Stats",
    "Replication",
    "CPU",
    "Modules",
    "Errorstats",
    "Cluster",
    "Keyspace",
    "Leveldb",
  ];
  const ALL = [
    "Server",
    "Clients",
    "Memory",
    "Persistence",
    "Stats",
    "Replication",
    "CPU",
    "Modules",
    "Commandstats",
    "Errorstats",
    "Latencystats",
    "Cluster",
    "Keyspace",
    "Leveldb",
  ];

  test("those that are shown", async () => {
    expect(await titles()).toEqual(DEFAULT);
    expect(await titles("default")).toEqual(DEFAULT);
    expect(await titles("ALL")).toEqual(ALL);
    expect(await titles("everything")).toEqual(ALL);
    expect(await titles("keyspace", "Server", "server")).toEqual(["Server", "Keyspace"]);
    expect(await titles("default", "commandstats")).toEqual(ALL.filter((title) => title !== "Latencystats"));
    expect(await titles("module_list")).toEqual(["Modules"]);
    expect(await titles("nonsense", "cpu")).toEqual(["CPU"]);
    expect(await client.send("INFO", "nonsense")).toBe("");
  });

  test("one bulk string in RESP2, a text in RESP3, lines as Redis ends them", async () => {
    expect((await client.sendRaw("INFO", "cluster")).latin1Slice()).toBe(
      "$30\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n",
    );
    const client3 = await server.connect3();
    expect((await client3.sendRaw("INFO", "cluster")).latin1Slice()).toBe(
      "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n",
    );
    await client3.close();
    expect(await client.send("INFO", "modules", "cluster")).toBe(
      "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n",
    );
  });
});

describe("INFO, what clients look for", () => {
  test("ioredis: it is not loading", async () => {
    expect((await info())["loading"]).toBe("0");
  });

  test("BullMQ and Sidekiq: version and policy", async () => {
    const all = await info();
    expect(all["redis_version"]).toBe(REDIS_VERSION);
    expect(all["leveldis_version"]).toBe(VERSION);
    expect(all["maxmemory_policy"]).toBe("noeviction");
  });

  test("StackExchange.Redis: INFO replication and INFO server", async () => {
    expect((await info("replication"))["role"]).toBe("master");
    const { redis_mode, run_id, process_id, tcp_port } = await info("server");
    expect(redis_mode).toBe("standalone");
    expect(run_id).toMatch(/^[0-9a-f]{40}$/);
    expect(Number(process_id)).toBe(server.pid);
    expect(Number(tcp_port)).toBe(server.port);
  });

  test("redis_exporter and RedisInsight: the fields of their boards", async () => {
    const all = await info("all");
    const names = [
      "uptime_in_seconds",
      "os",
      "connected_clients",
      "blocked_clients",
      "client_recent_max_input_buffer",
      "client_recent_max_output_buffer",
      "maxclients",
      "used_memory",
      "used_memory_rss",
      "used_memory_peak",
      "maxmemory",
      "total_system_memory",
      "mem_fragmentation_ratio",
      "rdb_changes_since_last_save",
      "rdb_bgsave_in_progress",
      "rdb_last_save_time",
      "rdb_last_bgsave_status",
      "aof_enabled",
      "aof_rewrite_in_progress",
      "aof_last_write_status",
      "total_connections_received",
      "total_commands_processed",
      "instantaneous_ops_per_sec",
      "total_net_input_bytes",
      "total_net_output_bytes",
      "instantaneous_input_kbps",
      "instantaneous_output_kbps",
      "rejected_connections",
      "expired_keys",
      "evicted_keys",
      "keyspace_hits",
      "keyspace_misses",
      "pubsub_channels",
      "pubsub_patterns",
      "latest_fork_usec",
      "connected_slaves",
      "master_repl_offset",
      "used_cpu_sys",
      "used_cpu_user",
      "cluster_enabled",
      "lazyfree_pending_objects",
    ];
    expect(names.filter((name) => all[name] === undefined)).toEqual([]);
    for (const name of names.filter(
      (each) => !["os", "rdb_last_bgsave_status", "aof_last_write_status"].includes(each),
    )) {
      expect(Number(all[name]), name).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("INFO, true values", () => {
  test("clients", async () => {
    const before = Number((await info("clients"))["connected_clients"]);
    const second = await server.connect();
    await second.send("PING");
    expect(Number((await info("clients"))["connected_clients"])).toBe(before + 1);
    await second.close();
    await vi.waitFor(async () => expect(Number((await info("clients"))["connected_clients"])).toBe(before));
  });

  test("keyspace: only databases that have keys", async () => {
    await client.send("SET", "a", "1");
    await client.send("SET", "b", "1", "EX", "100");
    await client.send("SELECT", "3");
    await client.send("SET", "c", "1");
    await client.send("SELECT", "0");
    expect(await info("keyspace")).toEqual({
      db0: expect.stringMatching(/^keys=2,expires=1,avg_ttl=\d+$/),
      db3: "keys=1,expires=0,avg_ttl=0",
    });
    await client.send("FLUSHALL");
    expect(await info("keyspace")).toEqual({});
  });

  test("stats: commands, hits, misses, errors, changes, expired keys", async () => {
    const before = await info("all");
    await client.send("SET", "a", "1");
    await client.send("GET", "a");
    await client.send("GET", "nothing");
    await client.send("NOSUCH");
    await client.send("LLEN");
    await client.send("SET", "gone", "1", "PX", "1");
    await vi.waitFor(async () =>
      expect(Number((await info("stats"))["expired_keys"])).toBeGreaterThan(Number(before["expired_keys"])),
    );
    const after = await info("all");
    const grown = (name: string): number => Number(after[name]) - Number(before[name]);
    expect(grown("keyspace_hits")).toBe(1);
    expect(grown("keyspace_misses")).toBe(1);
    expect(grown("expired_keys")).toBe(1);
    expect(grown("total_error_replies")).toBe(2);
    expect(grown("rdb_changes_since_last_save")).toBeGreaterThanOrEqual(2);
    expect(grown("total_commands_processed")).toBeGreaterThanOrEqual(5);
    expect(grown("total_net_input_bytes")).toBeGreaterThan(100);
    expect(grown("total_net_output_bytes")).toBeGreaterThan(1000);
    expect(after["errorstat_ERR"]).toMatch(/^count=\d+$/);
  });

  test("commandstats: calls, rejected and failed ones", async () => {
    const second = await server.connect();
    const count = async (): Promise<number[]> => {
      const text =
        (await info("commandstats"))["cmdstat_getrange"] ??
        "calls=0,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=0";
      const match =
        /^calls=(\d+),usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=(\d+),failed_calls=(\d+)$/.exec(text);
      return match!.slice(1).map(Number);
    };
    const [calls, rejected, failed] = await count();
    await second.send("GETRANGE", "a", "0", "1");
    await second.send("GETRANGE", "a", "x", "1");
    await second.send("GETRANGE", "a");
    expect(await count()).toEqual([calls! + 2, rejected! + 1, failed! + 1]);
    expect((await info("commandstats"))["cmdstat_client|id"]).toBeUndefined();
    await second.send("CLIENT", "ID");
    expect((await info("commandstats"))["cmdstat_client|id"]).toMatch(/^calls=1,/);
    await second.close();
  });

  test("latencystats: percentiles that a slow command shows in", async () => {
    await client.send("DEBUG", "SLEEP", "0.05");
    const text = (await info("latencystats"))["latency_percentiles_usec_debug"]!;
    expect(text).toMatch(/^p50=[\d.]+,p99=[\d.]+,p99\.9=[\d.]+$/);
    expect(Number(/p99\.9=(.*)/.exec(text)![1])).toBeGreaterThanOrEqual(50_000);
    expect(Number(/p99\.9=(.*)/.exec(text)![1])).toBeLessThan(1_000_000);
  });

  test("leveldb: commits, reads, the record cache", async () => {
    const before = await info("leveldb");
    await client.send("SET", "a", "x".repeat(1000));
    const after = await info("leveldb");
    expect(Number(after["commit_batches"])).toBeGreaterThan(Number(before["commit_batches"]));
    expect(Number(after["record_cache_used"])).toBeGreaterThanOrEqual(
      Number(before["record_cache_used"]) + 1000,
    );
    expect(Number(after["record_cache_size"])).toBe(256 * 1024 * 1024);
    if (variant === "memory") expect(after["leveldb_files"]).toBeUndefined();
    else expect(Number(after["leveldb_files"])).toBeGreaterThanOrEqual(0);
  });

  // What waits for the disk is bounded by this.
  test.each<[string, string[][]]>([
    ["a command", [["SET", "waiting:a", VALUE]]],
    ["a transaction", [["MULTI"], ["SET", "waiting:b", VALUE], ["EXEC"]]],
    ["a script", [["EVAL", `redis.call('SET', KEYS[1], ('x'):rep(${VALUE.length}))`, "1", "waiting:c"]]],
  ])("leveldb: the bytes that %s wrote wait for the disk", async (_who, commands) => {
    // What waits already would go some time.
    await client.send("DEBUG", "LOADAOF");
    const replies = await client.pipeline([...commands, ["INFO", "leveldb"]]);
    const waiting = Number(/^commit_backlog_bytes:(\d+)/m.exec(String(replies.at(-1)))![1]);
    expect(waiting).toBeGreaterThanOrEqual(VALUE.length);
    expect(waiting).toBeLessThan(VALUE.length * 1.1);
  });

  test("leveldb: what is deleted goes through the collector", async () => {
    const before = Number((await info("leveldb"))["collector_deleted_entries"]);
    const members = Array.from({ length: 1000 }, (_, i) => `member ${i}`);
    await client.send("SADD", "big", ...members);
    // What never gets into LevelDB needs no collector.
    await client.send("DEBUG", "LOADAOF");
    await client.send("DEL", "big");
    await vi.waitFor(
      async () =>
        expect(Number((await info("leveldb"))["collector_deleted_entries"])).toBeGreaterThanOrEqual(
          before + 1000,
        ),
      { timeout: 10_000 },
    );
    expect((await info("memory"))["lazyfree_pending_objects"]).toBe("0");
  });
});

describe("TIME, ROLE, LOLWUT, MODULE", () => {
  test("TIME is the time, in order", async () => {
    const times = await Promise.all(Array.from({ length: 50 }, () => client.send("TIME")));
    const us = (times as [string, string][]).map(([s, rest]) => Number(s) * 1e6 + Number(rest));
    expect(Math.abs(us[0]! / 1000 - Date.now())).toBeLessThan(2000);
    expect(us.toSorted((a, b) => a - b)).toEqual(us);
  });

  test("ROLE", async () => {
    expect(await client.send("ROLE")).toEqual(["master", 0, []]);
  });

  test("LOLWUT draws, and says which Redis it is", async () => {
    expect(await client.send("LOLWUT")).toBe(`Redis ver. ${REDIS_VERSION}\n`);
    const drawn = Buffer.from(
      (await client.send("LOLWUT", "VERSION", "5", "30", "6")) as string,
      "latin1",
    ).toString("utf8");
    const lines = drawn.split("\n");
    expect(lines.slice(0, 6).map((line) => [...line].length)).toEqual(Array(6).fill(30));
    expect(drawn).toMatch(/[▁-█]/);
    expect(drawn.endsWith(`Redis ver. ${REDIS_VERSION}\n`)).toBe(true);
  });

  test("there are no modules", async () => {
    expect(await client.send("MODULE", "LIST")).toEqual([]);
    expect(await client.send("MODULE", "LOAD", "/x.so")).toEqual(
      error(
        'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from ' +
          "a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
      ),
    );
  });
});

describe("DEBUG", () => {
  test("SLEEP holds everybody", async () => {
    const second = await server.connect();
    const slept = client.send("DEBUG", "SLEEP", "0.3");
    await wait(20);
    const startedMs = performance.now();
    await second.send("PING");
    expect(performance.now() - startedMs).toBeGreaterThan(150);
    expect(await slept).toBe("OK");
    await second.close();
  });

  test("SET-ACTIVE-EXPIRE 0 leaves expired keys until somebody asks", async () => {
    expect(await client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0")).toBe("OK");
    await client.send("SET", "a", "1", "PX", "1");
    await wait(200);
    expect(await client.send("DBSIZE")).toBe(1);
    expect(await client.send("GET", "a")).toBeNull();
    expect(await client.send("DBSIZE")).toBe(0);
    await client.send("SET", "a", "1", "PX", "1");
    expect(await client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1")).toBe("OK");
    await vi.waitFor(async () => expect(await client.send("DBSIZE")).toBe(0));
  });

  test("keys of a flushed database do not stand in the way of those that expire", async () => {
    const slow = new TestServer({ args: ["--gc-interval", "1000000", "--enable-debug-command", "yes"] });
    await slow.start();
    const other = await slow.connect();
    await other.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    await other.pipeline(Array.from({ length: 2000 }, (_, i) => ["SET", `old ${i}`, "v", "PX", "1"]));
    await other.send("FLUSHALL");
    await other.send("SET", "new", "v", "PX", "50");
    expect(await other.send("DBSIZE")).toBe(1);
    await other.send("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    await vi.waitFor(async () => expect(await other.send("DBSIZE")).toBe(0), { timeout: 3000 });
    await other.close();
    await slow.close();
  });

  test("OBJECT says where a value is: the same place after it changed", async () => {
    const place = async (): Promise<string> =>
      ((await client.send("DEBUG", "OBJECT", "n")) as string).split(" ")[1]!;
    await client.send("SET", "n", "20000");
    const first = await place();
    expect(first).toMatch(/^at:0x[0-9a-f]+$/);
    await client.send("INCR", "n");
    expect(await place()).toBe(first);
    expect(await client.send("DEBUG", "OBJECT", "n")).toMatch(
      / refcount:1 encoding:int serializedlength:7 lru:\d+ lru_seconds_idle:0$/,
    );
  });

  test("RELOAD and LOADAOF: the data is read from disk again", async () => {
    await client.send("SET", "a", "1", "EX", "100");
    await client.send("HSET", "h", "f", "v");
    await client.send("SADD", "s", ...Array.from({ length: 600 }, (_, i) => i));
    await client.send("ZADD", "z", "1.5", "m");
    for (const name of ["RELOAD", "LOADAOF"]) {
      expect(await client.send("DEBUG", name)).toBe("OK");
      expect((await info("leveldb"))["record_cache_records"]).toBe("0");
      expect(await client.send("GET", "a")).toBe("1");
      expect(Number(await client.send("TTL", "a"))).toBeGreaterThan(80);
      expect(await client.send("HGET", "h", "f")).toBe("v");
      expect(await client.send("SCARD", "s")).toBe(600);
      expect(await client.send("ZSCORE", "z", "m")).toBe("1.5");
      expect(await client.send("DBSIZE")).toBe(4);
    }
  });

  test("POPULATE keeps what is there", async () => {
    await client.send("SET", "key:1", "mine");
    expect(await client.send("DEBUG", "POPULATE", "3")).toBe("OK");
    expect(await client.send("MGET", "key:0", "key:1", "key:2")).toEqual(["value:0", "mine", "value:2"]);
    await client.send("DEBUG", "POPULATE", "1", "p", "10");
    expect(await client.send("GET", "p:0")).toBe("value:0\0\0\0");
  });

  test("LOG writes a line", async () => {
    expect(await client.send("DEBUG", "LOG", "a word from the client")).toBe("OK");
    await vi.waitFor(() => expect(server.log).toContain("DEBUG LOG: a word from the client"));
  });

  test("what there is nothing to do with says why", async () => {
    expect(await client.send("DEBUG", "JMAP")).toEqual(
      error("ERR DEBUG JMAP is not supported: there is no heap dump"),
    );
  });
});

describe("protected commands", () => {
  const REFUSED =
    'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a ' +
    "local connection, otherwise you need to set this option in the configuration file, and then restart the server.";

  test("DEBUG is refused unless enabled, before the password is asked for", async () => {
    const closed = new TestServer({ args: ["--requirepass", "secret"] });
    await closed.start();
    const other = await closed.connect();
    expect(await other.send("DEBUG", "SLEEP", "0")).toEqual(error(REFUSED));
    expect(await other.send("DEBUG")).toEqual(error("ERR wrong number of arguments for 'debug' command"));
    await other.close();
    await closed.close();
  });

  test("local: from this machine", async () => {
    const local = new TestServer({
      args: ["--enable-debug-command", "local", "--enable-module-command", "local"],
    });
    await local.start();
    const other = await local.connect();
    expect(await other.send("DEBUG", "SLEEP", "0")).toBe("OK");
    expect(await other.send("MODULE", "LOAD", "/x.so")).toEqual(
      error("ERR Error loading the extension. Please check the server logs."),
    );
    await other.close();
    await local.close();
  });
});

describe("SHUTDOWN", () => {
  test.each([[], ["NOSAVE"], ["NOW", "FORCE"]])(
    "stops in order, with nothing lost: %j",
    async (...options) => {
      const stopping = new TestServer();
      await stopping.start();
      const other = await stopping.connect();
      await other.send("SET", "a", "1");
      other.write(`SHUTDOWN ${options.join(" ")}\r\n`);
      expect(await other.readUntilClosed()).toEqual(Buffer.alloc(0));
      expect(await stopping.exited()).toEqual({ code: 0, signal: null });
      await other.close();
      if (variant !== "memory") {
        await stopping.start();
        const again = await stopping.connect();
        expect(await again.send("GET", "a")).toBe("1");
        await again.close();
      }
      await stopping.close();
    },
  );
});
