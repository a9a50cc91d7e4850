import type { CommandGroup } from "./command.ts";
import { CLAIM_ROWS } from "./streams/claim.ts";
import { ENTRY_ROWS } from "./streams/entries.ts";
import { GROUP_ROWS } from "./streams/groups.ts";
import { INFO_ROWS } from "./streams/info.ts";
import { PENDING_ROWS } from "./streams/pending.ts";
import { RANGE_ROWS } from "./streams/ranges.ts";
import { READ_ROWS } from "./streams/read.ts";

export const STREAMS: CommandGroup = {
  name: "stream",
  rows: {
    ...ENTRY_ROWS,
    ...RANGE_ROWS,
    ...READ_ROWS,
    ...GROUP_ROWS,
    ...PENDING_ROWS,
    ...CLAIM_ROWS,
    ...INFO_ROWS,
  },
};
