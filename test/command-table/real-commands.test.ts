import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { additionalCommands } from "../support/additional-commands.ts";
import { useServer } from "../support/use-server.ts";

const redis = useServer({ kind: "redis" });
const tested = useServer({ kind: "leveldis" });

const root = join(import.meta.dirname, "..", "..");
const absent = readFileSync(join(import.meta.dirname, "absent-commands.txt"), "utf8")
  .split("\n")
  .filter((line) => !/^(?:#|\[|$)/.test(line))
  .flatMap((line) => line.split(" "));

async function commandsOf(server: typeof redis): Promise<string[]> {
  await using client = await server.connect();
  return (await client.send("COMMAND", "LIST")) as string[];
}

test("every command of Redis is there, or in the list of those that are not", async () => {
  const [theirs, ours] = await Promise.all([commandsOf(redis), commandsOf(tested)]);
  const top = (names: string[]): number => names.filter((name) => !name.includes("|")).length;
  // Else nothing was compared.
  expect([top(theirs), theirs.length - top(theirs)]).toEqual([240, 126]);
  expect(theirs.filter((name) => !ours.includes(name)).toSorted()).toEqual(absent.toSorted());
  expect(ours.filter((name) => !theirs.includes(name)).toSorted()).toEqual(additionalCommands);
});

test("COMMAND COUNT counts what COMMAND LIST lists", async () => {
  await using client = await tested.connect();
  const names = (await commandsOf(tested)).filter((name) => !name.includes("|"));
  expect(await client.send("COMMAND", "COUNT")).toBe(names.length);
});

test("what is not there is unknown, and documented", async () => {
  await using client = await tested.connect();
  const docs = readFileSync(join(root, "docs", "compatibility.md"), "utf8").toUpperCase();
  for (const name of absent) {
    const words = name.toUpperCase().split("|");
    expect(String(await client.send(...words)), name).toMatch(/ERR unknown (?:sub)?command/);
    expect(docs, `docs/compatibility.md names ${words[0]}`).toContain(`\`${words[0]}`);
  }
});

/** Rows that were shown to Redis and to leveldis must tell the same, down to flags, keys and categories. */
test("COMMAND INFO and COMMAND DOCS of what both have are equal", async () => {
  const [theirs, ours] = await Promise.all([commandsOf(redis), commandsOf(tested)]);
  // A container shows its subcommands: those that differ in them are left out.
  const differing = new Set([...absent, ...additionalCommands].map((name) => name.split("|")[0]!));
  const both = theirs.filter((name) => ours.includes(name) && !differing.has(name.split("|")[0]!));
  expect(both.length).toBeGreaterThan(200);
  await using first = await redis.connect3();
  await using second = await tested.connect3();
  for (const name of both.filter((command) => !command.includes("|"))) {
    for (const sub of ["INFO", "DOCS"]) {
      const [expected, actual] = await Promise.all([
        first.sendExact("COMMAND", sub, name),
        second.sendExact("COMMAND", sub, name),
      ]);
      expect(sorted(actual), `COMMAND ${sub} ${name}`).toEqual(sorted(expected));
    }
  }
});

/** Subcommands come in the order of a hash table. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const elements = value.map(sorted);
    const names = elements.map((element) => (Array.isArray(element) ? String(element[0]) : ""));
    return names.length > 1 && names.every((name) => name.includes("|"))
      ? elements.toSorted((a, b) => (String((a as unknown[])[0]) < String((b as unknown[])[0]) ? -1 : 1))
      : elements;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, part]) => [key, sorted(part)] as const);
    const [first] = entries;
    if (first?.[0] === "map" || first?.[0] === "set") return { [first[0]]: sortedMap(first[1]) };
    return Object.fromEntries(entries);
  }
  return value;
}

function sortedMap(flat: unknown): unknown {
  if (!Array.isArray(flat)) return flat;
  if (!flat.some((part) => typeof part === "string" && part.includes("|"))) return flat;
  const pairs: [string, unknown][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([String(flat[i]), flat[i + 1]]);
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
