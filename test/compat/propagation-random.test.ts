import fc from "fast-check";
import { describe, test } from "vitest";
import { commandsOf } from "./grammar.ts";
import { showCommand } from "./pair.ts";
import { RESET, differenceOf, usePropagation } from "./propagation.ts";
import { randomCommands } from "./random-commands.ts";
import { runAll } from "./random.ts";
import { failsSilently } from "./replicated.ts";

/** What replicas are told of random sequences: as they are, in transactions, in scripts. */
const { told } = usePropagation(["--hz", "500", "--stream-node-max-entries", "3"]);

const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = Number(process.env["COMPAT_RUNS"] ?? 20);
const length = Number(process.env["COMPAT_LENGTH"] ?? 60);

console.log(`propagation: COMPAT_SEED=${seed} COMPAT_RUNS=${runs} COMPAT_LENGTH=${length}`);

/** What draws at random leaves different data behind. */
const DRAWS = /^(?:spop|randomkey|srandmember|hrandfield|zrandmember)$/i;
/** What RESTORE is given is another server's own affair. */
const ENCODES = /^dump$/i;

const isComparable = (words: readonly string[]): boolean =>
  !DRAWS.test(words[0]!) && !ENCODES.test(words[0]!) && !failsSilently(words);

describe.each(Object.keys(randomCommands))("random sequences of %s", (group) => {
  const own = randomCommands[group]!.map(commandsOf);
  const between = randomCommands["generic"]!.map(commandsOf);
  const command = fc
    .oneof({ weight: 6, arbitrary: fc.oneof(...own) }, { weight: 1, arbitrary: fc.oneof(...between) })
    .filter(isComparable);
  const sequence = fc.array(command, { maxLength: length, size: "max" });

  test("one by one", { timeout: 3_600_000 }, async () => {
    await check(sequence, (commands) => commands);
  });

  test("in transactions", { timeout: 3_600_000 }, async () => {
    await check(sequence, (commands) => [["MULTI"], ...commands, ["EXEC"]]);
  });

  test("in scripts", { timeout: 3_600_000 }, async () => {
    await check(sequence, (commands) => {
      const words = commands.flatMap((command) => [String(command.length), ...command]);
      return [["EVAL", runAll("pcall"), "0", ...words]];
    });
  });
});

async function check(
  sequences: fc.Arbitrary<string[][]>,
  sentFor: (commands: string[][]) => string[][],
): Promise<void> {
  const property = fc.asyncProperty(sequences, async (commands) => {
    const difference = differenceOf(await told([...RESET, ...sentFor(commands)]));
    if (difference !== undefined) throw new Error(difference);
  });
  const result = await fc.check(property, { seed, numRuns: runs });
  if (!result.failed) return;
  const sequence = result.counterexample![0].map((words) => `  ${showCommand(words)}`).join("\n");
  throw new Error(`seed ${seed}:\n${sequence}\ndisagree:\n${(result.errorInstance as Error).message}`);
}
