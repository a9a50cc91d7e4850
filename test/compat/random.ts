import fc from "fast-check";
import { commandsOf } from "./grammar.ts";
import { type Disagreement, type Pair, showCommand, showDisagreement } from "./pair.ts";
import { randomCommands } from "./random-commands.ts";
import { relaxationOf } from "./relaxations.ts";

export interface RandomOptions {
  readonly seed: number;
  /** Number of sequences, and the longest of them. */
  readonly runs: number;
  readonly length: number;
}

/** Random sequences of a group's commands (with generic ones between), shrunk to a short one that shows the difference. */
export async function compareRandomSequences(
  pair: Pair,
  group: string,
  options: RandomOptions,
): Promise<void> {
  const own = randomCommands[group]!.map(commandsOf);
  const between = randomCommands["generic"]!.map(commandsOf);
  const all = Object.values(randomCommands).flat().map(commandsOf);
  const command =
    group === "generic"
      ? fc.oneof(...all)
      : fc.oneof({ weight: 6, arbitrary: fc.oneof(...own) }, { weight: 1, arbitrary: fc.oneof(...between) });
  await compare(pair, fc.array(command, { maxLength: options.length, size: "max" }), options);
}

/** Random transactions over the commands of all groups whose replies Redis fixes to the byte. */
export async function compareRandomTransactions(pair: Pair, options: RandomOptions): Promise<void> {
  const command = fc
    .oneof(...Object.values(randomCommands).flat().map(commandsOf))
    .filter((words) => relaxationOf(words, pair.resp) === "exact" && !DRAWS.test(words[0]!));
  const transaction = fc
    .tuple(
      fc.array(command, { minLength: 1, maxLength: 10 }),
      fc.constantFrom("EXEC", "EXEC", "EXEC", "DISCARD"),
    )
    .map(([commands, end]) => [["MULTI"], ...commands, [end]]);
  const sequence = fc
    .array(
      fc.oneof(
        transaction,
        command.map((words) => [words]),
      ),
      { maxLength: options.length, size: "max" },
    )
    .map((parts) => parts.flat());
  await compare(pair, sequence, options);
}

/** Runs the commands in ARGV, each behind the number of its words; `call` stops at the first that fails. */
export const runAll = (call: "call" | "pcall"): string => `
  local replies, at = {}, 1
  while at <= #ARGV do
    local words = tonumber(ARGV[at])
    replies[#replies + 1] = redis.${call}(unpack(ARGV, at + 1, at + words))
    at = at + words + 1
  end
  return replies`;

/** Random scripts that call commands of all groups whose replies Redis fixes to the byte, which no script declares. */
export async function compareRandomScripts(pair: Pair, options: RandomOptions): Promise<void> {
  const command = fc
    .oneof(...Object.values(randomCommands).flat().map(commandsOf))
    .filter((words) => relaxationOf(words, pair.resp) === "exact" && !DRAWS.test(words[0]!));
  const script = fc
    .tuple(
      fc.array(command, { minLength: 1, maxLength: 10 }),
      fc.constantFrom("call" as const, "pcall" as const),
    )
    .map(([commands, call]) => {
      const words = commands.flatMap((command) => [String(command.length), ...command]);
      return ["EVAL", runAll(call), "0", ...words];
    });
  const sequence = fc.array(fc.oneof({ weight: 3, arbitrary: script }, { weight: 2, arbitrary: command }), {
    maxLength: options.length,
    size: "max",
  });
  await compare(pair, sequence, options);
}

/** What draws and answers an array that `exact` cannot compare inside of EXEC's. */
const DRAWS = /^(?:sort|sort_ro|object|spop)$/i;

async function compare(
  pair: Pair,
  sequences: fc.Arbitrary<string[][]>,
  options: RandomOptions,
): Promise<void> {
  const property = fc.asyncProperty(sequences, async (commands) => {
    const found = await runSequence(pair, commands);
    if (found !== undefined) throw new Error(showDisagreement(found));
  });
  const result = await fc.check(property, { seed: options.seed, numRuns: options.runs });
  if (!result.failed) return;
  const [commands] = result.counterexample!;
  const error = result.errorInstance as Error;
  const sequence = commands.map((words) => `  ${showCommand(words)}`).join("\n");
  throw new Error(
    `seed ${options.seed}, path ${result.counterexamplePath}:\n${sequence}\ndisagree at ${error.message}`,
  );
}

async function runSequence(pair: Pair, commands: readonly string[][]): Promise<Disagreement | undefined> {
  await pair.reset();
  const sorts = commands.some(([name]) => name!.toUpperCase().startsWith("SORT"));
  // What a sequence did to encodings is beyond what a command's name tells.
  const encodings = sorts ? "listpack for skiplist" : "int for embstr";
  const run = (command: readonly string[]): Promise<Disagreement | undefined> => {
    const [name, sub] = command.map((word) => word.toUpperCase());
    return pair.run(command, name === "OBJECT" && sub === "ENCODING" ? encodings : undefined);
  };
  for (const command of commands) {
    const found = await run(command);
    if (found !== undefined) return found;
  }
  return compareData(pair, run);
}

/** Equal replies are not enough: what is left must be equal as well. */
async function compareData(
  pair: Pair,
  run: (command: readonly string[]) => Promise<Disagreement | undefined>,
): Promise<Disagreement | undefined> {
  for (const db of ["0", "1"]) {
    const found = (await run(["SELECT", db])) ?? (await run(["DBSIZE"])) ?? (await run(["KEYS", "*"]));
    if (found !== undefined) return found;
    for (const key of await pair.keys()) {
      const look = lookAt[await pair.typeOf(key)];
      for (const command of [
        ["TYPE", key],
        ["PTTL", key],
        ["OBJECT", "ENCODING", key],
        ...(look?.(key) ?? []),
      ]) {
        const disagreement = await run(command);
        if (disagreement !== undefined) return disagreement;
      }
    }
  }
  return undefined;
}

const lookAt: Readonly<Record<string, (key: string) => string[][]>> = {
  list: (key) => [
    ["LRANGE", key, "0", "-1"],
    ["LLEN", key],
  ],
  string: (key) => [["GET", key]],
  stream: (key) => [
    ["XRANGE", key, "-", "+"],
    ["XINFO", "STREAM", key, "FULL", "COUNT", "0"],
    ["XINFO", "STREAM", key],
    ["XINFO", "GROUPS", key],
  ],
  hash: (key) => [
    ["HGETALL", key],
    ["HLEN", key],
  ],
  set: (key) => [
    ["SMEMBERS", key],
    ["SCARD", key],
  ],
  zset: (key) => [
    ["ZRANGE", key, "0", "-1", "WITHSCORES"],
    ["ZCARD", key],
  ],
};
