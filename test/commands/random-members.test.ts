import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withCrc } from "../support/chosen-crc.ts";
import type { Client } from "../support/client.ts";
import { useServer } from "../support/use-server.ts";

const isRedis = process.env["TEST_SERVER"] === "redis";
/** The collections here are larger than one may be in this memory: they are drawn from on disk. */
const server = useServer({ args: isRedis ? [] : ["--record-cache-size", "1mb"] });
let client: Client;

const SIZE = 8000;

interface Kind {
  readonly add: (key: string, members: readonly (string | Buffer)[]) => (string | Buffer)[];
  readonly draw: string;
  readonly remove: string;
}

const kinds: Record<string, Kind> = {
  hash: {
    add: (key, members) => ["HSET", key, ...members.flatMap((member) => [member, "a value"])],
    draw: "HRANDFIELD",
    remove: "HDEL",
  },
  set: {
    add: (key, members) => ["SADD", key, ...members],
    draw: "SRANDMEMBER",
    remove: "SREM",
  },
  zset: {
    add: (key, members) => ["ZADD", key, ...members.flatMap((member, i) => [String(i), member])],
    draw: "ZRANDMEMBER",
    remove: "ZREM",
  },
};

const members = Array.from({ length: SIZE }, (_, i) => `member:${i}`);
const numberOf = (member: string): number => Number(member.slice("member:".length));

beforeAll(async () => {
  client = await server.connect();
});
afterAll(async () => {
  await client.close();
});

async function draws(draw: string, times: number): Promise<string[]> {
  return (await client.pipeline(Array.from({ length: times }, () => [draw, "k"]))) as string[];
}

describe.each(Object.entries(kinds))("a large %s", (_, { add, draw, remove }) => {
  test("one member at a time: no part is favoured, and none is left out", async () => {
    await client.send("DEL", "k");
    await client.send(...add("k", members));
    const hits = Array.from({ length: SIZE }, () => 0);
    for (let round = 0; round < 2; round++) {
      for (const member of await draws(draw, 6000)) hits[numberOf(member)]!++;
    }
    // Of three draws for two, by chance two members in nine get none.
    expect(hits.filter((n) => n === 0).length).toBeLessThan(SIZE * 0.3);
    const parts = Array.from({ length: 20 }, (_, part) =>
      hits.filter((_, i) => i % 20 === part).reduce((sum, n) => sum + n, 0),
    );
    expect(Math.min(...parts)).toBeGreaterThan(600 * 0.7);
    expect(Math.max(...parts)).toBeLessThan(600 * 1.3);
  });

  test("two with repetition are hardly ever the same", async () => {
    const pairs = (await client.pipeline(Array.from({ length: 300 }, () => [draw, "k", "-2"]))) as string[][];
    expect(pairs.filter(([a, b]) => a === b).length).toBeLessThan(20);
  });

  test("what is removed is not drawn any more, what is added is", async () => {
    const here = new Set(members);
    for (let round = 0; round < 40; round++) {
      const drawn = [...new Set(await draws(draw, 20))];
      for (const member of drawn) expect(here.has(member)).toBe(true);
      expect(await client.send(remove, "k", ...drawn)).toBe(drawn.length);
      for (const member of drawn) here.delete(member);
      await client.send(...add("k", [`member:${SIZE + round}`]));
      here.add(`member:${SIZE + round}`);
    }
    expect(new Set((await client.send(draw, "k", "100000")) as string[])).toEqual(here);
  });

  // Behind and before all places that are looked at first.
  test.each([0, 99, 0xffff_ffff])(
    "members of crc32 %d are all in one place, and are drawn all the same",
    async (crc) => {
      const sameCrc = members.map((member) => withCrc(member, crc));
      expect(crc32(sameCrc[7]!)).toBe(crc);
      await client.send("DEL", "hostile");
      await client.send(...add("hostile", sameCrc));
      for (const count of [1, 16, 17, 90]) {
        const drawn = (await client.send(draw, "hostile", String(count))) as string[];
        expect(new Set(drawn).size).toBe(count);
      }
      expect(((await client.send(draw, "hostile", "-50")) as string[]).length).toBe(50);
    },
  );
});

test("of few and large members as many are drawn as are wanted", async () => {
  const few = Array.from({ length: 6 }, (_, i) => `${i}${"x".repeat(90_000)}`);
  await client.send("DEL", "few");
  for (const member of few) await client.send("SADD", "few", member);
  expect(((await client.send("SRANDMEMBER", "few", "-450")) as string[]).length).toBe(450);
});

test("SPOP takes out each member once", async () => {
  await client.send("DEL", "k");
  await client.send("SADD", "k", ...members);
  const popped = (await client.pipeline(Array.from({ length: 1000 }, () => ["SPOP", "k"]))) as string[];
  const others = (await client.send("SMEMBERS", "k")) as string[];
  expect([...popped, ...others].sort()).toEqual(members.toSorted());
});
