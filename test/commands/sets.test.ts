import { describe, expect, test } from "vitest";
import { Random } from "../../src/support/random.ts";
import type { Argument, Client } from "../support/client.ts";
import { error } from "../support/plain.ts";
import { useServer } from "../support/use-server.ts";

const WRONG_TYPE = error("WRONGTYPE Operation against a key holding the wrong kind of value");

const server = useServer();

/** `m0` to `m<count - 1>`, each followed by `tail`. */
const names = (count: number, tail = ""): string[] => Array.from({ length: count }, (_, i) => `m${i}${tail}`);

const sorted = (reply: unknown): string[] => [...(reply as string[])].sort();

async function addAll(client: Client, key: string, members: readonly Argument[]): Promise<void> {
  for (let i = 0; i < members.length; i += 1000) {
    const run = members.slice(i, i + 1000);
    expect(await client.send("SADD", key, ...run)).toBe(run.length);
  }
}

async function scanAll(client: Client, key: string, ...options: Argument[]): Promise<string[]> {
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, members] = (await client.send("SSCAN", key, cursor, ...options)) as [string, string[]];
    found.push(...members);
    cursor = next;
  } while (cursor !== "0");
  return found;
}

async function connect(): Promise<Client> {
  const client = await server.connect();
  await client.send("FLUSHALL");
  return client;
}

describe("members", () => {
  test("are added once, looked up, removed; the last one takes the key along", async () => {
    await using client = await connect();
    expect(await client.send("SADD", "s", "a", "b", "a", "", "\0\xff\r\n")).toBe(4);
    expect(await client.send("SADD", "s", "a", "c")).toBe(1);
    expect(await client.send("SCARD", "s")).toBe(5);
    expect(await client.send("SISMEMBER", "s", "")).toBe(1);
    expect(await client.send("SMISMEMBER", "s", "a", "x", "\0\xff\r\n")).toEqual([1, 0, 1]);
    expect(sorted(await client.send("SMEMBERS", "s"))).toEqual(["", "\0\xff\r\n", "a", "b", "c"]);
    expect(await client.send("SREM", "s", "a", "a", "x")).toBe(1);
    expect(await client.send("SREM", "s", "", "b", "c", "\0\xff\r\n", "b")).toBe(4);
    expect(await client.send("EXISTS", "s")).toBe(0);
    expect(await client.send("SREM", "s", "a")).toBe(0);
  });

  test("RESP3 replies are sets where Redis has them so", async () => {
    await using client = await server.connect3();
    await client.sendRaw("DEL", "one", "two", "out");
    await client.sendRaw("SADD", "one", "1");
    expect(await client.sendExact("SMEMBERS", "one")).toEqual({ set: ["1"] });
    expect(await client.sendExact("SMEMBERS", "none")).toEqual({ set: [] });
    expect(await client.sendExact("SUNION", "one", "none")).toEqual({ set: ["1"] });
    expect(await client.sendExact("SINTER", "one", "one")).toEqual({ set: ["1"] });
    expect(await client.sendExact("SINTER", "one", "none")).toEqual({ set: [] });
    expect(await client.sendExact("SDIFF", "one", "none")).toEqual({ set: ["1"] });
    expect(await client.sendExact("SRANDMEMBER", "one", "5")).toEqual(["1"]);
    expect(await client.sendExact("SRANDMEMBER", "none", "5")).toEqual([]);
    expect(await client.sendExact("SPOP", "none", "5")).toEqual({ set: [] });
    expect(await client.sendExact("SPOP", "none")).toBe(null);
    expect(await client.sendExact("SPOP", "one", "5")).toEqual({ set: ["1"] });
  });

  test("SMOVE between sets, to a new one, to itself, and the last member", async () => {
    await using client = await connect();
    await client.send("SADD", "from", "a", "b");
    await client.send("SADD", "to", "b");
    expect(await client.send("SMOVE", "from", "to", "x")).toBe(0);
    expect(await client.send("SMOVE", "from", "from", "a")).toBe(1);
    expect(await client.send("SMOVE", "from", "from", "x")).toBe(0);
    expect(await client.send("SMOVE", "from", "to", "b")).toBe(1);
    expect(await client.send("SMOVE", "from", "new", "a")).toBe(1);
    expect(await client.send("EXISTS", "from")).toBe(0);
    expect(await client.send("SMEMBERS", "to")).toEqual(["b"]);
    expect(await client.send("SMEMBERS", "new")).toEqual(["a"]);
    await client.send("SET", "string", "v");
    expect(await client.send("SMOVE", "none", "string", "a")).toBe(0);
    expect(await client.send("SMOVE", "new", "string", "a")).toEqual(WRONG_TYPE);
    expect(await client.send("SMEMBERS", "new")).toEqual(["a"]);
  });

  test("of another type", async () => {
    await using client = await connect();
    await client.send("SET", "k", "v");
    await client.send("SADD", "s", "a");
    for (const command of [
      ["SADD", "k", "a"],
      ["SREM", "k", "a"],
      ["SCARD", "k"],
      ["SISMEMBER", "k", "a"],
      ["SMISMEMBER", "k", "a"],
      ["SMEMBERS", "k"],
      ["SMOVE", "k", "s", "a"],
      ["SPOP", "k"],
      ["SPOP", "k", "2"],
      ["SRANDMEMBER", "k"],
      ["SRANDMEMBER", "k", "2"],
      ["SSCAN", "k", "0"],
      ["SINTER", "none", "k"],
      ["SINTERCARD", "2", "none", "k"],
      ["SUNION", "s", "k"],
      ["SDIFF", "none", "k"],
      ["SINTERSTORE", "d", "none", "k"],
      ["SUNIONSTORE", "d", "s", "k"],
      ["SDIFFSTORE", "d", "s", "k"],
    ]) {
      expect(await client.send(...command), command.join(" ")).toEqual(WRONG_TYPE);
    }
    expect(await client.send("EXISTS", "d")).toBe(0);
  });
});

describe("encodings", () => {
  const encoded = useServer({ args: ["--set-max-intset-entries", "8", "--set-max-listpack-entries", "4"] });

  const setUp = async (): Promise<Client> => {
    const client = await encoded.connect();
    await client.send("FLUSHALL");
    return client;
  };

  test("integers are in order, of 64 bits, and never again integers once they were not", async () => {
    await using client = await setUp();
    const numbers = [
      "-9223372036854775808",
      "-70000",
      "-1",
      "0",
      "5",
      "40000",
      "9007199254740993",
      "9223372036854775807",
    ];
    await client.send("SADD", "i", ...[...numbers].reverse(), "5");
    expect(await client.send("OBJECT", "ENCODING", "i")).toBe("intset");
    expect(await client.send("SMEMBERS", "i")).toEqual(numbers);
    expect(await client.send("SSCAN", "i", 0, "COUNT", 1)).toEqual(["0", numbers]);
    expect(await client.send("SRANDMEMBER", "i", 100)).toEqual(numbers);
    expect(await client.send("SMISMEMBER", "i", "-1", "-01", "+5", "5", "9007199254740992")).toEqual([
      1, 0, 0, 1, 0,
    ]);
    await encoded.restart();
    await using again = await encoded.connect();
    expect(await again.send("SMEMBERS", "i")).toEqual(numbers);
    expect(await again.send("OBJECT", "ENCODING", "i")).toBe("intset");
    expect(await again.send("SADD", "i", "9")).toBe(1);
    expect(await again.send("OBJECT", "ENCODING", "i")).toBe("hashtable");
    expect(await again.send("SREM", "i", ...numbers)).toBe(numbers.length);
    expect(await again.send("OBJECT", "ENCODING", "i")).toBe("hashtable");
    expect(await again.send("SMEMBERS", "i")).toEqual(["9"]);
  });

  test("what is not spelled as Redis spells an integer is none", async () => {
    await using client = await setUp();
    const members = ["01", "-0", "+1", "9223372036854775808", "-9223372036854775809", "1.0", " 1", "", "a"];
    for (const member of members) await client.send("SADD", `with ${member}`, "1", member);
    await encoded.restart();
    await using again = await encoded.connect();
    for (const member of members) {
      expect(await again.send("OBJECT", "ENCODING", `with ${member}`), member).toBe("hashtable");
      expect(sorted(await again.send("SMEMBERS", `with ${member}`))).toEqual(sorted(["1", member]));
    }
  });

  test("past the limits a set becomes a range, with all that it had", async () => {
    await using client = await setUp();
    await client.send("SADD", "few", "a", "b", "c", "d");
    await client.send("SADD", "many", "a", "b", "c", "d", "e");
    await client.send("SADD", "long", "a", "x".repeat(65));
    await client.send("SADD", "ints", ...Array.from({ length: 9 }, (_, i) => i));
    await client.send("SADD", "mixed", 1, 2, 3, 4, 5, 6, "x");
    await encoded.crashAndRestart();
    await using again = await encoded.connect();
    expect(sorted(await again.send("SMEMBERS", "few"))).toEqual(["a", "b", "c", "d"]);
    expect(sorted(await again.send("SMEMBERS", "many"))).toEqual(["a", "b", "c", "d", "e"]);
    expect(sorted(await again.send("SMEMBERS", "long"))).toEqual(["a", "x".repeat(65)]);
    expect(sorted(await again.send("SMEMBERS", "ints"))).toEqual([
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
      "8",
    ]);
    expect(sorted(await again.send("SMEMBERS", "mixed"))).toEqual(["1", "2", "3", "4", "5", "6", "x"]);
    expect(await again.send("SREM", "mixed", "x", "1")).toBe(2);
    expect(await again.send("SCARD", "mixed")).toBe(5);
    expect(await again.send("OBJECT", "ENCODING", "mixed")).toBe("hashtable");
  });

  test("a copy has the encoding of the original, and a life of its own", async () => {
    await using client = await setUp();
    const kinds = { ints: ["1", "2"], were: ["1", "x"], many: names(500) };
    for (const [key, members] of Object.entries(kinds)) await addAll(client, key, members);
    await client.send("SREM", "were", "x");
    await client.send("COPY", "many", "warm");
    await encoded.restart();
    await using again = await encoded.connect();
    for (const key of Object.keys(kinds)) expect(await again.send("COPY", key, `${key}2`)).toBe(1);
    expect(await again.send("OBJECT", "ENCODING", "ints2")).toBe("intset");
    expect(await again.send("OBJECT", "ENCODING", "were2")).toBe("hashtable");
    expect(await again.send("SMEMBERS", "were2")).toEqual(["1"]);
    await again.send("SPOP", "many", 100);
    for (const key of ["many2", "warm"])
      expect(sorted(await again.send("SMEMBERS", key))).toEqual(names(500).sort());
    await again.send("DEL", "many2");
    expect(await again.send("SCARD", "many")).toBe(400);
  });

  test("what the STORE commands and SPOP make is encoded anew", async () => {
    await using client = await setUp();
    await client.send("SADD", "mixed", 3, 1, 2, "x");
    await client.send("SADD", "ints", 3, 2);
    expect(await client.send("SINTERSTORE", "out", "mixed", "ints")).toBe(2);
    expect(await client.send("OBJECT", "ENCODING", "out")).toBe("intset");
    expect(await client.send("SMEMBERS", "out")).toEqual(["2", "3"]);
    expect(await client.send("SUNIONSTORE", "out", "mixed", "ints")).toBe(4);
    expect(await client.send("OBJECT", "ENCODING", "out")).toBe("hashtable");
    await client.send("SADD", "x", "x");
    expect(await client.send("SDIFFSTORE", "out", "mixed", "x")).toBe(3);
    expect(await client.send("OBJECT", "ENCODING", "out")).toBe("intset");
    // As in Redis: with many sets to subtract, all of the first are taken before any is removed.
    expect(await client.send("SDIFFSTORE", "out", "mixed", "x", "x", "x")).toBe(3);
    expect(await client.send("OBJECT", "ENCODING", "out")).toBe("hashtable");
    await client.send("SADD", "was", ...Array.from({ length: 20 }, (_, i) => i));
    await client.send("EXPIRE", "was", 1000);
    expect(await client.send("SPOP", "was", 3)).toHaveLength(3);
    expect(await client.send("OBJECT", "ENCODING", "was")).toBe("hashtable");
    expect(await client.send("SPOP", "was", 15)).toHaveLength(15);
    expect(await client.send("OBJECT", "ENCODING", "was")).toBe("intset");
    expect(await client.send("TTL", "was")).toBeGreaterThan(990);
    expect(await client.send("SCARD", "was")).toBe(2);
  });
});

describe("set algebra", () => {
  /** Numbers and words of 0 to `most`, so that sets of all encodings and sizes meet. */
  const cases = [
    { sizes: [5, 10, 20], among: 30, word: "" },
    { sizes: [40, 600, 300], among: 700, word: "" },
    { sizes: [2000, 20, 900], among: 2500, word: "w" },
    { sizes: [3, 3000, 2900], among: 3000, word: "w" },
    { sizes: [1500, 1500, 1500], among: 2000, word: "w" },
    { sizes: [3000, 100, 100, 100, 3000, 50], among: 3000, word: "w" },
  ];

  test.each(cases)("of $sizes members among $among", async ({ sizes, among, word }) => {
    await using client = await connect();
    const random = new Random(among);
    const sets = sizes.map((size) => {
      const set = new Set<string>();
      while (set.size < size) set.add(word + random.below(among));
      return set;
    });
    const keys = sets.map((_, i) => `s${i}`);
    for (const [i, set] of sets.entries()) await addAll(client, keys[i]!, [...set]);
    const [first, ...others] = sets as [Set<string>, ...Set<string>[]];
    const inter = [...first].filter((member) => others.every((set) => set.has(member))).sort();
    const diff = [...first].filter((member) => !others.some((set) => set.has(member))).sort();
    const union = [...new Set(sets.flatMap((set) => [...set]))].sort();

    const withMissing = [keys[0]!, "missing", ...keys.slice(1)];
    expect(sorted(await client.send("SINTER", ...keys))).toEqual(inter);
    expect(sorted(await client.send("SINTER", ...keys, ...keys))).toEqual(inter);
    expect(await client.send("SINTER", ...withMissing)).toEqual([]);
    expect(sorted(await client.send("SDIFF", ...withMissing))).toEqual(diff);
    expect(await client.send("SDIFF", ...keys, keys[0]!)).toEqual([]);
    expect(sorted(await client.send("SUNION", ...withMissing))).toEqual(union);
    expect(await client.send("SINTERCARD", keys.length, ...keys)).toBe(inter.length);
    const half = Math.ceil(inter.length / 2);
    expect(await client.send("SINTERCARD", keys.length, ...keys, "LIMIT", half)).toBe(half);
    expect(await client.send("SINTERCARD", keys.length, ...keys, "LIMIT", 1e6)).toBe(inter.length);

    for (const [command, expected] of [
      ["SINTERSTORE", inter],
      ["SDIFFSTORE", diff],
      ["SUNIONSTORE", union],
    ] as const) {
      for (const destination of ["out", keys[0]!, keys[1]!]) {
        await addAll(client, "saved", [...(destination === keys[1] ? sets[1]! : first)]);
        expect(await client.send(command, destination, ...keys), `${command} ${destination}`).toBe(
          expected.length,
        );
        expect(sorted(await client.send("SMEMBERS", destination))).toEqual(expected);
        expect(await client.send("EXISTS", destination)).toBe(expected.length > 0 ? 1 : 0);
        if (destination !== "out") await client.send("RENAME", "saved", destination);
        else await client.send("DEL", "saved");
      }
    }
  });

  test("STORE replaces what was there, whatever it was, and its expiry; nothing removes it", async () => {
    await using client = await connect();
    await client.send("SADD", "a", "1", "x");
    await client.send("SET", "d", "string", "EX", "1000");
    expect(await client.send("SUNIONSTORE", "d", "a", "none")).toBe(2);
    expect(await client.send("TYPE", "d")).toBe("set");
    expect(await client.send("TTL", "d")).toBe(-1);
    await client.send("SET", "d", "string");
    expect(await client.send("SINTERSTORE", "d", "a", "none")).toBe(0);
    expect(await client.send("EXISTS", "d")).toBe(0);
    await client.send("SET", "d", "string");
    expect(await client.send("SDIFFSTORE", "d", "a", "a")).toBe(0);
    expect(await client.send("EXISTS", "d")).toBe(0);
    expect(await client.send("SUNIONSTORE", "d", "none")).toBe(0);
  });

  test("SINTERCARD says what is wrong with its numbers", async () => {
    await using client = await connect();
    const wrong = async (...args: Argument[]) =>
      ((await client.send("SINTERCARD", ...args)) as Error).message;
    expect(await wrong("0", "a")).toBe("ERR numkeys should be greater than 0");
    expect(await wrong("x", "a")).toBe("ERR numkeys should be greater than 0");
    expect(await wrong("2", "a")).toBe("ERR Number of keys can't be greater than number of args");
    expect(await wrong("1", "a", "b")).toBe("ERR syntax error");
    expect(await wrong("1", "a", "LIMIT")).toBe("ERR syntax error");
    expect(await wrong("1", "a", "LIMIT", "-1")).toBe("ERR LIMIT can't be negative");
    expect(await wrong("1", "a", "LIMIT", "x")).toBe("ERR LIMIT can't be negative");
    expect(await client.send("SINTERCARD", "1", "a", "LIMIT", "1", "limit", "0")).toBe(0);
  });
});

describe("members at random", () => {
  const sets = [
    { title: "few", members: names(10) },
    { title: "integers", members: Array.from({ length: 200 }, (_, i) => String(i * 3 - 100)) },
    { title: "thousands", members: names(3000) },
  ];

  test.each(sets)("SRANDMEMBER of $title", async ({ members }) => {
    await using client = await connect();
    await addAll(client, "s", members);
    const all = new Set(members);
    const size = members.length;
    expect(all).toContain(await client.send("SRANDMEMBER", "s"));
    for (const count of [1, 2, 5, size - 1, size, size + 1, 2 ** 53]) {
      const drawn = (await client.send("SRANDMEMBER", "s", String(count))) as string[];
      expect(drawn.length).toBe(Math.min(count, size));
      expect(new Set(drawn).size, `${count} different`).toBe(drawn.length);
      expect(drawn.every((member) => all.has(member))).toBe(true);
    }
    for (const count of [1, 5, 1000, 2500]) {
      const drawn = (await client.send("SRANDMEMBER", "s", -count)) as string[];
      expect(drawn.length).toBe(count);
      expect(drawn.every((member) => all.has(member))).toBe(true);
    }
    expect(await client.send("SRANDMEMBER", "s", 0)).toEqual([]);
    expect(await client.send("SCARD", "s")).toBe(size);
  });

  test.each(["one by one", "by count", "with repetition"])(
    "each member is as likely as the others, %s",
    async (how) => {
      await using client = await connect();
      const members = names(20);
      await addAll(client, "s", members);
      const draws = 10_000;
      let drawn: string[];
      if (how === "with repetition") drawn = (await client.send("SRANDMEMBER", "s", -draws)) as string[];
      else {
        const command = how === "by count" ? ["SRANDMEMBER", "s", "5"] : ["SRANDMEMBER", "s"];
        const times = how === "by count" ? draws / 5 : draws;
        drawn = (await client.pipeline(Array.from({ length: times }, () => command))).flat() as string[];
      }
      expect(drawn.length).toBe(draws);
      const expected = draws / members.length;
      let chiSquare = 0;
      for (const member of members) {
        const times = drawn.filter((one) => one === member).length;
        chiSquare += (times - expected) ** 2 / expected;
      }
      // 19 degrees of freedom: above 60 once in two hundred thousand runs.
      expect(chiSquare).toBeLessThan(60);
    },
  );

  test.each(sets)("SPOP of $title", async ({ members }) => {
    await using client = await connect();
    await addAll(client, "s", members);
    const left = new Set(members);
    const take = (popped: unknown): void => {
      for (const member of popped as string[]) expect(left.delete(member), member).toBe(true);
    };
    take([await client.send("SPOP", "s")]);
    take(await client.send("SPOP", "s", 0));
    take(await client.send("SPOP", "s", 3));
    // Most of it, so that the rest becomes a new set.
    take(await client.send("SPOP", "s", left.size - 2));
    expect(await client.send("SCARD", "s")).toBe(2);
    expect(sorted(await client.send("SMEMBERS", "s"))).toEqual([...left].sort());
    expect(await client.send("SADD", "s", "new")).toBe(1);
    left.add("new");
    take(await client.send("SPOP", "s", 100));
    expect(left.size).toBe(0);
    expect(await client.send("EXISTS", "s")).toBe(0);
    expect(await client.send("SPOP", "s")).toBe(null);
    expect(await client.send("SPOP", "s", 5)).toEqual([]);
  });

  test("what is popped is gone after a crash, what is not is there", async () => {
    await using client = await connect();
    await addAll(client, "s", names(1000));
    const popped = (await client.send("SPOP", "s", 100)) as string[];
    popped.push((await client.send("SPOP", "s")) as string);
    const kept = names(1000).filter((member) => !popped.includes(member));
    await server.crashAndRestart();
    await using again = await server.connect();
    expect(await again.send("SCARD", "s")).toBe(899);
    expect(sorted(await again.send("SMEMBERS", "s"))).toEqual(kept.sort());
  });

  test("counts that are none", async () => {
    await using client = await connect();
    const notPositive = error("ERR value is out of range, must be positive");
    expect(await client.send("SPOP", "s", -1)).toEqual(notPositive);
    expect(await client.send("SPOP", "s", "x")).toEqual(notPositive);
    expect(await client.send("SPOP", "s", 1, 2)).toEqual(error("ERR syntax error"));
    expect(await client.send("SRANDMEMBER", "s", "x")).toEqual(
      error("ERR value is not an integer or out of range"),
    );
    expect(await client.send("SRANDMEMBER", "s", "-9223372036854775808")).toEqual(
      error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"),
    );
    expect(await client.send("SRANDMEMBER", "s", 1, 2)).toEqual(error("ERR syntax error"));
  });

  test("more draws than any memory holds: the client takes as many as it likes", async () => {
    await using client = await connect();
    await client.send("SADD", "s", "a", "b", "c");
    await using greedy = await server.connect();
    greedy.pause();
    greedy.write("SRANDMEMBER s -9000000000000000\r\n");
    // Others are served meanwhile.
    for (let i = 0; i < 100; i++) expect(await client.send("SCARD", "s")).toBe(3);
  });
});

describe("SSCAN", () => {
  test("goes through all of a set, each member once while nothing changes", async () => {
    await using client = await connect();
    const members = names(2500);
    await addAll(client, "s", members);
    for (const count of [1, 7, 100, 10_000]) {
      const found = await (count === 1 ? scanAll(client, "s") : scanAll(client, "s", "COUNT", count));
      expect(found.length).toBe(members.length);
      expect(new Set(found)).toEqual(new Set(members));
    }
    expect(sorted(await scanAll(client, "s", "MATCH", "m12?", "COUNT", 500))).toEqual(
      names(130).slice(120).sort(),
    );
  });

  test("a cursor is good after a restart, and passes over no member that stays", async () => {
    await using client = await connect();
    await addAll(client, "s", names(1500));
    const [cursor, first] = (await client.send("SSCAN", "s", 0, "COUNT", 500)) as [string, string[]];
    await server.restart();
    await using again = await server.connect();
    await again.send("SREM", "s", ...first.slice(0, 300));
    await again.send("SADD", "s", ...names(200, "new"));
    const found = new Set(first);
    for (let next = cursor; next !== "0";) {
      const page = (await again.send("SSCAN", "s", next, "COUNT", 100)) as [string, string[]];
      next = page[0];
      for (const member of page[1]) found.add(member);
    }
    expect(names(1500).filter((member) => !found.has(member))).toEqual([]);
  });

  test("cursors and options that are none", async () => {
    await using client = await connect();
    await client.send("SADD", "s", "a");
    expect(await client.send("SSCAN", "s", "x")).toEqual(error("ERR invalid cursor"));
    expect(await client.send("SSCAN", "none", "x")).toEqual(error("ERR invalid cursor"));
    expect(await client.send("SSCAN", "none", 0, "COUNT", "x")).toEqual(["0", []]);
    expect(await client.send("SSCAN", "s", 0, "COUNT", 0)).toEqual(error("ERR syntax error"));
    expect(await client.send("SSCAN", "s", 0, "COUNT", "x")).toEqual(
      error("ERR value is not an integer or out of range"),
    );
    expect(await client.send("SSCAN", "s", 0, "NOPE", 1)).toEqual(error("ERR syntax error"));
    expect(await client.send("SSCAN", "none", "18446744073709551615")).toEqual(["0", []]);
    expect(await client.send("SSCAN", "none", "18446744073709551616")).toEqual(error("ERR invalid cursor"));
  });
});

describe("sets that do not fit in memory", () => {
  const small = useServer({ args: ["--record-cache-size", "1mb"] });
  const members = names(6000, "-".repeat(40));
  const all = new Set(members);

  test("do all that others do", async () => {
    await using client = await small.connect();
    await addAll(client, "big", members);
    await addAll(client, "other", [...members.slice(0, 4000), ...names(2000, "else")]);
    await client.send("SADD", "few", members[5]!, "none", members[5999]!);
    await small.restart();
    await using again = await small.connect();

    expect(await again.send("SCARD", "big")).toBe(6000);
    expect(await again.send("SMISMEMBER", "big", members[0]!, "none", members[5999]!)).toEqual([1, 0, 1]);
    expect(new Set((await again.send("SMEMBERS", "big")) as string[])).toEqual(all);
    expect(new Set((await again.send("SRANDMEMBER", "big", 9999)) as string[])).toEqual(all);
    expect(new Set(await scanAll(again, "big", "COUNT", 1000))).toEqual(all);
    for (const count of [1, 10, 63, 100, 1499, 1501, 5999]) {
      const drawn = (await again.send("SRANDMEMBER", "big", count)) as string[];
      expect(drawn.length).toBe(count);
      expect(new Set(drawn).size).toBe(count);
      expect(drawn.every((member) => all.has(member))).toBe(true);
    }
    for (const count of [1, 10, 999, 3000]) {
      const drawn = (await again.send("SRANDMEMBER", "big", -count)) as string[];
      expect(drawn.length).toBe(count);
      expect(drawn.every((member) => all.has(member))).toBe(true);
    }
    const seen = await again.pipeline(Array.from({ length: 300 }, () => ["SRANDMEMBER", "big"]));
    expect(new Set(seen).size).toBeGreaterThan(200);

    expect(sorted(await again.send("SINTER", "big", "few"))).toEqual(sorted([members[5]!, members[5999]!]));
    expect(await again.send("SINTERCARD", 2, "big", "other")).toBe(4000);
    expect(await again.send("SINTERCARD", 2, "big", "other", "LIMIT", 3000)).toBe(3000);
    expect(await again.send("SDIFF", "few", "big", "other")).toEqual(["none"]);
    expect(await again.send("SUNIONSTORE", "union", "big", "other")).toBe(8000);
    expect(await again.send("SDIFFSTORE", "diff", "big", "other")).toBe(2000);
    expect(await again.send("SCARD", "union")).toBe(8000);
    expect(new Set((await again.send("SMEMBERS", "diff")) as string[])).toEqual(new Set(members.slice(4000)));

    const left = new Set(members);
    const take = (popped: unknown): void => {
      for (const member of popped as string[]) expect(left.delete(member), member).toBe(true);
    };
    take(await again.pipeline(Array.from({ length: 50 }, () => ["SPOP", "big"])));
    take(await again.send("SPOP", "big", 200));
    expect(await again.send("SREM", "big", ...[...left].slice(0, 100))).toBe(100);
    for (const member of [...left].slice(0, 100)) left.delete(member);
    expect(await again.send("SADD", "big", ...[...left].slice(0, 10), "new")).toBe(1);
    left.add("new");
    expect(await again.send("SMOVE", "few", "big", "none")).toBe(1);
    left.add("none");
    expect(await again.send("SCARD", "big")).toBe(left.size);
    expect(new Set((await again.send("SMEMBERS", "big")) as string[])).toEqual(left);
    take(await again.send("SPOP", "big", left.size - 10));
    expect(left.size).toBe(10);
    expect(sorted(await again.send("SMEMBERS", "big"))).toEqual([...left].sort());
    expect(((await again.send("SPOP", "union", 8000)) as string[]).length).toBe(8000);
    expect(await again.send("EXISTS", "union")).toBe(0);
  });
});
