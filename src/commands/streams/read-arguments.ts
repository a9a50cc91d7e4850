import { CommandError, SYNTAX } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { integerArgument, optionWord } from "../arguments.ts";
import { parseInteger } from "../../support/integers.ts";

const BAD_TIMEOUT = new CommandError("ERR timeout is not an integer or out of range");
const NEGATIVE_TIMEOUT = new CommandError("ERR timeout is negative");
const UNBALANCED = new CommandError(
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
);
const GROUP_WITHOUT = new CommandError(
  "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
const NOACK_WITHOUT = new CommandError(
  "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);
const MISSING_GROUP = new CommandError("ERR Missing GROUP option for XREADGROUP");

export interface ReadArguments {
  /** Entries of each stream, 0 for all. */
  readonly count: number;
  /** How long to wait, 0 for ever; null for not at all. */
  readonly blockMs: number | null;
  /** Of XREADGROUP. */
  readonly group: Bytes;
  readonly consumer: Bytes;
  readonly noack: boolean;
  readonly isGroup: boolean;
  readonly keys: readonly Bytes[];
  /** As they were given, one for each key. */
  readonly ids: readonly Bytes[];
  /** Where the ids begin among the arguments. */
  readonly idsAt: number;
}

/** The arguments of XREAD and XREADGROUP. */
export function readArguments(args: readonly Bytes[], isGroup: boolean, isInScript: boolean): ReadArguments {
  let count = 0;
  let blockMs: number | null = null;
  let names: readonly [group: Bytes, consumer: Bytes] | null = null;
  let noack = false;
  let keysAt = 0;
  for (let at = 1; at < args.length && keysAt === 0; at++) {
    const word = optionWord(args[at]!);
    const more = args.length - at - 1;
    if (word === "BLOCK" && more > 0) {
      if (isInScript)
        throw new CommandError(`ERR ${args[0]!} command is not allowed with BLOCK option from scripts`);
      blockMs = timeoutArgument(args[++at]!);
    } else if (word === "COUNT" && more > 0) {
      count = Math.max(integerArgument(args[++at]!), 0);
    } else if (word === "STREAMS" && more > 0) {
      keysAt = at + 1;
      if ((args.length - keysAt) % 2 !== 0) throw UNBALANCED;
    } else if (word === "GROUP" && more >= 2) {
      if (!isGroup) throw GROUP_WITHOUT;
      names = [args[at + 1]!, args[at + 2]!];
      at += 2;
    } else if (word === "NOACK") {
      if (!isGroup) throw NOACK_WITHOUT;
      noack = true;
    } else {
      throw SYNTAX;
    }
  }
  if (keysAt === 0) throw SYNTAX;
  if (isGroup && names === null) throw MISSING_GROUP;
  const [group, consumer] = names ?? ["", ""];
  const idsAt = keysAt + (args.length - keysAt) / 2;
  const keys = args.slice(keysAt, idsAt);
  return { count, blockMs, group, consumer, noack, isGroup, keys, ids: args.slice(idsAt), idsAt };
}

function timeoutArgument(text: Bytes): number {
  const timeoutMs = parseInteger(text);
  if (timeoutMs === null) throw BAD_TIMEOUT;
  if (timeoutMs < 0) throw NEGATIVE_TIMEOUT;
  return Number(timeoutMs);
}
