import type { FieldAndValue } from "../../keyspace/hash.ts";
import { MapReply, type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { mapRuns } from "../../support/map-runs.ts";
import { cursorArgument, scanOptions } from "../arguments.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { repeated } from "../repeated.ts";

export const WHOLE_ROWS = {
  hgetall: {
    arity: 2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Get all the fields and values in a hash",
      since: "2.0.0",
      complexity: "O(N) where N is the size of the hash.",
      syntax: "key",
    },
    run: hgetall,
  },
  hkeys: {
    arity: 2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Get all the fields in a hash",
      since: "2.0.0",
      complexity: "O(N) where N is the size of the hash.",
      syntax: "key",
    },
    run: hkeys,
  },
  hvals: {
    arity: 2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    doc: {
      summary: "Get all the values in a hash",
      since: "2.0.0",
      complexity: "O(N) where N is the size of the hash.",
      syntax: "key",
    },
    run: hvals,
  },
  hscan: {
    arity: -3,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    doc: {
      summary: "Incrementally iterate hash fields and associated values",
      since: "2.8.0",
      complexity:
        "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection..",
      syntax: "key cursor:integer [MATCH pattern] [COUNT count:integer]",
    },
    run: hscan,
  },
} satisfies Record<string, CommandRow>;

function hgetall(context: Context, args: readonly Bytes[]): Reply {
  const hash = context.db.hash(args[1]!);
  if (hash === null) return EMPTY_MAP;
  if (hash.mustStream) return new StreamReply("map", hash.count, mapRuns(hash.stream(), flat));
  return new MapReply(repeated(context, args, hash, () => flat(hash.entries())));
}

const EMPTY_MAP = new MapReply([]);

function hkeys(context: Context, args: readonly Bytes[]): Reply {
  return eachOf(context, args, 0);
}

function hvals(context: Context, args: readonly Bytes[]): Reply {
  return eachOf(context, args, 1);
}

function eachOf(context: Context, args: readonly Bytes[], part: 0 | 1): Reply {
  const hash = context.db.hash(args[1]!);
  if (hash === null) return [];
  if (hash.mustStream) {
    return new StreamReply(
      "array",
      hash.count,
      mapRuns(hash.stream(), (run) => run.map((item) => item[part])),
    );
  }
  return repeated(context, args, hash, () => Array.from(hash.entries(), (item) => item[part]));
}

function hscan({ db }: Context, args: readonly Bytes[]): Reply {
  const from = cursorArgument(args[2]!);
  const hash = db.hash(args[1]!);
  if (hash === null) return ["0", []];
  const { count, matches } = scanOptions(args, 3);
  const { cursor, items } = hash.scan(Number(from), count);
  return [String(cursor), flat(items.filter(([field]) => matches(field)))];
}

function flat(items: Iterable<FieldAndValue>): Bytes[] {
  const flattened: Bytes[] = [];
  for (const [field, value] of items) flattened.push(field, value);
  return flattened;
}
