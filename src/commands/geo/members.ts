import { SYNTAX } from "../../errors.ts";
import { distance } from "../../keyspace/geo/earth.ts";
import { positionOf, scoreOf, standardGeohash } from "../../keyspace/geo/geohash.ts";
import { NULL_ARRAY, type Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { SCORE_ROWS } from "../sorted-sets/scores.ts";
import { positionArgument, unitArgument } from "./arguments.ts";
import { distanceReply, positionReply } from "./reply.ts";

/** Positions of single members. A geospatial index is a sorted set whose scores are geohashes. */
export const MEMBER_ROWS = {
  geoadd: {
    arity: -5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "update")],
    doc: {
      summary: "Add one or more geospatial items in the geospatial index represented using a sorted set",
      since: "3.2.0",
      complexity: "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
      history: [["6.2.0", "Added the `CH`, `NX` and `XX` options."]],
      syntax: "key condition:[NX | XX]@6.2.0 [change:CH]@6.2.0 (longitude:double latitude:double member)...",
    },
    run: geoadd,
  },
  geodist: {
    arity: -4,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Returns the distance between two members of a geospatial index",
      since: "3.2.0",
      complexity: "O(log(N))",
      syntax: "key member1 member2 unit:[M | KM | FT | MI]",
    },
    run: geodist,
  },
  geohash: {
    arity: -2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Returns members of a geospatial index as standard geohash strings",
      since: "3.2.0",
      complexity: "O(log(N)) for each member requested, where N is the number of elements in the sorted set.",
      syntax: "key member...",
    },
    run: geohash,
  },
  geopos: {
    arity: -2,
    flags: ["readonly"],
    keys: [keyAt(1, "RO", "access")],
    doc: {
      summary: "Returns longitude and latitude of members of a geospatial index",
      since: "3.2.0",
      complexity: "O(N) where N is the number of members requested.",
      syntax: "key member...",
    },
    run: geopos,
  },
} satisfies Record<string, CommandRow>;

/** ZADD with positions for scores. */
function geoadd(context: Context, args: readonly Bytes[]): Reply {
  let at = 2;
  while (at < args.length && /^(?:nx|xx|ch)$/i.test(args[at]!)) at++;
  const options = args.slice(2, at);
  const words = options.map((option) => option.toLowerCase());
  if ((args.length - at) % 3 !== 0 || (words.includes("nx") && words.includes("xx"))) throw SYNTAX;
  const zadd = ["zadd", args[1]!, ...options];
  for (; at < args.length; at += 3) zadd.push(String(scoreOf(positionArgument(args, at))), args[at + 2]!);
  context.propagation.instead(zadd);
  return SCORE_ROWS.zadd.run(context, zadd);
}

function geodist({ db }: Context, args: readonly Bytes[]): Reply {
  if (args.length > 5) throw SYNTAX;
  const metresPerUnit = args.length === 5 ? unitArgument(args[4]!) : 1;
  const zset = db.zset(args[1]!);
  zset?.ready(args.slice(2, 4));
  const from = zset?.score(args[2]!) ?? null;
  const to = zset?.score(args[3]!) ?? null;
  if (from === null || to === null) return null;
  return distanceReply(distance(positionOf(from), positionOf(to)) / metresPerUnit);
}

function geohash(context: Context, args: readonly Bytes[]): Reply {
  return scores(context, args).map((score) => (score === null ? null : standardGeohash(positionOf(score))));
}

function geopos(context: Context, args: readonly Bytes[]): Reply {
  return scores(context, args).map((score) => {
    return score === null ? NULL_ARRAY : positionReply(positionOf(score));
  });
}

function scores({ db }: Context, args: readonly Bytes[]): (number | null)[] {
  const zset = db.zset(args[1]!);
  const members = args.slice(2);
  zset?.ready(members);
  return members.map((member) => zset?.score(member) ?? null);
}
