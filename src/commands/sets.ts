import type { CommandGroup } from "./command.ts";
import { ALGEBRA_ROWS } from "./sets/algebra.ts";
import { DRAW_ROWS } from "./sets/draws.ts";
import { MEMBER_ROWS } from "./sets/members.ts";

export const SETS: CommandGroup = { name: "set", rows: { ...MEMBER_ROWS, ...DRAW_ROWS, ...ALGEBRA_ROWS } };
