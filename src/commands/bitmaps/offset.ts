import { CommandError } from "../../errors.ts";
import type { Bytes } from "../../support/bytes.ts";
import { parseInteger } from "../../support/integers.ts";
import type { Context } from "../command.ts";

/**
 * The offset of a bit in a string as long as a string may be. Of fields that are `fieldBits` wide (0: none) it can be
 * `#3`, the fourth of them. A master has its own limits. @throws BAD_OFFSET
 */
export function bitOffset({ client, server }: Context, text: Bytes, fieldBits = 0): number {
  const isCounted = fieldBits > 0 && text.startsWith("#");
  const value = parseInteger(isCounted ? text.slice(1) : text);
  if (value === null) throw BAD_OFFSET;
  // The product wraps, as in C.
  const offset = isCounted ? Number(BigInt.asIntN(64, BigInt(value) * BigInt(fieldBits))) : Number(value);
  const limit = client.type === "master" ? Infinity : server.config.values.protoMaxBulkLen;
  if (offset < 0 || Math.floor(offset / 8) >= limit) throw BAD_OFFSET;
  return offset;
}

const BAD_OFFSET = new CommandError("ERR bit offset is not an integer or out of range");
