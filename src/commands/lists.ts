import type { CommandGroup } from "./command.ts";
import { BLOCKING_ROWS } from "./lists/blocking.ts";
import { ELEMENT_ROWS } from "./lists/elements.ts";
import { END_ROWS } from "./lists/ends.ts";
import { MOVE_ROWS } from "./lists/moves.ts";

export const LISTS: CommandGroup = {
  name: "list",
  rows: { ...END_ROWS, ...ELEMENT_ROWS, ...MOVE_ROWS, ...BLOCKING_ROWS },
};
