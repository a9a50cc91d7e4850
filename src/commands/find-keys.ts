import type { Bytes } from "../support/bytes.ts";
import type { KeyReference } from "./key-spec.ts";

/**
 * The `findKeys` of the rows whose key specifications are not enough: where a key stands, or what is done to it,
 * depends on options. Arguments that do not fit give the keys that are sure; the handler reports the error.
 */

/** SET reads the old value only with the option GET. */
export function setKeys(args: readonly Bytes[]): KeyReference[] {
  const hasGet = args.some((arg, at) => at >= 3 && arg.toUpperCase() === "GET");
  return [{ position: 1, flags: hasGet ? ["RW", "access", "update"] : ["OW", "update"] }];
}

/** SORT has a second key behind STORE; the last STORE counts. */
export function sortKeys(args: readonly Bytes[]): KeyReference[] {
  const keys = sortReadOnlyKeys();
  for (let at = 2; at < args.length; at++) {
    const option = args[at]!.toUpperCase();
    if (option === "LIMIT") at += 2;
    else if (option === "GET" || option === "BY") at += 1;
    else if (option === "STORE" && at + 1 < args.length)
      keys[1] = { position: at + 1, flags: ["OW", "update"] };
  }
  return keys;
}

/** The keys that BY and GET patterns lead to cannot be told from the arguments. */
export function sortReadOnlyKeys(): KeyReference[] {
  return [{ position: 1, flags: ["RO", "access"] }];
}

/** BITFIELD changes its key only with SET or INCRBY; what cannot be read may well have been meant to. */
export function bitfieldKeys(args: readonly Bytes[]): KeyReference[] {
  for (let at = 2; at < args.length;) {
    const name = args[at]!.toUpperCase();
    const behind = args.length - at - 1;
    if (name === "GET" && behind >= 2) at += 3;
    else if (name === "OVERFLOW" && behind >= 1) at += 2;
    else return [{ position: 1, flags: ["RW", "access", "update"] }];
  }
  return [{ position: 1, flags: ["RO", "access"] }];
}

/** GEORADIUS and GEORADIUSBYMEMBER have a second key behind STORE or STOREDIST; the last one counts. */
export function georadiusKeys(args: readonly Bytes[]): KeyReference[] {
  const keys: KeyReference[] = [{ position: 1, flags: ["RO", "access"] }];
  for (let at = 5; at + 1 < args.length; at++) {
    const option = args[at]!.toUpperCase();
    if (option === "STORE" || option === "STOREDIST") keys[1] = { position: ++at, flags: ["OW", "update"] };
  }
  return keys;
}

/** MIGRATE has its key in the fourth place, or, if that is empty, several behind KEYS. */
export function migrateKeys(args: readonly Bytes[]): KeyReference[] {
  const flags = ["RW", "access", "delete"] as const;
  for (let at = 6; at < args.length; at++) {
    const option = args[at]!.toUpperCase();
    if (option === "KEYS") {
      if (args[3] !== "") return [];
      return args.slice(at + 1).map((_, i) => ({ position: at + 1 + i, flags }));
    }
    if (option === "AUTH") at += 1;
    else if (option === "AUTH2") at += 2;
  }
  return [{ position: 3, flags }];
}
