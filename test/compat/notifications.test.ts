import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { splitArgs } from "../../src/support/split-args.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";
import { type Event, EventListener } from "./event-listener.ts";
import { commandsOf } from "./grammar.ts";
import { showCommand } from "./pair.ts";
import { randomCommands } from "./random-commands.ts";

const args = ["--notify-keyspace-events", "AKEmn", "--enable-debug-command", "yes"];
const servers = [useServer({ kind: "redis", args }), useServer({ args })];
let clients: Client[] = [];
/** They say where the events of a command end: what sent it may be in a transaction. */
let markers: Client[] = [];
let listeners: EventListener[] = [];

beforeAll(async () => {
  clients = await Promise.all(servers.map((server) => server.connect()));
  markers = await Promise.all(servers.map((server) => server.connect()));
  listeners = await Promise.all(servers.map(async (server) => EventListener.start(await server.connect())));
});
afterAll(async () => {
  for (const client of [...clients, ...markers]) await client.close();
});

/** What both servers told of the commands, Redis first. */
async function eventsOf(commands: readonly (readonly string[])[]): Promise<[Event[], Event[]]> {
  const events = await Promise.all(
    clients.map(async (client, i) => {
      for (const command of commands) await client.sendRaw(...command);
      return listeners[i]!.eventsSoFar(markers[i]!);
    }),
  );
  return [events[0]!, events[1]!];
}

async function reset(): Promise<void> {
  await eventsOf([["FLUSHALL"], ["SELECT", "0"]]);
}

const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = Number(process.env["COMPAT_RUNS"] ?? 40);
const length = Number(process.env["COMPAT_LENGTH"] ?? 60);

/** What draws at random leaves different data behind. */
const DRAWS = /^(?:spop|randomkey|srandmember|hrandfield|zrandmember)$/i;
/** In what order SORT looks up its patterns is Redis' own affair. */
const UNORDERED = /^sort/i;
/** XREAD stops to look for keys where an id is wrong. */
const STOPS_LOOKING = /^xread/i;

function comparable([name]: readonly string[], events: readonly Event[]): string {
  const texts = events.map((event) => event.join(" "));
  if (STOPS_LOOKING.test(name!)) return texts.filter((text) => !text.includes("keymiss")).join("\n");
  return (UNORDERED.test(name!) ? texts.toSorted() : texts).join("\n");
}

console.log(`keyspace events: COMPAT_SEED=${seed} COMPAT_RUNS=${runs} COMPAT_LENGTH=${length}`);

describe.each(Object.keys(randomCommands))("events of random sequences of %s", (group) => {
  const own = randomCommands[group]!.map(commandsOf);
  const between = randomCommands["generic"]!.map(commandsOf);
  const command = fc
    .oneof({ weight: 6, arbitrary: fc.oneof(...own) }, { weight: 1, arbitrary: fc.oneof(...between) })
    .filter(([name]) => !DRAWS.test(name!));
  const sequence = fc.array(command, { maxLength: length, size: "max" });

  test("one by one", { timeout: 3_600_000 }, async () => {
    await check(sequence, async (commands) => {
      for (const words of commands) {
        const [redis, leveldis] = await eventsOf([words]);
        const [wanted, found] = [comparable(words, redis), comparable(words, leveldis)];
        if (wanted !== found)
          throw new Error(`${showCommand(words)}\nredis:\n${wanted}\nleveldis:\n${found}`);
      }
    });
  });

  test("in transactions", { timeout: 3_600_000 }, async () => {
    await check(sequence, async (commands) => {
      const calls = commands.filter(([name]) => !UNORDERED.test(name!) && !STOPS_LOOKING.test(name!));
      const [redis, leveldis] = await eventsOf([["MULTI"], ...calls, ["EXEC"]]);
      expect(leveldis).toEqual(redis);
    });
  });
});

async function check(
  sequences: fc.Arbitrary<string[][]>,
  compare: (commands: string[][]) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(sequences, async (commands) => {
    await reset();
    await compare(commands);
  });
  const result = await fc.check(property, { seed, numRuns: runs });
  if (!result.failed) return;
  const sequence = result.counterexample![0].map((words) => `  ${showCommand(words)}`).join("\n");
  throw new Error(`seed ${seed}:\n${sequence}\ndisagree at ${(result.errorInstance as Error).message}`);
}

/** Each line is a sequence on empty servers, whose events are compared. */
const SEQUENCES = [
  "SADD s a; SPOP s",
  "SADD s a b c; SPOP s 3",
  "SADD s a b c; SPOP s 5",
  "SADD s 1 2 3 4 5 6 7 8 9 10; SPOP s 9",
  "SADD s a b c d; SPOP s 1",
  "SADD s a; SADD t a; SMOVE s t a",
  "SADD s a; SMOVE s t a",
  "SADD s a b; SMOVE s s a; SMOVE s t x",
  "SET a 1; RENAME a b; RENAME b b; SET a 2; RENAME a b; RENAMENX b b; RENAMENX b c",
  "SET a 1; MOVE a 1; SET a 2; MOVE a 1",
  "SET a 1; COPY a b; COPY a b; COPY a b REPLACE; COPY none c; COPY a a DB 1",
  "SET a 1 PX 100000; SET a 1 EXAT 1; GET a",
  "SET a 1 GET; SET a 1 GET; SET a 1 NX; SET a 1 XX KEEPTTL",
  "GETSET a 1; GETDEL a; GETDEL a; GETEX a; SET a 1; GETEX a EX 100; GETEX a PERSIST; GETEX a PERSIST; GETEX a EXAT 1",
  "MSET a 1 b 2; MSETNX a 1 c 2; MSETNX c 1 d 2",
  "HSET h a 1; HDEL h b; HDEL h a; HDEL h a; HSETNX h a 1; HSETNX h a 2",
  "ZADD z 1 a; ZADD z 1 a; ZADD z XX 2 b; ZADD z INCR 1 a; ZINCRBY z 0 a; ZPOPMIN z; ZPOPMIN z",
  "ZADD z 1 a 2 b; ZPOPMAX z 5; ZADD z 1 a 2 b; ZMPOP 2 none z MIN COUNT 2; ZADD z 1 a; ZREMRANGEBYRANK z 0 -1",
  "ZADD z 1 a; ZREMRANGEBYSCORE z 5 6; ZREMRANGEBYSCORE z 1 1; ZADD z 1 a; ZREMRANGEBYLEX z - +",
  "SADD s a; SUNIONSTORE d s none; SINTERSTORE d s none; SINTERSTORE d s none; SDIFFSTORE d s; SDIFFSTORE s s s",
  "ZADD z 1 a; ZUNIONSTORE d 2 z none; ZINTERSTORE d 2 z none; ZDIFFSTORE d 1 z; ZRANGESTORE d z 5 6; ZRANGESTORE d none 0 1",
  "SADD s 1; SORT s STORE l; SORT none STORE l; SORT s BY w_* GET g_* GET #",
  "SET a 1; EXPIRE a 100; PERSIST a; PERSIST a; EXPIRE a -1; EXPIRE a 1",
  "SET a 1; TYPE a; TYPE b; EXISTS a b b; TOUCH a b; TTL b; PTTL b; OBJECT ENCODING b; OBJECT FREQ b; OBJECT REFCOUNT b",
  "MEMORY USAGE b; STRLEN b; GETRANGE b 0 1; MGET a b; HGETALL b; SCARD b; ZSCORE b a; ZCOUNT b 0 1; SINTERCARD 2 a b",
  "SET a 1; DEL a b; UNLINK a; SET a 1; UNLINK a; FLUSHDB; SWAPDB 0 1; FLUSHALL",
  "SUBSCRIBE; LCS a b; HRANDFIELD b; SRANDMEMBER b; ZRANDMEMBER b; SSCAN b 0; HSCAN b 0; ZSCAN b 0",
  "WATCH a; MULTI; SET a 1; GET b; PUBLISH __keyx 1; DEL a; EXEC",
  "SET a 1; MULTI; INCR a; LPUSH a 1; INCR a; EXEC",
  "BITCOUNT b; BITPOS b 1; GETBIT b 0; BITFIELD_RO b GET u8 0; PFCOUNT b c; GEOPOS b a; GEODIST b a c; XLEN b; XRANGE b - +; LRANGE b 0 1; LINDEX b 0; LLEN b; LPOS b a",
];

test.each(SEQUENCES)("%s", async (line) => {
  await reset();
  for (const text of line.split("; ")) {
    const [redis, leveldis] = await eventsOf([splitArgs(text)!]);
    expect(
      leveldis.map((event) => event.join(" ")),
      text,
    ).toEqual(redis.map((event) => event.join(" ")));
  }
});

/** A client waits, then another writes: both servers serve it, and tell of both. */
const WAITING = [
  ["BLPOP q 0", "LPUSH q a"],
  ["BLPOP q 0", "RPUSH q a b"],
  ["BRPOP q r 0", "MULTI; LPUSH r a; LPUSH q a b; EXEC"],
  ["BLMOVE q r LEFT RIGHT 0", "LPUSH q a"],
  ["BRPOPLPUSH q q 0", "LPUSH q a"],
  ["BLMPOP 0 2 q r LEFT COUNT 3", "RPUSH r a b"],
  ["BZPOPMIN z 0", "ZADD z 1 a"],
  ["BZPOPMAX z y 0", "ZADD y 1 a 2 b"],
  ["BZMPOP 0 1 z MIN COUNT 2", "ZADD z 1 a 2 b"],
  ["XREAD BLOCK 0 STREAMS x $", "XADD x 1-1 f v"],
  ["BLPOP q 0", "SADD s a; RENAME s q; DEL q; SADD t 1 2; SORT t STORE q"],
] as const;

test.each(WAITING)("%s, then %s", async (wait, text) => {
  await reset();
  const waiters = await Promise.all(servers.map((server) => server.connect()));
  const served = waiters.map((waiter) => waiter.sendRaw(...splitArgs(wait)!));
  for (const marker of markers) {
    while (!((await marker.send("INFO", "clients")) as string).includes("blocked_clients:1"))
      await nextTurn();
  }
  const [redis, leveldis] = await eventsOf(text.split("; ").map((words) => splitArgs(words)!));
  const replies = await Promise.all(served);
  for (const waiter of waiters) await waiter.close();
  expect(leveldis).toEqual(redis);
  expect(replies[1]!.latin1Slice()).toBe(replies[0]!.latin1Slice());
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Reads and writes of a key whose time is over, before anything else removes it. */
const AFTER_EXPIRY = [
  "GET k",
  "SET k 2",
  "SET k 2 NX",
  "SET k 2 GET",
  "INCR k",
  "SADD k a",
  "DEL k",
  "EXISTS k",
  "TYPE k",
  "TTL k",
  "EXPIRE k 10",
  "RENAME k l",
  "COPY k l",
  "MSET k 1 l 2",
  "MGET k k",
  "GETDEL k",
  "PERSIST k",
  "OBJECT ENCODING k",
];

test.each(AFTER_EXPIRY)("%s after its time", async (text) => {
  await reset();
  const setting = [
    ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
    ["SET", "k", "1", "PX", "1"],
  ];
  await eventsOf(setting);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const [redis, leveldis] = await eventsOf([splitArgs(text)!]);
  await eventsOf([["DEBUG", "SET-ACTIVE-EXPIRE", "1"]]);
  expect(leveldis).toEqual(redis);
});

test("a key that nobody asks for expires, is told of once, and is gone", async () => {
  await reset();
  await eventsOf([["SET", "k", "1", "PX", "30"]]);
  for (const [i, listener] of listeners.entries()) {
    expect(await listener.next()).toEqual(["__keyspace@0__:k", "expired"]);
    expect(await listener.next()).toEqual(["__keyevent@0__:expired", "k"]);
    expect(await clients[i]!.send("DBSIZE")).toBe(0);
    expect(await listener.eventsSoFar(markers[i]!)).toEqual([]);
  }
});

const CLASSES = ["KEA", "Kg", "E$", "KEx", "Kz", "Eh", "Ks", "KEm", "KEn", "K", "E", "A", "mn", "KEAmn", ""];

test.each(CLASSES)("only the classes that are wanted: '%s'", async (classes) => {
  await reset();
  await eventsOf([["CONFIG", "SET", "notify-keyspace-events", classes]]);
  const commands = "SET a 1; GET b; SADD s 1; SREM s 1; ZADD z 1 a; HSET h f v; EXPIRE a 100; DEL a";
  const [redis, leveldis] = await eventsOf(commands.split("; ").map((text) => text.split(" ")));
  expect(leveldis).toEqual(redis);
  const shown = await Promise.all(
    clients.map((client) => client.send("CONFIG", "GET", "notify-keyspace-events")),
  );
  expect(shown[1]).toEqual(shown[0]);
  await eventsOf([["CONFIG", "SET", "notify-keyspace-events", "AKEmn"]]);
});
