import { wrongArity } from "../../errors.ts";
import { OK, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";

export const FIELD_ROWS = {
  hset: {
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Set the string value of a hash field",
      since: "2.0.0",
      complexity:
        "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.",
      history: [["4.0.0", "Accepts multiple `field` and `value` arguments."]],
      syntax: "key (field value)...",
    },
    run: hset,
  },
  hmset: {
    arity: -4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Set multiple hash fields to multiple values",
      since: "2.0.0",
      complexity: "O(N) where N is the number of fields being set.",
      deprecated: { since: "4.0.0", replacedBy: "`HSET` with multiple field-value pairs" },
      syntax: "key (field value)...",
    },
    run: hmset,
  },
  hsetnx: {
    arity: 4,
    flags: ["write", "denyoom", "fast"],
    keys: [keyAt(1, "RW", "insert")],
    doc: {
      summary: "Set the value of a hash field, only if the field does not exist",
      since: "2.0.0",
      complexity: "O(1)",
      syntax: "key field value",
    },
    run: hsetnx,
  },
  hget: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get the value of a hash field",
      since: "2.0.0",
      complexity: "O(1)",
      syntax: "key field",
    },
    run: hget,
  },
  hmget: {
    arity: -3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Get the values of all the given hash fields",
      since: "2.0.0",
      complexity: "O(N) where N is the number of fields being requested.",
      syntax: "key field...",
    },
    run: hmget,
  },
  hexists: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Determine if a hash field exists",
      since: "2.0.0",
      complexity: "O(1)",
      syntax: "key field",
    },
    run: hexists,
  },
  hstrlen: {
    arity: 3,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Get the length of the value of a hash field",
      since: "3.2.0",
      complexity: "O(1)",
      syntax: "key field",
    },
    run: hstrlen,
  },
  hdel: {
    arity: -3,
    flags: ["write", "fast"],
    keys: [keyAt(1, "RW", "delete")],
    doc: {
      summary: "Delete one or more hash fields",
      since: "2.0.0",
      complexity: "O(N) where N is the number of fields to be removed.",
      history: [["2.4.0", "Accepts multiple `field` arguments."]],
      syntax: "key field...",
    },
    run: hdel,
  },
  hlen: {
    arity: 2,
    flags: ["readonly", "fast"],
    keys: [keyAt(1, "RO")],
    doc: {
      summary: "Get the number of fields in a hash",
      since: "2.0.0",
      complexity: "O(1)",
      syntax: "key",
    },
    run: hlen,
  },
} satisfies Record<string, CommandRow>;

function hset(context: Context, args: readonly Bytes[]): Reply {
  return setFields(context, args, "hset");
}

function hmset(context: Context, args: readonly Bytes[]): Reply {
  setFields(context, args, "hmset");
  return OK;
}

/** Returns how many fields are new. */
function setFields({ db }: Context, args: readonly Bytes[], command: string): number {
  if (args.length % 2 === 1) throw wrongArity(command);
  const hash = db.hashToWrite(args[1]!);
  if (args.length > 4) hash.ready(args.filter((_, at) => at >= 2 && at % 2 === 0));
  let added = 0;
  for (let at = 2; at < args.length; at += 2) {
    if (hash.set(args[at]!, args[at + 1]!)) added++;
  }
  db.event("hash", "hset", args[1]!);
  return added;
}

function hsetnx({ db }: Context, args: readonly Bytes[]): Reply {
  const hash = db.hashToWrite(args[1]!);
  if (hash.has(args[2]!)) return 0;
  hash.set(args[2]!, args[3]!);
  db.event("hash", "hset", args[1]!);
  return 1;
}

function hget({ db }: Context, args: readonly Bytes[]): Reply {
  return db.hash(args[1]!)?.get(args[2]!) ?? null;
}

function hmget({ db }: Context, args: readonly Bytes[]): Reply {
  const hash = db.hash(args[1]!);
  const fields = args.slice(2);
  if (hash === null) return fields.map(() => null);
  hash.ready(fields);
  return fields.map((field) => hash.get(field));
}

function hexists({ db }: Context, args: readonly Bytes[]): Reply {
  return db.hash(args[1]!)?.has(args[2]!) ? 1 : 0;
}

function hstrlen({ db }: Context, args: readonly Bytes[]): Reply {
  return db.hash(args[1]!)?.get(args[2]!)?.length ?? 0;
}

function hdel({ db }: Context, args: readonly Bytes[]): Reply {
  const hash = db.hash(args[1]!);
  if (hash === null) return 0;
  const fields = args.slice(2);
  hash.ready(fields);
  let deleted = 0;
  for (const field of fields) {
    if (hash.count > 0 && hash.delete(field)) deleted++;
  }
  if (deleted > 0) db.event("hash", "hdel", args[1]!);
  return deleted;
}

function hlen({ db }: Context, args: readonly Bytes[]): Reply {
  return db.hash(args[1]!)?.count ?? 0;
}
