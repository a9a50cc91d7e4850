import { beforeAll, expect, test } from "vitest";
import { keyAt } from "../../src/commands/key-spec.ts";
import { CommandTable } from "../../src/commands/table.ts";
import type { Caller } from "../../src/executor/caller.ts";
import { readAhead } from "../../src/executor/look-ahead.ts";
import { openKeyspace, type TestKeyspace } from "../keyspace/open-keyspace.ts";

const doc = { summary: "", since: "1.0.0" };
const commands = new CommandTable([
  {
    name: "string",
    rows: {
      get: {
        arity: 2,
        flags: ["readonly"],
        keys: [keyAt(1, "RO", "access")],
        doc: { ...doc, syntax: "key" },
        run: () => 0,
      },
      echo: { arity: 2, flags: [], doc: { ...doc, syntax: "message" }, run: () => 0 },
    },
  },
]);
let cold: TestKeyspace;

beforeAll(async () => {
  const before = await openKeyspace();
  await before.run(() => {
    for (const db of [0, 1]) for (let i = 0; i < 300; i++) before.keyspace.databases[db]!.put(`k${i}`, "v");
  });
  await before.keyspace.committer.checkpoint();
  cold = await openKeyspace({ store: before.store });
  // So many that reads are known to be fast.
  for (let i = 0; i < 300; i++) cold.keyspace.reading.readInline("none");
});

/** Asks for so many keys from one on. */
const caller = (name: string, from: number, count: number, dbIndex = 0, command = "GET") =>
  ({
    name,
    dbIndex,
    transaction: null,
    upcoming: () => Array.from({ length: count }, (_, i) => [command, `k${from + i}`]),
  }) as unknown as Caller & { readonly name: string };

const read = (...callers: ReturnType<typeof caller>[]) => {
  const before = cold.keyspace.reading.readsAhead;
  const groups = readAhead(cold.keyspace, commands, callers);
  const names = groups.map((group) => group.callers.map(({ name }) => name).join(" "));
  return { names, groups, count: () => cold.keyspace.reading.readsAhead - before };
};

test("callers are put together until they lack enough, and one key is left to be read in line", async () => {
  const { names, groups, count } = read(
    ...[caller("a", 0, 40), caller("b", 40, 30), caller("c", 70, 64), caller("d", 140, 63)],
  );
  expect(names).toEqual(["a b", "c"]);
  for (const { read: taking } of groups) (await taking)();
  expect(count()).toBe(69 + 63);
  const { entries } = cold.keyspace.databases[0]!;
  expect(entries.missing(["k0", "k1", "k69", "k70", "k71", "k140"])).toEqual(["k0", "k70", "k140"]);
});

test("who lacks nothing does not wait, nor is what is no key looked for", () => {
  const { names, count } = read(caller("warm", 1, 39), caller("says", 200, 100, 0, "ECHO"));
  expect(names).toEqual([]);
  expect(count()).toBe(0);
});

test("those of different databases are not put together", () => {
  expect(read(caller("a", 200, 40), caller("b", 200, 40, 1)).names).toEqual([]);
  expect(read(caller("a", 200, 70), caller("b", 200, 70, 1)).names).toEqual(["a", "b"]);
});

test("who lacks more than there is room for reads it in line", () => {
  const { roomAhead } = cold.keyspace.reading;
  const ended = cold.keyspace.reading.beginAhead(roomAhead - 80);
  const { names } = read(caller("a", 200, 90), caller("b", 200, 70));
  expect(names).toEqual(["b"]);
  ended(1000);
});
