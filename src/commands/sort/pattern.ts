import { BigString } from "../../keyspace/big-string.ts";
import type { Database } from "../../keyspace/database.ts";
import { Hash } from "../../keyspace/hash.ts";
import type { Bytes } from "../../support/bytes.ts";

/**
 * Patterns of BY and GET: `weight_*` is the string at the key that has the element in place of the first `*`,
 * `user_*->name` a field of the hash there, `#` the element itself. A pattern without `*` finds nothing. Redis
 * looks for `*` and `->` up to the first NUL.
 */
export type Pattern =
  | { readonly kind: "element" }
  | { readonly kind: "nothing" }
  | {
      readonly kind: "key";
      readonly prefix: Bytes;
      readonly suffix: Bytes;
      /** Null for a string. */
      readonly field: Bytes | null;
    };

export function parsePattern(text: Bytes): Pattern {
  if (text === "#") return { kind: "element" };
  const nul = text.indexOf("\0");
  const searched = nul < 0 ? text : text.slice(0, nul);
  const star = searched.indexOf("*");
  if (star < 0) return { kind: "nothing" };
  const prefix = text.slice(0, star);
  const arrow = searched.indexOf("->", star + 1);
  if (arrow < 0 || arrow + 2 === searched.length) {
    return { kind: "key", prefix, suffix: text.slice(star + 1), field: null };
  }
  return { kind: "key", prefix, suffix: text.slice(star + 1, arrow), field: text.slice(arrow + 2) };
}

interface LookUp {
  readonly pattern: Pattern;
  readonly element: Bytes;
}

/** What each pattern finds for its element; null where there is nothing, or another type. All is read at once. */
export function lookUp(db: Database, lookUps: readonly LookUp[]): (Bytes | null)[] {
  const keys: Bytes[] = [];
  for (const { pattern, element } of lookUps) {
    if (pattern.kind === "key") keys.push(pattern.prefix + element + pattern.suffix);
  }
  db.ready(keys);
  let next = 0;
  return db.readTogether(lookUps, ({ pattern, element }) => {
    if (pattern.kind === "element") return element;
    if (pattern.kind === "nothing") return null;
    return valueAt(db, keys[next++]!, pattern.field);
  });
}

function valueAt(db: Database, key: Bytes, field: Bytes | null): Bytes | null {
  const value = db.find(key)?.value ?? null;
  if (value === null) db.missed(key);
  if (field !== null) return value instanceof Hash ? value.get(field) : null;
  if (value instanceof BigString) return value.slice(0, value.length);
  return typeof value === "string" ? value : null;
}
