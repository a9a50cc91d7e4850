import { CommandError, unsupportedOption } from "../errors.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { type TimeUnitMs, anyExpiryArgument, optionWord } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { expireAt } from "./expire-at.ts";
import { keyAt } from "./key-spec.ts";

/** When keys go. */
export const EXPIRY: CommandGroup = {
  name: "generic",
  rows: {
    expire: {
      arity: -3,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "update")],
      doc: {
        summary: "Set a key's time to live in seconds",
        since: "1.0.0",
        complexity: "O(1)",
        history: [["7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`."]],
        syntax: "key seconds:integer condition:[NX | XX | GT | LT]@7.0.0",
      },
      run: expire,
    },
    expireat: {
      arity: -3,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "update")],
      doc: {
        summary: "Set the expiration for a key as a UNIX timestamp",
        since: "1.2.0",
        complexity: "O(1)",
        history: [["7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`."]],
        syntax: "key unix-time-seconds:unix-time condition:[NX | XX | GT | LT]@7.0.0",
      },
      run: expireat,
    },
    expiretime: {
      arity: 2,
      flags: ["readonly", "fast"],
      keys: [keyAt(1, "RO", "access")],
      doc: {
        summary: "Get the expiration Unix timestamp for a key",
        since: "7.0.0",
        complexity: "O(1)",
        syntax: "key",
      },
      run: expiretime,
    },
    persist: {
      arity: 2,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "update")],
      doc: {
        summary: "Remove the expiration from a key",
        since: "2.2.0",
        complexity: "O(1)",
        syntax: "key",
      },
      run: persist,
    },
    pexpire: {
      arity: -3,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "update")],
      doc: {
        summary: "Set a key's time to live in milliseconds",
        since: "2.6.0",
        complexity: "O(1)",
        history: [["7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`."]],
        syntax: "key milliseconds:integer condition:[NX | XX | GT | LT]@7.0.0",
      },
      run: pexpire,
    },
    pexpireat: {
      arity: -3,
      flags: ["write", "fast"],
      keys: [keyAt(1, "RW", "update")],
      doc: {
        summary: "Set the expiration for a key as a UNIX timestamp specified in milliseconds",
        since: "2.6.0",
        complexity: "O(1)",
        history: [["7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`."]],
        syntax: "key unix-time-milliseconds:unix-time condition:[NX | XX | GT | LT]@7.0.0",
      },
      run: pexpireat,
    },
    pexpiretime: {
      arity: 2,
      flags: ["readonly", "fast"],
      keys: [keyAt(1, "RO", "access")],
      doc: {
        summary: "Get the expiration Unix timestamp for a key in milliseconds",
        since: "7.0.0",
        complexity: "O(1)",
        syntax: "key",
      },
      run: pexpiretime,
    },
    pttl: {
      arity: 2,
      flags: ["readonly", "fast"],
      keys: [keyAt(1, "RO", "access")],
      tips: ["nondeterministic_output"],
      doc: {
        summary: "Get the time to live for a key in milliseconds",
        since: "2.6.0",
        complexity: "O(1)",
        history: [["2.8.0", "Added the -2 reply."]],
        syntax: "key",
      },
      run: pttl,
    },
    ttl: {
      arity: 2,
      flags: ["readonly", "fast"],
      keys: [keyAt(1, "RO", "access")],
      tips: ["nondeterministic_output"],
      doc: {
        summary: "Get the time to live for a key in seconds",
        since: "1.0.0",
        complexity: "O(1)",
        history: [["2.8.0", "Added the -2 reply."]],
        syntax: "key",
      },
      run: ttl,
    },
  },
};

function expire(context: Context, args: readonly Bytes[]): Reply {
  return setExpiry(context, args, "expire", 1000, context.nowMs);
}

function pexpire(context: Context, args: readonly Bytes[]): Reply {
  return setExpiry(context, args, "pexpire", 1, context.nowMs);
}

function expireat(context: Context, args: readonly Bytes[]): Reply {
  return setExpiry(context, args, "expireat", 1000, 0);
}

function pexpireat(context: Context, args: readonly Bytes[]): Reply {
  return setExpiry(context, args, "pexpireat", 1, 0);
}

function setExpiry(
  { db, nowMs, propagation }: Context,
  args: readonly Bytes[],
  name: string,
  unitMs: TimeUnitMs,
  baseMs: number,
): Reply {
  const condition = conditionOf(args);
  const expiresAtMs = anyExpiryArgument(args[2]!, unitMs, baseMs, name);
  const entry = db.find(args[1]!);
  if (entry === null || !holds(condition, expiresAtMs, entry.expiresAtMs)) return 0;
  expireAt(db, entry, expiresAtMs, nowMs, propagation);
  if (expiresAtMs > nowMs && propagation.isWanted) {
    const word = name === "pexpireat" ? args[0]! : "PEXPIREAT";
    const time = unitMs === 1 && baseMs === 0 ? args[2]! : String(expiresAtMs);
    propagation.instead([word, args[1]!, time, ...args.slice(3)]);
  }
  return 1;
}

interface Condition {
  NX: boolean;
  XX: boolean;
  GT: boolean;
  LT: boolean;
}

function conditionOf(args: readonly Bytes[]): Condition {
  const condition: Condition = { NX: false, XX: false, GT: false, LT: false };
  for (let at = 3; at < args.length; at++) {
    const word = optionWord(args[at]!);
    if (word !== "NX" && word !== "XX" && word !== "GT" && word !== "LT") throw unsupportedOption(args[at]!);
    condition[word] = true;
  }
  if (condition.NX && (condition.XX || condition.GT || condition.LT)) throw NX_WITH_OTHERS;
  if (condition.GT && condition.LT) throw GT_WITH_LT;
  return condition;
}

const NX_WITH_OTHERS = new CommandError(
  "ERR NX and XX, GT or LT options at the same time are not compatible",
);
const GT_WITH_LT = new CommandError("ERR GT and LT options at the same time are not compatible");

/** `current`: 0 for none, which lies behind any time. */
function holds({ NX, XX, GT, LT }: Condition, wanted: number, current: number): boolean {
  if (current === 0) return !XX && !GT;
  return !NX && !(GT && wanted <= current) && !(LT && wanted >= current);
}

function ttl({ db, nowMs }: Context, args: readonly Bytes[]): Reply {
  return inSeconds(timeOf({ db, nowMs }, args[1]!));
}

function pttl({ db, nowMs }: Context, args: readonly Bytes[]): Reply {
  return inMs(timeOf({ db, nowMs }, args[1]!));
}

function expiretime({ db }: Context, args: readonly Bytes[]): Reply {
  return inSeconds(timeOf({ db, nowMs: 0 }, args[1]!));
}

function pexpiretime({ db }: Context, args: readonly Bytes[]): Reply {
  return inMs(timeOf({ db, nowMs: 0 }, args[1]!));
}

/** From `nowMs` to the key's expiry; -1 when it has none, -2 when there is no such key. */
function timeOf({ db, nowMs }: Pick<Context, "db" | "nowMs">, key: Bytes): number {
  const entry = db.inspect(key);
  if (entry === null) return -2;
  return entry.expiresAtMs === 0 ? -1 : entry.expiresAtMs - nowMs;
}

function inSeconds(ms: number): number {
  return ms < 0 ? ms : Math.floor((ms + 500) / 1000);
}

/** A reply in digits, however large. */
function inMs(ms: number): number | bigint {
  return Number.isSafeInteger(ms) ? ms : BigInt(ms);
}

function persist({ db }: Context, args: readonly Bytes[]): Reply {
  const entry = db.find(args[1]!);
  if (entry === null || entry.expiresAtMs === 0) return 0;
  db.setExpiry(entry, 0);
  db.event("generic", "persist", entry.key);
  return 1;
}
