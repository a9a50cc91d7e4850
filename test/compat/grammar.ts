import fc from "fast-check";
import { pools } from "./pools.ts";

/**
 * Random commands from lines like
 *
 *     ZADD zset [NX|XX] [GT|LT] [CH] [INCR] scores
 *
 * Words in capitals stand for themselves (in either case), lower-case words for an argument from the pool of that
 * name, `(a|b)` for one of both, and what is in brackets may be absent.
 */
export function commandsOf(line: string): fc.Arbitrary<string[]> {
  const tokens = line.match(/[[\]()|]|[^\s[\]()|]+/g) ?? [];
  const reader = { tokens, at: 0 };
  const command = sequence(reader);
  if (reader.at !== tokens.length)
    throw new Error(`unbalanced brackets, or a choice outside of them: ${line}`);
  return fc.tuple(command, mutation).map(([words, mutate]) => {
    const mutated = mutate(words);
    return isOverSoon(mutated) ? words : mutated;
  });
}

/** PSETEX with value and milliseconds exchanged: two servers are not asked at the same millisecond. */
function isOverSoon([name, , milliseconds]: readonly string[]): boolean {
  return /^psetex$/i.test(name!) && Number(milliseconds) > 0 && Number(milliseconds) < 100_000;
}

interface TokenReader {
  readonly tokens: readonly string[];
  at: number;
}

function alternatives(reader: TokenReader): fc.Arbitrary<string[]> {
  const choices = [sequence(reader)];
  while (reader.tokens[reader.at] === "|") {
    reader.at++;
    choices.push(sequence(reader));
  }
  return choices.length === 1 ? choices[0]! : fc.oneof(...choices);
}

function sequence(reader: TokenReader): fc.Arbitrary<string[]> {
  const parts: fc.Arbitrary<string[]>[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (token === undefined || token === "|" || token === "]" || token === ")") break;
    reader.at++;
    if (token === "[") {
      const optional = alternatives(reader);
      if (reader.tokens[reader.at++] !== "]") throw new Error("a bracket is not closed");
      // Absence first: fast-check shrinks towards it.
      parts.push(
        fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, { weight: 2, arbitrary: optional }),
      );
    } else if (token === "(") {
      parts.push(alternatives(reader));
      if (reader.tokens[reader.at++] !== ")") throw new Error("a bracket is not closed");
    } else parts.push(word(token));
  }
  return fc.tuple(...parts).map((values) => values.flat());
}

function word(token: string): fc.Arbitrary<string[]> {
  if (token === token.toUpperCase()) {
    const inCapitals = { weight: 9, arbitrary: fc.constant<string[]>([token]) };
    return fc.oneof(inCapitals, { weight: 1, arbitrary: fc.constant<string[]>([token.toLowerCase()]) });
  }
  const pool = pools[token];
  if (pool === undefined) throw new Error(`no pool of arguments is called ${token}`);
  return pool;
}

/** One command in ten or so is wrong in its form. The name stays. */
const mutation: fc.Arbitrary<(words: string[]) => string[]> = fc.oneof(
  { weight: 12, arbitrary: fc.constant((words: string[]) => words) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.nat(100),
        fc.constantFrom("drop", "double", "swap", "insert"),
        fc.constantFrom("NX", "LIMIT", "1", "", "WITHSCORES", "abc"),
      )
      .map(([position, kind, extra]) => (words: string[]) => {
        if (words.length < 2) return words;
        const at = 1 + (position % (words.length - 1));
        const [before, here, after] = [words.slice(0, at), words[at]!, words.slice(at + 1)];
        if (kind === "drop") return [...before, ...after];
        if (kind === "double") return [...before, here, here, ...after];
        if (kind === "insert") return [...before, extra, here, ...after];
        return after.length === 0 ? words : [...before, after[0]!, here, ...after.slice(1)];
      }),
  },
);
