import { isCanonicalInt64 } from "../support/integers.ts";
import type { Entry } from "./entry.ts";

/** Redis keeps strings up to this length in one piece with their object. */
const MAX_EMBEDDED_BYTES = 44;

/** What OBJECT ENCODING calls the string that an entry holds. */
export function stringEncoding(entry: Entry): "int" | "embstr" | "raw" {
  const { value } = entry;
  if (typeof value !== "string" || entry.isRaw || value.length > MAX_EMBEDDED_BYTES) return "raw";
  return isCanonicalInt64(value) ? "int" : "embstr";
}
