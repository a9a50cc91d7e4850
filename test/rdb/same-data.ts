import type { Client } from "../support/client.ts";

/** What a client can learn of a key. Order of unordered collections apart, two servers with the same data say the same. */
const QUESTIONS: readonly (readonly string[])[] = [
  ["TYPE"],
  ["PEXPIRETIME"],
  ["OBJECT", "ENCODING"],
  ["DEBUG", "DIGEST-VALUE"],
];

const KEYS_AT_ONCE = 250;

export interface Difference {
  readonly database: number;
  readonly key: string;
  readonly question: string;
  readonly expected: string;
  readonly found: string;
}

export interface CompareOptions {
  readonly databases?: number;
  /** Encodings may differ. */
  readonly ignoreEncodings?: boolean;
}

/** Compares all data of two servers, key by key; both allow DEBUG. Keys are latin1 strings. */
export async function differences(
  expected: Client,
  tested: Client,
  { databases = 16, ignoreEncodings = false }: CompareOptions = {},
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (let database = 0; database < databases; database++) {
    for (const client of [expected, tested]) await client.sendRaw("SELECT", database);
    const keys = await keysOf(expected);
    const keysFound = await keysOf(tested);
    for (const key of new Set([...keys, ...keysFound])) {
      if (keys.has(key) && keysFound.has(key)) continue;
      const is = (there: boolean): string => (there ? "there" : "not there");
      found.push({
        database,
        key,
        question: "EXISTS",
        expected: is(keys.has(key)),
        found: is(keysFound.has(key)),
      });
    }
    const questions = ignoreEncodings ? QUESTIONS.filter(([word]) => word !== "OBJECT") : QUESTIONS;
    const list = [...keys].filter((key) => keysFound.has(key));
    for (let at = 0; at < list.length; at += KEYS_AT_ONCE) {
      const some = list.slice(at, at + KEYS_AT_ONCE);
      const types = await expected.pipelineRaw(some.map((key) => ["TYPE", bytes(key)]));
      const asked = some.flatMap((key, i) => {
        const isStream = types[i]!.latin1Slice() === "+stream\r\n";
        const all = isStream ? [...questions, ["XINFO", "STREAM"]] : questions;
        return all.map((words) => ({ key, words }));
      });
      const commands = asked.map(({ key, words }) => [
        ...words,
        bytes(key),
        ...(words[0] === "XINFO" ? ["FULL", "COUNT", 0] : []),
      ]);
      const [a, b] = await Promise.all([expected.pipelineRaw(commands), tested.pipelineRaw(commands)]);
      asked.forEach(({ key, words }, i) => {
        const [x, y] = [normal(a[i]!), normal(b[i]!)];
        if (x !== y) found.push({ database, key, question: words[0]!, expected: x, found: y });
      });
    }
  }
  return found;
}

const bytes = (key: string): Buffer => Buffer.from(key, "latin1");

/** The tree that Redis keeps a stream's nodes in has another shape after it was loaded. */
function normal(reply: Buffer): string {
  return reply.latin1Slice().replace(/(radix-tree-(?:keys|nodes)\r\n):[0-9]+/g, "$1:…");
}

async function keysOf(client: Client): Promise<Set<string>> {
  const keys = (await client.sendExact("KEYS", "*")) as string[];
  return new Set(keys);
}
