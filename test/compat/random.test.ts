import { describe, test } from "vitest";
import { variant } from "../support/variant.ts";
import { useCompat } from "./compat.ts";
import { compareRandomSequences } from "./random.ts";
import { randomCommands } from "./random-commands.ts";

/** The collections of a random sequence are small: thresholds in the middle of their sizes meet both encodings. */
const inTheMiddle = [
  ["--hash-max-listpack-entries", "3"],
  ["--zset-max-listpack-entries", "3"],
  ["--set-max-intset-entries", "3"],
  ["--list-max-listpack-size", "3"],
  ["--stream-node-max-entries", "3"],
].flat();
/** Ten times a second is how often Redis looks whether someone has waited long enough. */
const oftenEnough = ["--hz", "500", "--enable-debug-command", "yes"];
const { pair } =
  variant === "unpacked"
    ? useCompat(oftenEnough)
    : useCompat(
        [...inTheMiddle, ...oftenEnough],
        ["--set-max-listpack-entries", "3", "--stream-max-packed-bytes", "200"],
      );
const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = Number(process.env["COMPAT_RUNS"] ?? 40);
const length = Number(process.env["COMPAT_LENGTH"] ?? 60);

console.log(`random sequences: COMPAT_SEED=${seed} COMPAT_RUNS=${runs} COMPAT_LENGTH=${length}`);

describe.each(Object.keys(randomCommands))("random sequences of %s", (group) => {
  test.each([2, 3] as const)("RESP%i", { timeout: 3_600_000 }, async (resp) => {
    await compareRandomSequences(pair(resp), group, { seed, runs, length });
  });
});
