import { beforeAll, describe, expect, test } from "vitest";
import { additionalCommands } from "../support/additional-commands.ts";
import type { Client } from "../support/client.ts";
import type { Exact } from "../support/exact.ts";
import { useServer } from "../support/use-server.ts";

const server = useServer();
const redis = useServer({ kind: "redis" });

/** Redis 7.0.15 knows nothing of them. */
const ADDITIONAL = new Set(additionalCommands);

const clients: Record<"RESP2" | "RESP3", { ours: Client; theirs: Client }> = Object.create(null);
let names: string[] = [];

beforeAll(async () => {
  clients.RESP2 = { ours: await server.connect(), theirs: await redis.connect() };
  clients.RESP3 = { ours: await server.connect3(), theirs: await redis.connect3() };
  names = (await clients.RESP2.ours.send("COMMAND", "LIST")) as string[];
  return async () => {
    for (const { ours, theirs } of Object.values(clients)) await Promise.all([ours.close(), theirs.close()]);
  };
});

async function expectSame(...command: string[]): Promise<void> {
  for (const { ours, theirs } of Object.values(clients)) {
    const [our, their] = await Promise.all([ours.sendRaw(...command), theirs.sendRaw(...command)]);
    expect(our.latin1Slice(), command.join(" ")).toBe(their.latin1Slice());
  }
}

function containers(): Set<string> {
  return new Set(names.filter((name) => name.includes("|")).map((name) => name.slice(0, name.indexOf("|"))));
}

describe("every command is described as Redis describes it", () => {
  test.each(["INFO", "DOCS"])("COMMAND %s", async (kind) => {
    const without = containers();
    const compared = names.filter((name) => !ADDITIONAL.has(name) && !without.has(name));
    expect(compared.length).toBeGreaterThan(100);
    for (const name of compared) await expectSame("COMMAND", kind, name);
  });

  test.each(["INFO", "DOCS"])("COMMAND %s of containers, each subcommand in its place", async (kind) => {
    for (const name of containers()) {
      const { ours, theirs } = clients.RESP3;
      const [our, their] = await Promise.all(
        [ours, theirs].map((client) => client.sendExact("COMMAND", kind, name)),
      );
      const known = new Set(names);
      // Which of them exist differs, and Redis tells them in the order of a hash table that has a random seed.
      expect(withSortedSubcommands(our!, (sub) => !ADDITIONAL.has(sub))).toEqual(
        withSortedSubcommands(their!, (sub) => known.has(sub)),
      );
    }
  });

  test("COMMAND INFO and COMMAND DOCS without names, and COMMAND itself, give all", async () => {
    const { ours } = clients.RESP3;
    const top = names.filter((name) => !name.includes("|"));
    const all = (await ours.sendExact("COMMAND", "INFO")) as Exact[][];
    expect(all.map((info) => info[0])).toEqual(top);
    expect(await ours.sendExact("COMMAND")).toEqual(all);
    expect(await ours.sendExact("COMMAND", "INFO", ...top)).toEqual(all);
    expect(await ours.sendExact("COMMAND", "DOCS")).toEqual(await ours.sendExact("COMMAND", "DOCS", ...top));
    expect(await ours.sendExact("COMMAND", "COUNT")).toBe(top.length);
  });

  test("unknown names: a null in INFO, nothing in DOCS", async () => {
    await expectSame("COMMAND", "INFO", "nope", "GET", "get|x", "config|nope", "a|b|c", "");
    await expectSame("COMMAND", "DOCS", "nope", "GET", "get|x", "config|nope", "a|b|c", "");
  });

  test("names in any letter case", async () => {
    await expectSame("command", "info", "GeT");
    await expectSame("command", "docs", "CONFIG|Get");
  });
});

describe("COMMAND LIST", () => {
  async function expectSameOfOurs(...filter: string[]): Promise<void> {
    const { ours, theirs } = clients.RESP2;
    const our = (await ours.send("COMMAND", "LIST", ...filter)) as string[];
    const their = (await theirs.send("COMMAND", "LIST", ...filter)) as string[];
    const known = new Set(names);
    expect(our.filter((name) => !ADDITIONAL.has(name)).sort()).toEqual(
      their.filter((name) => known.has(name)).sort(),
    );
  }

  test("without filter", async () => expectSameOfOurs());

  test.each(["read", "WRITE", "keyspace", "dangerous", "connection", "sortedset", "slow", "nope", "@read"])(
    "of the category %s",
    async (category) => expectSameOfOurs("FILTERBY", "ACLCAT", category),
  );

  test.each(["*", "GET*", "config|*", "x*", "[sz]*", ""])("with the pattern %s", async (pattern) =>
    expectSameOfOurs("filterby", "pattern", pattern),
  );

  test("of a module", async () => expectSame("COMMAND", "LIST", "FILTERBY", "MODULE", "nope"));

  test.each([
    ["FILTERBY"],
    ["FILTERBY", "PATTERN"],
    ["FILTERBY", "NOPE", "x"],
    ["NOPE", "PATTERN", "x"],
    ["FILTERBY", "PATTERN", "x", "y"],
  ])("LIST %s %s %s %s is a syntax error", async (...options) => expectSame("COMMAND", "LIST", ...options));
});

describe("COMMAND GETKEYS and GETKEYSANDFLAGS", () => {
  const calls = [
    "GET a",
    "get",
    "SET a b",
    "SET a b GET",
    "SET get GET",
    "MSET a 1 b 2",
    "MSET a 1 b",
    "MGET a b c",
    "PING",
    "PING x",
    "DEL a",
    "DEL",
    "OBJECT ENCODING a",
    "OBJECT HELP",
    "OBJECT nope a",
    "OBJECT",
    "CONFIG GET a",
    "CONFIG",
    "nope",
    "nope a",
    "ZUNION 2 a b",
    "ZUNION 3 a b",
    "ZUNION 0 a",
    "ZUNION x a",
    "ZUNIONSTORE d 2 a b WEIGHTS 1 2",
    "ZUNIONSTORE d 3 a b",
    "ZINTERCARD 1 a LIMIT 1",
    "ZRANGESTORE a b 0 -1",
    "SMOVE a b c",
    "SINTERCARD 2 a b",
    "COPY a b",
    "RENAME a b",
    "SORT a",
    "SORT a STORE b",
    "SORT a BY store STORE b STORE c",
    "SORT a STORE",
    "SORT_RO a BY b",
    "LCS a b",
    "MEMORY USAGE a",
    "ZMPOP 2 a b MIN",
    "ZADD a 1 b",
    "HSET a b c",
    "COMMAND GETKEYS GET a",
  ];

  test.each(calls)("%s", async (call) => {
    await expectSame("COMMAND", "GETKEYS", ...call.split(" "));
    await expectSame("COMMAND", "GETKEYSANDFLAGS", ...call.split(" "));
  });
});

describe("errors and help", () => {
  test.each([
    ["COMMAND", "HELP"],
    ["cOmmand", "help"],
    ["COMMAND", "HELP", "x"],
    ["COMMAND", "COUNT", "x"],
    ["COMMAND", "NOPE"],
    ["COMMAND", "GETKEYS"],
    ["CONFIG"],
    ["CONFIG", "NOPE", "a"],
    ["nope"],
    ["nope", "a", "b"],
    ["no\r\npe", "a\r\nb", "c\0d"],
    ["nope", "x".repeat(200), "y"],
    ["nope", "x".repeat(124), "yyyyyyyyy", "z"],
    ["x".repeat(200)],
    ["GET"],
    ["get", "a", "b"],
  ])("%j %j", async (...command) => expectSame(...command.filter((argument) => argument !== undefined)));
});

/** INFO's tenth element, and DOCS' entry `subcommands`, sorted by name and without those that `isWanted` refuses. */
function withSortedSubcommands(reply: Exact, isWanted: (name: string) => boolean): Exact {
  if (Array.isArray(reply)) {
    const info = reply[0] as Exact[];
    const subcommands = (info[9] as Exact[][]).filter((sub) => isWanted(sub[0] as string));
    return [...info.slice(0, 9), subcommands.sort((a, b) => compare(a[0]!, b[0]!))];
  }
  const [name, docs] = (reply as { map: [string, { map: [string, Exact][] }][] }).map[0]!;
  const sorted = docs.map.map(([field, value]): [string, Exact] => {
    if (field !== "subcommands") return [field, value];
    const entries = (value as { map: [string, Exact][] }).map.filter(([sub]) => isWanted(sub));
    return [field, { map: entries.sort((a, b) => compare(a[0], b[0])) }];
  });
  return { map: [[name, { map: sorted }]] };
}

function compare(a: Exact, b: Exact): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
