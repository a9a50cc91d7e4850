import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { useServer } from "../support/use-server.ts";
import { fillWithSmall } from "./every-encoding.ts";
import { Dice, damaged, intactFiles, loadDamaged } from "./damage.ts";

/** scripts/rdb-fuzz has more. */
const CASES = Number(process.env["TEST_CASES"] ?? 80);
/** Repeats a run. */
const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);

const redis = useServer({ kind: "redis", variant: "normal" });
let files: Buffer[];

beforeAll(async () => {
  const client = await redis.connect();
  await fillWithSmall(client);
  await client.send("SAVE");
  const recent = readFileSync(join(redis.dir, "dump.rdb"));
  // It has what the others have not: as often as a few of them.
  files = intactFiles(
    5000,
    Array.from({ length: 10 }, () => recent),
  );
});

test(
  `damaged files are refused, or load as a whole (seed ${seed})`,
  { timeout: 60_000 + CASES * 1000 },
  async () => {
    const outcomes = { refused: 0, loaded: 0 };
    for (let i = 0; i < CASES; i++) {
      const dice = new Dice(seed + i);
      const file = damaged(files[dice.below(files.length)]!, dice);
      try {
        outcomes[await loadDamaged(file, join(redis.dir, "damaged.rdb"))]++;
      } catch (cause) {
        throw new Error(`case ${i} of seed ${seed}: ${file.toString("base64")}`, { cause });
      }
      if (i % 500 === 499) console.log(`${i + 1} cases: ${JSON.stringify(outcomes)}`);
    }
    expect(outcomes.refused).toBeGreaterThan(CASES / 4);
    expect(outcomes.loaded).toBeGreaterThan(0);
  },
);
