import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Argument, Client } from "../support/client.ts";
import { type Exact, exact } from "../support/exact.ts";
import { useServer } from "../support/use-server.ts";

/** What is asked again and again of collections is answered from what is kept, until they change: in whatever way. */
const servers = [useServer({ kind: "redis" }), useServer({ kind: "leveldis" })];
let clients: Client[] = [];

const seed = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const random = new Random(seed);
console.log(`repeated reads: TEST_SEED=${seed}`);

type Command = readonly Argument[];

const KEYS = ["one", "two"];
const key = (): string => KEYS[random.below(KEYS.length)]!;
const name = (): string => `name ${random.below(30)}`;

const READS: readonly (() => Command)[] = [
  () => ["HGETALL", `${key()}:hash`],
  () => ["HKEYS", `${key()}:hash`],
  () => ["HVALS", `${key()}:hash`],
  () => ["SMEMBERS", `${key()}:set`],
  () => ["LRANGE", `${key()}:list`, random.below(2), -1],
  () => ["ZRANGE", `${key()}:zset`, 0, 20, "WITHSCORES"],
  () => ["ZREVRANGE", `${key()}:zset`, 0, -1],
  () => ["ZRANGEBYSCORE", `${key()}:zset`, 2, "+inf", "LIMIT", 0, 15],
];

const WRITES: readonly (() => Command)[] = [
  () => ["HSET", `${key()}:hash`, name(), random.below(1000)],
  () => ["HDEL", `${key()}:hash`, name()],
  () => ["HINCRBY", `${key()}:hash`, "count", 1],
  () => ["SADD", `${key()}:set`, random.below(30)],
  () => ["SREM", `${key()}:set`, random.below(30)],
  () => ["SMOVE", "one:set", "two:set", random.below(30)],
  () => ["RPUSH", `${key()}:list`, random.below(1000)],
  () => ["LPOP", `${key()}:list`],
  () => ["LSET", `${key()}:list`, 3, random.below(1000)],
  () => ["LTRIM", `${key()}:list`, 1, 40],
  () => ["LMOVE", "one:list", "two:list", "LEFT", "RIGHT"],
  () => ["ZADD", `${key()}:zset`, random.below(30), name()],
  () => ["ZINCRBY", `${key()}:zset`, 1, name()],
  () => ["ZPOPMIN", `${key()}:zset`],
];

const TYPES = ["hash", "set", "list", "zset"];
const anyKey = (): string => `${key()}:${TYPES[random.below(TYPES.length)]}`;

/** Keys that become others, or go. */
const MOVES: readonly (() => Command)[] = [
  () => ["COPY", "one:hash", "two:hash", "REPLACE"],
  () => ["COPY", "two:list", "one:list", "REPLACE"],
  () => ["RENAME", "one:zset", "two:zset"],
  () => ["DEL", anyKey()],
  () => ["SUNIONSTORE", "two:set", "one:set", "two:set"],
  () => ["ZUNIONSTORE", "one:zset", 2, "one:zset", "two:zset"],
  () => ["SORT", "one:list", "STORE", "two:list"],
  () => ["PEXPIREAT", anyKey(), 1],
  () => [
    "EVAL",
    "redis.call('DEL', KEYS[1]) redis.call('RPUSH', KEYS[1], 'x', unpack(ARGV))",
    1,
    "one:list",
    ...names(12),
  ],
];

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

const one = <Item>(items: readonly (() => Item)[]): Item => items[random.below(items.length)]!();

beforeAll(async () => {
  clients = await Promise.all(servers.map((server) => server.connect()));
});
afterAll(async () => {
  for (const client of clients) await client.close();
});

async function same(commands: readonly Command[]): Promise<void> {
  const [redis, tested] = await Promise.all(clients.map((client) => client.pipelineRaw(commands)));
  let queued: Command[] = [];
  commands.forEach((command, i) => {
    if (command[0] === "MULTI") queued = [];
    else queued.push(command);
    const [expected, got] = [redis![i]!, tested![i]!].map((reply) =>
      comparable(command, exact(reply), queued),
    );
    expect(got, command.join(" ")).toEqual(expected);
  });
}

/** Hashes and sets are in no order. */
function comparable(command: Command, reply: Exact, queued: readonly Command[]): Exact {
  if (reply === null || typeof reply !== "object") return reply;
  if (!Array.isArray(reply)) {
    if ("map" in reply) return { map: inOrder(reply.map) };
    return "set" in reply ? { set: inOrder(reply.set) } : reply;
  }
  if (command[0] === "EXEC") return reply.map((each, i) => comparable(queued[i]!, each, []));
  if (!UNORDERED.includes(String(command[0]))) return reply;
  if (command[0] !== "HGETALL") return inOrder(reply);
  return inOrder(reply.flatMap((field, i) => (i % 2 === 0 ? [[field, reply[i + 1]!]] : [])));
}

const UNORDERED = ["HGETALL", "HKEYS", "HVALS", "SMEMBERS"];

const inOrder = <Item>(items: readonly Item[]): Item[] =>
  [...items].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

async function fill(): Promise<void> {
  for (const of of KEYS) {
    await same([
      ...names(25).map((field, i): Command => ["HSET", `${of}:hash`, field, i]),
      ...names(25).map((_, i): Command => ["SADD", `${of}:set`, i]),
      ...names(25).map((element): Command => ["RPUSH", `${of}:list`, element]),
      ...names(25).map((member, i): Command => ["ZADD", `${of}:zset`, i / 2, member]),
    ]);
  }
}

/** As many as are needed to have one kept for sure. */
const OFTEN = 40;

function* steps(count: number): Generator<Command> {
  for (let i = 0; i < count; i++) {
    const read = one(READS);
    for (let again = random.below(3) * OFTEN; again >= 0; again--) yield read;
    yield random.below(12) === 0 ? one(MOVES) : one(WRITES);
    yield read;
  }
}

test.each([2, 3])("each change is seen at once, in its own batch and in others (RESP%i)", async (resp) => {
  for (const client of clients) await client.sendRaw("HELLO", resp);
  await same([["FLUSHALL"]]);
  for (let round = 0; round < 12; round++) {
    await fill();
    const all = [...steps(25)];
    for (let from = 0; from < all.length;) {
      const some = all.slice(from, (from += 1 + random.below(60)));
      await same(some);
    }
  }
});

test("a transaction sees what it has written, and others what it has written when it is over", async () => {
  await same([["FLUSHALL"]]);
  await fill();
  for (let round = 0; round < 40; round++) {
    const read = one(READS);
    const asked: Command[] = Array.from({ length: OFTEN }, () => read);
    await same(asked);
    await same([["MULTI"], read, one(WRITES), read, one(MOVES), read, ["EXEC"], ...asked]);
  }
});

test("a script gets the answer to what it asks, and sees what it has written", async () => {
  await same([["FLUSHALL"]]);
  await fill();
  const script = `
    local found = {}
    for i = 1, ${OFTEN} do
      found[1] = redis.call('LRANGE', KEYS[1], 0, 9)
      found[2] = redis.call('LRANGE', KEYS[1], 10, 19)
      found[3] = redis.call('ZRANGE', KEYS[2], 0, 19)
      found[4] = redis.call('ZREVRANGE', KEYS[2], 0, 19)
    end
    redis.call('LSET', KEYS[1], 5, ARGV[1])
    redis.call('ZADD', KEYS[2], 100, ARGV[1])
    found[5] = redis.call('LRANGE', KEYS[1], 10, 19)
    found[6] = redis.call('LRANGE', KEYS[1], 0, 9)
    found[7] = redis.call('ZREVRANGE', KEYS[2], 0, 19)
    return found`;
  for (let i = 0; i < 5; i++) {
    const run: Command = ["EVAL", script, 2, "one:list", "one:zset", `value ${i}`];
    await same([run, ["LRANGE", "one:list", 0, 9], ["ZREVRANGE", "one:zset", 0, 19]]);
  }
});

test("databases that are exchanged or emptied have their own answers", async () => {
  await same([["FLUSHALL"]]);
  await fill();
  const read: Command = ["HGETALL", "one:hash"];
  const asked: Command[] = Array.from({ length: OFTEN }, () => read);
  await same([...asked, ["SWAPDB", 0, 1], read, ["SWAPDB", 0, 1], ...asked]);
  await same([
    ["SELECT", 1],
    ["HSET", "one:hash", "f", "v"],
    ...asked,
    ["SWAPDB", 0, 1],
    ...asked,
    ["SELECT", 0],
    ...asked,
  ]);
  await same([["FLUSHDB"], read, ["FLUSHALL"], ...asked]);
});
