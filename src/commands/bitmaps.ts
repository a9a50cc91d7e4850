import { COUNT_ROWS } from "./bitmaps/count.ts";
import { FIELD_ROWS } from "./bitmaps/fields.ts";
import { OPERATION_ROWS } from "./bitmaps/operation.ts";
import { POSITION_ROWS } from "./bitmaps/position.ts";
import { SINGLE_ROWS } from "./bitmaps/single.ts";
import type { CommandGroup } from "./command.ts";

export const BITMAPS: CommandGroup = {
  name: "bitmap",
  rows: { ...SINGLE_ROWS, ...COUNT_ROWS, ...POSITION_ROWS, ...OPERATION_ROWS, ...FIELD_ROWS },
};
