import { CommandError } from "../errors.ts";

/** Draws with repetition can be asked for in any number, which a client reads as they are made, and a script has in memory. */
const MAX_DRAWS = 1_000_000;

/** `count` draws for a script. @throws CommandError */
export function drawsInScript<Item>(count: number, draw: () => Item): Item[] {
  if (count > MAX_DRAWS) throw TOO_MANY;
  return Array.from({ length: count }, draw);
}

const TOO_MANY = new CommandError("ERR The reply is too large for a script");
