import type { CommandGroup } from "./command.ts";
import { MEMBER_ROWS } from "./geo/members.ts";
import { SEARCH_ROWS } from "./geo/searches.ts";

export const GEO: CommandGroup = { name: "geo", rows: { ...MEMBER_ROWS, ...SEARCH_ROWS } };
