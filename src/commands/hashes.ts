import type { CommandGroup } from "./command.ts";
import { COUNTER_ROWS } from "./hashes/counters.ts";
import { FIELD_ROWS } from "./hashes/fields.ts";
import { FILE_ROWS } from "./hashes/files.ts";
import { RANDOM_ROWS } from "./hashes/random.ts";
import { WHOLE_ROWS } from "./hashes/whole.ts";

export const HASHES: CommandGroup = {
  name: "hash",
  rows: { ...FIELD_ROWS, ...COUNTER_ROWS, ...WHOLE_ROWS, ...RANDOM_ROWS, ...FILE_ROWS },
};
