import type { CommandGroup } from "./command.ts";
import { COUNTER_ROWS } from "./strings/counters.ts";
import { FILE_ROWS } from "./strings/files.ts";
import { GET_ROWS } from "./strings/get.ts";
import { LCS_ROWS } from "./strings/lcs.ts";
import { RANGE_ROWS } from "./strings/ranges.ts";
import { SET_ROWS } from "./strings/set.ts";

export const STRINGS: CommandGroup = {
  name: "string",
  rows: { ...SET_ROWS, ...GET_ROWS, ...COUNTER_ROWS, ...RANGE_ROWS, ...LCS_ROWS, ...FILE_ROWS },
};
