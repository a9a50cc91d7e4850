import { describe, expect, test } from "vitest";
import type { CommandGroup, CommandRow } from "../../src/commands/command.ts";
import {
  countedKeys,
  keyAt,
  keyBehind,
  keysBehind,
  keysBetween,
  keysOfPairs,
  unknownKeys,
} from "../../src/commands/key-spec.ts";
import { setKeys, sortKeys } from "../../src/commands/find-keys.ts";
import { Command } from "../../src/commands/registered-command.ts";
import { CommandTable } from "../../src/commands/table.ts";
import { CommandError } from "../../src/errors.ts";

const run = (): number => 0;
const doc = (syntax?: string): CommandRow["doc"] => ({
  summary: "",
  since: "1.0.0",
  ...(syntax && { syntax }),
});
const get: CommandRow = {
  arity: 2,
  flags: ["readonly", "fast"],
  keys: [keyAt(1, "RO", "access")],
  doc: doc("key"),
  run,
};
const config: CommandRow = {
  arity: -2,
  flags: [],
  doc: doc(),
  subcommands: { get: { arity: -3, flags: ["admin"], doc: doc("(parameter)..."), run } },
};

function table(rows: CommandGroup["rows"], name = "string"): CommandTable {
  return new CommandTable([{ name, rows }]);
}

function errorOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
  throw new Error("no error");
}

describe("looking up", () => {
  const commands = table({ get, config });

  test("a name in any letter case", () => {
    for (const name of ["get", "GET", "Get", "gET"]) expect(commands.find([name, "k"])?.fullName).toBe("get");
    expect(commands.find(["gets", "k"])).toBeUndefined();
  });

  test("a subcommand in any letter case, and the container itself", () => {
    expect(commands.find(["CONFIG", "Get", "*"])?.fullName).toBe("config|get");
    expect(commands.find(["config"])?.fullName).toBe("config");
    expect(commands.find(["config", "nope"])).toBeUndefined();
    expect(commands.byFullName("Config|GET")?.fullName).toBe("config|get");
    expect(commands.byFullName("get|config")).toBeUndefined();
    expect(commands.byFullName("config|get|x")).toBeUndefined();
  });

  test("names of what every object has are no commands", () => {
    expect(commands.find(["constructor"])).toBeUndefined();
    expect(commands.find(["__proto__"])).toBeUndefined();
    expect(commands.find(["config", "tostring"])).toBeUndefined();
  });

  test("size and iteration", () => {
    expect(commands.size).toBe(2);
    expect([...commands].map((command) => command.fullName)).toEqual(["get", "config"]);
    expect([...commands.withSubcommands()].map((command) => command.fullName)).toEqual([
      "get",
      "config",
      "config|get",
    ]);
  });

  test("errors", () => {
    expect(errorOf(() => commands.resolve(["nope", "a", "b"]))).toBe(
      "ERR unknown command 'nope', with args beginning with: 'a' 'b' ",
    );
    expect(errorOf(() => commands.resolve(["a\r\nb", "c\0d"]))).toBe(
      "ERR unknown command 'a  b', with args beginning with: 'c' ",
    );
    expect(errorOf(() => commands.resolve(["x".repeat(200), "y".repeat(200), "z"]))).toBe(
      `ERR unknown command '${"x".repeat(128)}', with args beginning with: '${"y".repeat(128)}' `,
    );
    expect(errorOf(() => commands.resolve(["conFIG", "nope"]))).toBe(
      "ERR unknown subcommand 'nope'. Try CONFIG HELP.",
    );
    expect(errorOf(() => commands.resolve(["config"]).checkArity(1))).toBe(
      "ERR wrong number of arguments for 'config' command",
    );
    expect(errorOf(() => commands.resolve(["config", "get"]).checkArity(2))).toBe(
      "ERR wrong number of arguments for 'config|get' command",
    );
  });
});

describe("arity", () => {
  test("exactly, and at least", () => {
    const exactly = new Command("get", get, "string");
    expect([1, 2, 3].map((count) => exactly.hasArity(count))).toEqual([false, true, false]);
    const atLeast = new Command("del", { ...get, arity: -2 }, "generic");
    expect([1, 2, 3].map((count) => atLeast.hasArity(count))).toEqual([false, true, true]);
  });
});

describe("categories", () => {
  const of = (row: Partial<CommandRow>, group: string): string =>
    new Command("x", { ...get, flags: [], ...row }, group).categories.join(" ");

  test.each([
    ["string slow", "string", {}],
    ["write sortedset fast", "sorted-set", { flags: ["write", "fast"] }],
    [
      "keyspace read slow dangerous",
      "generic",
      { flags: ["readonly"], categories: ["keyspace", "dangerous"] },
    ],
    ["read set slow", "generic", { flags: ["readonly"], categories: ["set"] }],
    ["admin slow dangerous", "server", { flags: ["admin"] }],
    ["slow scripting", "scripting", { flags: ["readonly"] }],
    ["slow", "connection", { subcommands: { a: get } }],
  ] as const)("%s, of the group %s", (expected, group, row) => {
    expect(of(row as Partial<CommandRow>, group)).toBe(expected);
  });
});

describe("keys of a call", () => {
  const keys = (row: Partial<CommandRow>, ...args: string[]): readonly number[] => {
    const command = new Command("x", { ...get, arity: -1, ...row }, "string");
    expect(command.keyPositionsOf(args)).toEqual(command.keysOf(args).map((key) => key.position));
    return command.keyPositionsOf(args);
  };

  test("at a place", () => {
    expect(keys({}, "get", "a")).toEqual([1]);
    expect(keys({ keys: [keyAt(2)] }, "object", "encoding", "a")).toEqual([2]);
    expect(keys({ keys: [keyAt(1), keyAt(2)] }, "rename", "a", "b")).toEqual([1, 2]);
    expect(keys({ keys: [] }, "ping", "a")).toEqual([]);
  });

  test("to a place or the end", () => {
    expect(keys({ keys: [keysBetween(1, 2)] }, "lcs", "a", "b", "len")).toEqual([1, 2]);
    expect(keys({ keys: [keysBetween(1, -1)] }, "mget", "a", "b", "c")).toEqual([1, 2, 3]);
    expect(keys({ keys: [keysBetween(1, -2)] }, "blpop", "a", "b", "0")).toEqual([1, 2]);
    expect(keys({ keys: [keysOfPairs(1)] }, "mset", "a", "1", "b", "2")).toEqual([1, 3]);
  });

  test("counted", () => {
    expect(keys({ keys: [countedKeys(1)] }, "zunion", "2", "a", "b", "withscores")).toEqual([2, 3]);
    for (const count of ["3", "0", "-1", "x", "", "1e0", "99999999999999999999"]) {
      expect(keys({ keys: [countedKeys(1)] }, "zunion", count, "a", "b")).toEqual([]);
    }
    expect(keys({ keys: [keyAt(1), countedKeys(2)] }, "zunionstore", "d", "1", "a")).toEqual([1, 3]);
  });

  test("behind a keyword", () => {
    expect(
      keys({ keys: [keysBehind("STREAMS", 1, 2)] }, "xread", "count", "1", "streams", "a", "b", "0", "0"),
    ).toEqual([4, 5]);
    expect(keys({ keys: [keyAt(1), keyBehind("STORE", 3)] }, "georadius", "a", "1", "store", "b")).toEqual([
      1, 4,
    ]);
    expect(keys({ keys: [keyAt(1), keyBehind("STORE", 3)] }, "georadius", "a", "1", "m")).toEqual([1]);
    expect(keys({ keys: [keysBehind("KEYS", -2, 0)] }, "migrate", "x", "keys", "a", "b")).toEqual([3, 4]);
  });

  test("found by the row's own function where the specifications do not tell", () => {
    const sort = { keys: [keyAt(1), unknownKeys(), unknownKeys()], findKeys: sortKeys };
    expect(
      keys(sort, "sort", "a", "limit", "store", "b", "get", "store", "store", "c", "store", "d"),
    ).toEqual([1, 10]);
    expect(keys({ keys: [unknownKeys()] }, "x", "a")).toEqual([]);
    const set = new Command(
      "set",
      { ...get, arity: -3, keys: [keyAt(1, "RW", "variable_flags")], findKeys: setKeys },
      "string",
    );
    expect(set.keysOf(["set", "get", "get", "GEt"])[0]?.flags).toEqual(["RW", "access", "update"]);
    expect(set.keysOf(["set", "get", "get"])[0]?.flags).toEqual(["OW", "update"]);
  });

  test("what is no key is not among them", () => {
    const publish = new Command("spublish", { ...get, arity: 3, keys: [keyAt(1, "not_key")] }, "pubsub");
    expect(publish.keysOf(["spublish", "c", "m"])).toEqual([]);
    expect(publish.hasKeys).toBe(false);
  });
});

describe("a bad row stops the start and is named", () => {
  test.each([
    ["a handler is missing", { ...get, run: undefined }, "no handler"],
    ["an unknown flag", { ...get, flags: ["quick"] }, "unknown flag quick"],
    ["write and readonly", { ...get, flags: ["write", "readonly"] }, "write and readonly"],
    ["a flag twice", { ...get, flags: ["fast", "fast"] }, "a flag twice"],
    ["an unknown category", { ...get, categories: ["strings"] }, "unknown category strings"],
    ["arity 0", { ...get, arity: 0 }, "arity 0"],
    ["arity beyond the syntax", { ...get, arity: 3 }, "arity 3, but the syntax has 2 to 2"],
    [
      "arity that the syntax does not fix",
      { ...get, doc: doc("key...") },
      "arity 2, but the syntax has 2 to Infinity",
    ],
    ["open arity, fixed syntax", { ...get, arity: -3 }, "arity -3, but the syntax has 2 to 2"],
    ["malformed syntax", { ...get, doc: doc("key [x") }, "syntax: unbalanced brackets at the end"],
    [
      "a key outside of the arguments",
      { ...get, keys: [keyAt(2)] },
      "no argument at 2, where a key should be",
    ],
    [
      "an unknown flag of a key",
      { ...get, keys: [{ ...keyAt(1), flags: ["R"] }] },
      "unknown flag R of a key",
    ],
    [
      "a key without specification",
      { ...get, keys: [] },
      "the syntax names key specification 0, there are 0",
    ],
    ["an empty container", { ...config, subcommands: {} }, "a container without subcommands"],
    ["a container's arity", { ...config, arity: 2 }, "the arity of a container is -2"],
  ])("%s", (_, row, reason) => {
    expect(() => table({ bad: row as CommandRow })).toThrow(`command table: bad: ${reason}`);
  });

  test("names", () => {
    expect(() => table({ Get: get })).toThrow("command table: Get: a name is lower case");
    expect(() => table({ config: { ...config, subcommands: { "a|b": get } } })).toThrow(
      "command table: config|a|b",
    );
    expect(
      () =>
        new CommandTable([
          { name: "string", rows: { get } },
          { name: "hash", rows: { get } },
        ]),
    ).toThrow("command table: get: two rows");
  });

  test("in a subcommand", () => {
    const bad = { ...config, subcommands: { get: { ...get, flags: ["quick"] } } } as unknown as CommandRow;
    expect(() => table({ config: bad })).toThrow("command table: config|get: unknown flag quick");
  });
});

test("statistics are kept by command and can be reset", () => {
  const commands = table({ get, config });
  const { statistics } = commands.find(["config", "get"])!;
  Object.assign(statistics, { calls: 2, usec: 10, rejected: 1, failed: 1 });
  expect(commands.find(["get"])!.statistics.calls).toBe(0);
  commands.resetStatistics();
  expect(statistics).toMatchObject({ calls: 0, usec: 0, rejected: 0, failed: 0, latency: null });
});
