import { wrongArity } from "../../errors.ts";
import type { BigString } from "../../keyspace/big-string.ts";
import type { Database } from "../../keyspace/database.ts";
import type { Propagation } from "../../keyspace/propagation.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type TimeUnitMs, expiryArgument } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { setKeys } from "../find-keys.ts";
import { keyAt, keysOfPairs, noted } from "../key-spec.ts";
import { bulk } from "./bulk.ts";
import { expiryOf, stringOptions } from "./options.ts";

export const SET_ROWS = {
  set: {
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [
      noted(
        keyAt(1, "RW", "access", "update", "variable_flags"),
        "RW and ACCESS due to the optional `GET` argument",
      ),
    ],
    findKeys: setKeys,
    doc: {
      summary: "Set the string value of a key",
      since: "1.0.0",
      complexity: "O(1)",
      history: [
        ["2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."],
        ["6.0.0", "Added the `KEEPTTL` option."],
        ["6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."],
        ["7.0.0", "Allowed the `NX` and `GET` options to be used together."],
      ],
      syntax:
        "key value condition:[NX | XX]@2.6.12 [GET]@6.2.0 " +
        "expiration:[EX seconds:integer@2.6.12 | PX milliseconds:integer@2.6.12 | EXAT unix-time-seconds:unix-time@6.2.0 | PXAT unix-time-milliseconds:unix-time@6.2.0 | KEEPTTL@6.0.0]",
    },
    run: set,
  },
  setnx: {
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "OW", "insert")],
    doc: {
      summary: "Set the value of a key, only if the key does not exist",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key value",
    },
    run: setnx,
  },
  setex: {
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update")],
    doc: {
      summary: "Set the value and expiration of a key",
      since: "2.0.0",
      complexity: "O(1)",
      syntax: "key seconds:integer value",
    },
    run: setex,
  },
  psetex: {
    arity: 4,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "OW", "update")],
    doc: {
      summary: "Set the value and expiration in milliseconds of a key",
      since: "2.6.0",
      complexity: "O(1)",
      syntax: "key milliseconds:integer value",
    },
    run: psetex,
  },
  getset: {
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "access", "update")],
    doc: {
      summary: "Set the string value of a key and return its old value",
      since: "1.0.0",
      complexity: "O(1)",
      deprecated: { since: "6.2.0", replacedBy: "`SET` with the `!GET` argument" },
      syntax: "key value",
    },
    run: getset,
  },
  mset: {
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [keysOfPairs(1, "OW", "update")],
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    doc: {
      summary: "Set multiple keys to multiple values",
      since: "1.0.1",
      complexity: "O(N) where N is the number of keys to set.",
      syntax: "(key value)...",
    },
    run: mset,
  },
  msetnx: {
    arity: -3,
    flags: ["write", "denyoom"],
    keys: [keysOfPairs(1, "OW", "insert")],
    tips: ["request_policy:multi_shard", "response_policy:agg_min"],
    doc: {
      summary: "Set multiple keys to multiple values, only if none of the keys exist",
      since: "1.0.1",
      complexity: "O(N) where N is the number of keys to set.",
      syntax: "(key value)...",
    },
    run: msetnx,
  },
} satisfies Record<string, CommandRow>;

function set(context: Context, args: readonly Bytes[]): Reply {
  if (args.length > 3) return setWithOptions(context, args);
  store(context.db, args[1]!, args[2]!);
  return OK;
}

function store(db: Database, key: Bytes, bytes: Bytes, expiresAtMs = 0): void {
  db.putBytes(key, bytes, expiresAtMs);
  db.event("string", "set", key);
}

function setWithOptions(context: Context, args: readonly Bytes[]): Reply {
  const { db, nowMs, propagation } = context;
  const key = args[1]!;
  const options = stringOptions(args, 3, "set");
  const expiresAtMs = expiryOf(options, nowMs, "set");
  const old = options.get ? stringToReplace(db, key) : null;
  const entry = db.find(key);
  const isWanted = options.condition === null || (options.condition === "NX") === (entry === null);
  const reply = options.get ? bulk(old) : isWanted ? OK : null;
  if (isWanted) {
    const keptMs = options.lifetime === "KEEPTTL" && entry !== null ? entry.expiresAtMs : 0;
    store(db, key, args[2]!, expiresAtMs || keptMs);
    if (expiresAtMs !== 0) {
      propagateSet(propagation, key, args[2]!, expiresAtMs);
      db.event("generic", "expire", key);
    } else if (options.get && propagation.isWanted) {
      propagation.instead(args.filter((word, at) => at < 3 || word.toUpperCase() !== "GET"));
    }
  }
  return reply;
}

/** A time that is told late is still the same time. */
function propagateSet(propagation: Propagation, key: Bytes, value: Bytes, expiresAtMs: number): void {
  if (propagation.isWanted) propagation.instead(["SET", key, value, "PXAT", String(expiresAtMs)]);
}

function setnx({ db }: Context, args: readonly Bytes[]): Reply {
  if (db.find(args[1]!) !== null) return 0;
  store(db, args[1]!, args[2]!);
  return 1;
}

function setex(context: Context, args: readonly Bytes[]): Reply {
  return setFor(context, args, 1000, "setex");
}

function psetex(context: Context, args: readonly Bytes[]): Reply {
  return setFor(context, args, 1, "psetex");
}

function setFor(
  { db, nowMs, propagation }: Context,
  args: readonly Bytes[],
  unitMs: TimeUnitMs,
  command: string,
): Reply {
  const expiresAtMs = expiryArgument(args[2]!, unitMs, nowMs, command);
  store(db, args[1]!, args[3]!, expiresAtMs);
  propagateSet(propagation, args[1]!, args[3]!, expiresAtMs);
  db.event("generic", "expire", args[1]!);
  return OK;
}

function getset({ db, propagation }: Context, args: readonly Bytes[]): Reply {
  const old = bulk(stringToReplace(db, args[1]!));
  store(db, args[1]!, args[2]!);
  propagation.instead(["SET", args[1]!, args[2]!]);
  return old;
}

function stringToReplace(db: Database, key: Bytes): Bytes | BigString | null {
  const value = db.string(key);
  if (value === null) db.missed(key);
  return value;
}

function mset({ db }: Context, args: readonly Bytes[]): Reply {
  if (args.length % 2 === 0) throw wrongArity("mset");
  db.ready(pairKeys(args));
  for (let at = 1; at < args.length; at += 2) store(db, args[at]!, args[at + 1]!);
  return OK;
}

function msetnx({ db }: Context, args: readonly Bytes[]): Reply {
  if (args.length % 2 === 0) throw wrongArity("msetnx");
  const keys = pairKeys(args);
  db.ready(keys);
  if (keys.some((key) => db.find(key) !== null)) return 0;
  for (let at = 1; at < args.length; at += 2) store(db, args[at]!, args[at + 1]!);
  return 1;
}

function pairKeys(args: readonly Bytes[]): Bytes[] {
  const keys: Bytes[] = [];
  for (let at = 1; at < args.length; at += 2) keys.push(args[at]!);
  return keys;
}
