import { SYNTAX } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { optionWord } from "../arguments.ts";

/** Whether a range is told in bits: BYTE, BIT, or nothing. @throws SYNTAX */
export function isUnitBit(text: Bytes | undefined): boolean {
  if (text === undefined) return false;
  const word = optionWord(text);
  if (word !== "BIT" && word !== "BYTE") throw SYNTAX;
  return word === "BIT";
}
