import { type Reply } from "../../resp/reply.ts";
import type { BigString } from "../../keyspace/big-string.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt, keysBetween, noted } from "../key-spec.ts";
import { expireAt } from "../expire-at.ts";
import { bulk } from "./bulk.ts";
import { expiryOf, stringOptions } from "./options.ts";

export const GET_ROWS = {
  get: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get the value of a key",
      since: "1.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: get,
  },
  mget: {
    arity: -2,
    flags: ["readonly", "fast"],
    keys: [keysBetween(1, -1, "RO", "access")],
    tips: ["request_policy:multi_shard"],
    doc: {
      summary: "Get the values of all the given keys",
      since: "1.0.0",
      complexity: "O(N) where N is the number of keys to retrieve.",
      syntax: "key...",
    },
    run: mget,
  },
  getdel: {
    arity: 2,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "access", "delete")],
    doc: {
      summary: "Get the value of a key and delete the key",
      since: "6.2.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: getdel,
  },
  getex: {
    arity: -2,
    flags: ["write", "fast"],
    keys: [noted(keyAt(1, "RW", "access", "update"), "RW and UPDATE because it changes the TTL")],
    doc: {
      summary: "Get the value of a key and optionally set its expiration",
      since: "6.2.0",
      complexity: "O(1)",
      syntax:
        "key " +
        "expiration:[EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST]",
    },
    run: getex,
  },
} satisfies Record<string, CommandRow>;

function get({ db }: Context, args: readonly Bytes[]): Reply {
  return bulk(db.string(args[1]!));
}

/** A key of another type counts as none. */
function mget({ db }: Context, args: readonly Bytes[]): Reply {
  const keys = args.slice(1);
  db.ready(keys);
  const values = keys.map((key) => {
    const entry = db.find(key);
    return entry?.type === "string" ? (entry.value as Bytes | BigString) : null;
  });
  return values.map(bulk);
}

function getdel({ db, propagation, server }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const value = db.string(key);
  if (value === null) {
    db.missed(key);
    return null;
  }
  const reply = bulk(value);
  db.delete(key);
  db.event("generic", "del", key);
  propagation.instead([server.config.values.lazyfreeLazyUserDel ? "UNLINK" : "DEL", key]);
  return reply;
}

function getex({ db, nowMs, propagation }: Context, args: readonly Bytes[]): Reply {
  const key = args[1]!;
  const options = stringOptions(args, 2, "getex");
  const value = db.string(key);
  if (value === null) {
    db.missed(key);
    return null;
  }
  const expiresAtMs = expiryOf(options, nowMs, "getex");
  const entry = db.find(key)!;
  const reply = bulk(value);
  if (expiresAtMs !== 0) expireAt(db, entry, expiresAtMs, nowMs, propagation);
  else if (options.lifetime === "PERSIST" && entry.expiresAtMs !== 0) {
    db.setExpiry(entry, 0);
    propagation.instead(["PERSIST", key]);
    db.event("generic", "persist", key);
  }
  return reply;
}
