import { SYNTAX } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type TimeUnitMs, expiryArgument, optionWord } from "../arguments.ts";

/** What SET and GETEX take behind their fixed arguments. */
export interface StringOptions {
  readonly condition: "NX" | "XX" | null;
  readonly get: boolean;
  /** At most one of these in a call. */
  readonly lifetime: Lifetime | null;
  /** What came with EX, PX, EXAT or PXAT. */
  readonly time: Bytes;
}

type Lifetime = TimedOption | "KEEPTTL" | "PERSIST";
type TimedOption = "EX" | "PX" | "EXAT" | "PXAT";

const TIMED: Readonly<Record<TimedOption, { readonly unitMs: TimeUnitMs; readonly fromNow: boolean }>> = {
  EX: { unitMs: 1000, fromNow: true },
  PX: { unitMs: 1, fromNow: true },
  EXAT: { unitMs: 1000, fromNow: false },
  PXAT: { unitMs: 1, fromNow: false },
};

/** Options may come more than once, but not with another that contradicts. @throws SYNTAX */
export function stringOptions(args: readonly Bytes[], from: number, command: "set" | "getex"): StringOptions {
  let condition: StringOptions["condition"] = null;
  let get = false;
  let lifetime: Lifetime | null = null;
  let time = "";
  const isSet = command === "set";
  for (let at = from; at < args.length; at++) {
    const word = optionWord(args[at]!);
    switch (word) {
      case "NX":
      case "XX":
        if (!isSet || (condition !== null && condition !== word)) throw SYNTAX;
        condition = word;
        break;
      case "GET":
        if (!isSet) throw SYNTAX;
        get = true;
        break;
      case "KEEPTTL":
      case "PERSIST":
        if (isSet !== (word === "KEEPTTL") || (lifetime !== null && lifetime !== word)) throw SYNTAX;
        lifetime = word;
        break;
      case "EX":
      case "PX":
      case "EXAT":
      case "PXAT":
        if (++at === args.length || (lifetime !== null && lifetime !== word)) throw SYNTAX;
        lifetime = word;
        time = args[at]!;
        break;
      default:
        throw SYNTAX;
    }
  }
  return { condition, get, lifetime, time };
}

/** The Unix time in ms that EX, PX, EXAT or PXAT give, 0 without. @throws NOT_AN_INTEGER, invalidExpire */
export function expiryOf({ lifetime, time }: StringOptions, nowMs: number, command: "set" | "getex"): number {
  if (lifetime === null || lifetime === "KEEPTTL" || lifetime === "PERSIST") return 0;
  const { unitMs, fromNow } = TIMED[lifetime];
  return expiryArgument(time, unitMs, fromNow ? nowMs : 0, command);
}
