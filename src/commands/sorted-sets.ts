import type { CommandGroup } from "./command.ts";
import { ALGEBRA_ROWS } from "./sorted-sets/algebra.ts";
import { BLOCKING_ROWS } from "./sorted-sets/blocking.ts";
import { RANGE_ROWS } from "./sorted-sets/ranges.ts";
import { REMOVAL_ROWS } from "./sorted-sets/removals.ts";
import { SCORE_ROWS } from "./sorted-sets/scores.ts";
import { UNORDERED_ROWS } from "./sorted-sets/unordered.ts";

export const SORTED_SETS: CommandGroup = {
  name: "sorted-set",
  rows: {
    ...SCORE_ROWS,
    ...RANGE_ROWS,
    ...REMOVAL_ROWS,
    ...ALGEBRA_ROWS,
    ...UNORDERED_ROWS,
    ...BLOCKING_ROWS,
  },
};
