import { expect, test } from "vitest";
import { useCompat } from "./compat.ts";
import { showDisagreement } from "./pair.ts";
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
