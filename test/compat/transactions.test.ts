import { test } from "vitest";
import { variant } from "../support/variant.ts";
import { useCompat } from "./compat.ts";
import { compareRandomTransactions } from "./random.ts";

// A transaction that faults in its middle is taken back and starts again: large collections have to fault for that.
const faulting = variant === "unpacked" ? ["--debug-fault-every-read", "yes"] : [];
const { pair } = useCompat([], faulting);
const seed = Number(process.env["COMPAT_SEED"] ?? Math.floor(Math.random() * 0x7fffffff));
const runs = Number(process.env["COMPAT_RUNS"] ?? 40);
const length = Number(process.env["COMPAT_LENGTH"] ?? 15);

console.log(`random transactions: COMPAT_SEED=${seed} COMPAT_RUNS=${runs} COMPAT_LENGTH=${length}`);

test.each([2, 3] as const)("random transactions, RESP%i", { timeout: 3_600_000 }, async (resp) => {
  await compareRandomTransactions(pair(resp), { seed, runs, length });
});
