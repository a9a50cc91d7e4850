import fc from "fast-check";
import { expect, test } from "vitest";
import { useCompat } from "./compat.ts";
import { showDisagreement } from "./pair.ts";
import { randomScriptCalls } from "./random-script-calls.ts";
import {
  BIT,
  CJSON_DECODE,
  CJSON_ENCODE,
  CJSON_SETTINGS,
  CMSGPACK_PACK,
  CMSGPACK_UNPACK,
  NUMBER_TEXTS,
  showing,
  STRUCT,
} from "./script-libraries.ts";

const compat = useCompat();

test.each([
  ["cjson.encode", CJSON_ENCODE],
  ["cjson.decode", CJSON_DECODE],
  ["cjson's settings", CJSON_SETTINGS],
  ["numbers in JSON", NUMBER_TEXTS],
  ["cmsgpack.pack", CMSGPACK_PACK],
  ["cmsgpack.unpack", CMSGPACK_UNPACK],
  ["struct", STRUCT],
  ["bit", BIT],
])(
  "%s",
  async (_, expressions) => {
    const pair = compat.pair(2);
    const found = [];
    for (const expression of expressions) {
      const disagreement = await pair.run(["EVAL", showing(expression), "0"]);
      if (disagreement !== undefined) found.push(`${expression}\n${showDisagreement(disagreement)}`);
    }
    expect(found.length, found.slice(0, 20).join("\n")).toBe(0);
  },
  20_000,
);

const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = 25 * Number(process.env["COMPAT_RUNS"] ?? 40);

test(`random calls, COMPAT_SEED=${seed}`, { timeout: 3_600_000 }, async () => {
  const pair = compat.pair(2);
  await fc.assert(
    fc.asyncProperty(randomScriptCalls, async ([script, ...args]) => {
      const disagreement = await pair.run(["EVAL", script, "0", ...args]);
      if (disagreement !== undefined) throw new Error(showDisagreement(disagreement));
    }),
    { seed, numRuns: runs },
  );
});
