import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { splitArgs } from "../../src/support/split-args.ts";
import { defaultKind, type TestServer } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";
import { type Disagreement, Pair, showDisagreement } from "./pair.ts";
import type { Relaxation } from "./relaxations.ts";

/**
 * A command as typed (quotes and escapes as in redis-cli), with a relaxation where the command does not already
 * imply it.
 */
export type Row = string | readonly [command: string, relaxation?: Relaxation];

export interface Compat {
  /** The rows run in order on empty servers, once in RESP2 and once in RESP3; all disagreements are shown. */
  (title: string, rows: readonly Row[]): void;
  /** For tests that bring their own commands. */
  readonly pair: (resp: 2 | 3) => Pair;
}

/**
 * Starts a redis-server beside the server under test, with the same thresholds, for all tests of a file.
 * `args` are for both, `leveldisArgs` for leveldis alone.
 */
export function useCompat(args: readonly string[] = [], leveldisArgs: readonly string[] = []): Compat {
  const redis = useServer({ kind: "redis", args });
  const tested = useServer({ args: defaultKind() === "redis" ? args : [...args, ...leveldisArgs] });
  const pairs = new Map<2 | 3, Pair>();
  beforeAll(async () => {
    for (const resp of [2, 3] as const) pairs.set(resp, await makePair(redis, tested, resp));
  });
  afterAll(() => pairs.clear());
  const pair = (resp: 2 | 3): Pair => pairs.get(resp)!;
  const compat = (title: string, rows: readonly Row[]): void => {
    describe(title, () => {
      test.each([2, 3] as const)("RESP%i", async (resp) => {
        const found = await runRows(pair(resp), rows);
        expect(found.length, found.map(showDisagreement).join("\n")).toBe(0);
      });
    });
  };
  return Object.assign(compat, { pair });
}

async function makePair(redis: TestServer, tested: TestServer, resp: 2 | 3): Promise<Pair> {
  const connect = (server: TestServer) => (resp === 2 ? server.connect() : server.connect3());
  return new Pair(await connect(redis), await connect(tested), resp);
}

async function runRows(pair: Pair, rows: readonly Row[]): Promise<Disagreement[]> {
  await pair.reset();
  const found: Disagreement[] = [];
  for (const row of rows) {
    const [text, relaxation] = typeof row === "string" ? [row] : row;
    const command = splitArgs(text);
    if (command === null) throw new Error(`cannot be split into arguments: ${text}`);
    const disagreement = await pair.run(command, relaxation);
    if (disagreement !== undefined) found.push(disagreement);
  }
  return found;
}
