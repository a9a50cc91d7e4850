import { CommandError, SYNTAX } from "../../errors.ts";
import type { FieldType, Overflow } from "../../support/bit-fields.ts";
import type { Bytes } from "../../support/bytes.ts";
import { parseInteger } from "../../support/integers.ts";
import { int64Argument, optionWord } from "../arguments.ts";
import type { Context } from "../command.ts";
import { bitOffset } from "./offset.ts";

/** One GET, SET or INCRBY of BITFIELD. */
export interface FieldOperation {
  readonly name: "GET" | "SET" | "INCRBY";
  readonly type: FieldType;
  /** In bits. */
  readonly offset: number;
  /** What to set, or to add; 0 for GET. */
  readonly value: bigint;
  readonly overflow: Overflow;
}

/** What BITFIELD and BITFIELD_RO have behind the key. @throws SYNTAX, and what is wrong with one of them */
export function fieldOperations(context: Context, args: readonly Bytes[]): FieldOperation[] {
  const operations: FieldOperation[] = [];
  let overflow: Overflow = "WRAP";
  for (let at = 2; at < args.length;) {
    const name = optionWord(args[at]!);
    const behind = args.length - at - 1;
    if (name === "OVERFLOW" && behind >= 1) {
      overflow = overflowArgument(args[at + 1]!);
      at += 2;
    } else if ((name === "GET" && behind >= 2) || ((name === "SET" || name === "INCRBY") && behind >= 3)) {
      const type = fieldType(args[at + 1]!);
      const offset = bitOffset(context, args[at + 2]!, type.bits);
      const value = name === "GET" ? 0n : BigInt(int64Argument(args[at + 3]!));
      operations.push({ name, type, offset, value, overflow });
      at += name === "GET" ? 3 : 4;
    } else {
      throw SYNTAX;
    }
  }
  return operations;
}

function overflowArgument(text: Bytes): Overflow {
  const word = optionWord(text);
  if (word !== "WRAP" && word !== "SAT" && word !== "FAIL") throw BAD_OVERFLOW;
  return word;
}

/** `u8` ⇒ 8 bits without sign. @throws BAD_TYPE */
function fieldType(text: Bytes): FieldType {
  const isSigned = text.startsWith("i");
  if (!isSigned && !text.startsWith("u")) throw BAD_TYPE;
  const bits = parseInteger(text.slice(1));
  if (bits === null || bits < 1 || bits > (isSigned ? 64 : 63)) throw BAD_TYPE;
  return { isSigned, bits: Number(bits) };
}

const BAD_OVERFLOW = new CommandError("ERR Invalid OVERFLOW type specified");
const BAD_TYPE = new CommandError(
  "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
);
