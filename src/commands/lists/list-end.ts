import { SYNTAX } from "../../errors.ts";
import type { End } from "../../keyspace/list.ts";
import type { Bytes } from "../../support/bytes.ts";
import { optionWord } from "../arguments.ts";

/** LEFT or RIGHT. @throws SYNTAX */
export function endArgument(text: Bytes): End {
  const word = optionWord(text);
  if (word === "LEFT") return "head";
  if (word === "RIGHT") return "tail";
  throw SYNTAX;
}

export const PUSH_EVENTS = { head: "lpush", tail: "rpush" } as const;
export const POP_EVENTS = { head: "lpop", tail: "rpop" } as const;
export const POP_COMMANDS = { head: "LPOP", tail: "RPOP" } as const;
/** The words as Redis tells them to replicas by itself. */
export const END_WORDS = { head: "left", tail: "right" } as const;
