import type { CommandGroup } from "./command.ts";
import { EVAL } from "./scripting/eval.ts";
import { FCALL } from "./scripting/fcall.ts";
import { FUNCTION } from "./scripting/function.ts";
import { SCRIPT } from "./scripting/script.ts";

/** Scripts and functions: https://redis.io/docs/latest/develop/programmability/ */
export const SCRIPTING: CommandGroup = {
  name: "scripting",
  rows: { ...EVAL, ...FCALL, ...SCRIPT, ...FUNCTION },
};
