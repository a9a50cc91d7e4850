import type { Database } from "../../keyspace/database.ts";
import { type Area, cellsOver, distanceWithin } from "../../keyspace/geo/area.ts";
import { type Cell, type Position, positionOf, scoresIn } from "../../keyspace/geo/geohash.ts";
import type { ScoredMembers } from "../../keyspace/score-order.ts";
import { ZSet } from "../../keyspace/zset.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import { sortFirst } from "../../support/partial-sort.ts";
import type { Context } from "../command.ts";
import { type SearchCall, type SearchOptions, searchOptions } from "./options.ts";
import { distanceReply, positionReply } from "./reply.ts";

interface Point {
  readonly member: Bytes;
  readonly score: number;
  readonly position: Position;
  /** In metres. */
  readonly away: number;
}

/** GEOSEARCH and GEORADIUS in all their forms: they differ in how they say what they want. */
export function search(context: Context, args: readonly Bytes[], call: SearchCall): Reply {
  const { db } = context;
  const zset = db.zset(args[call.keyAt]!);
  if (zset === null) db.missed(args[call.keyAt]!);
  const options = searchOptions(args, call, zset);
  const { storeAt } = options;
  const points = zset === null || options.area === null ? [] : pointsIn(db, zset, options.area, options);
  const wanted = ordered(points, options);
  if (storeAt === null) return wanted.map((point) => pointReply(point, options));
  return store(context, args[storeAt]!, wanted, options, call);
}

// ─── finding ─────────────────────────────────────────────────────────────────────────────────────

function pointsIn(db: Database, zset: ZSet, area: Area, { any, count }: SearchOptions): Point[] {
  const points: Point[] = [];
  const take = ({ members, scores }: ScoredMembers): void => {
    for (let i = 0; i < members.length && !(any && points.length === count); i++) {
      const position = positionOf(scores[i]!);
      const away = distanceWithin(area, position);
      if (away !== null) points.push({ member: members[i]!, score: scores[i]!, position, away });
    }
  };
  const cells = cellsOver(area);
  if (any) {
    for (const cell of cells) {
      for (const part of partsOf(zset, cell)) {
        if (points.length === count) return points;
        take(part);
      }
    }
  } else {
    for (const found of db.readTogether(cells, (cell) => zset.range(scoreRange(cell)))) take(found);
  }
  return points;
}

/** Members that are read at first where any will do; each further part is larger. */
const FIRST_PART = 256;
const PART_GROWTH = 4;

function* partsOf(zset: ZSet, cell: Cell): Iterable<ScoredMembers> {
  const range = scoreRange(cell);
  let limit = FIRST_PART;
  for (let offset = 0; ;) {
    const part = zset.range(range, { reverse: false, offset, limit });
    yield part;
    if (part.members.length < limit) return;
    offset += limit;
    limit *= PART_GROWTH;
  }
}

function scoreRange(cell: Cell) {
  const [from, to] = scoresIn(cell);
  return {
    by: "score" as const,
    min: { value: from, exclusive: false },
    max: { value: to, exclusive: true },
  };
}

/** As many as are wanted, in the order that is wanted; a COUNT wants the nearest. */
function ordered(points: Point[], { count, any, order }: SearchOptions): Point[] {
  const direction = order ?? (count > 0 && !any ? "ASC" : null);
  const length = count === 0 ? points.length : Math.min(count, points.length);
  if (direction === null) return points.slice(0, length);
  const compare = direction === "ASC" ? nearerFirst : fartherFirst;
  if (length === points.length) return points.toSorted(compare);
  sortFirst(points, length, compare);
  return points.slice(0, length);
}

function nearerFirst(a: Point, b: Point): number {
  if (a.away > b.away) return 1;
  return a.away === b.away ? 0 : -1;
}

function fartherFirst(a: Point, b: Point): number {
  return -nearerFirst(a, b);
}

// ─── answering ───────────────────────────────────────────────────────────────────────────────────

function pointReply({ member, score, position, away }: Point, options: SearchOptions): Reply {
  const { withDistance, withHash, withCoordinates, metresPerUnit } = options;
  if (!withDistance && !withHash && !withCoordinates) return member;
  const reply: Reply[] = [member];
  if (withDistance) reply.push(distanceReply(away / metresPerUnit));
  if (withHash) reply.push(Math.trunc(score));
  if (withCoordinates) reply.push(positionReply(position));
  return reply;
}

function store(
  { db, keyspace }: Context,
  key: Bytes,
  points: readonly Point[],
  { storeDistances, metresPerUnit }: SearchOptions,
  { form }: SearchCall,
): Reply {
  db.ready([key]);
  db.peek(key);
  if (points.length === 0) {
    if (db.delete(key)) db.event("generic", "del", key);
    return 0;
  }
  const scored = points
    .map(({ member, score, away }) => ({ member, score: storeDistances ? away / metresPerUnit : score }))
    .sort((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1));
  const sorted = { members: scored.map(({ member }) => member), scores: scored.map(({ score }) => score) };
  db.put(key, ZSet.of(keyspace, sorted));
  db.event("zset", form === "geosearch" ? "geosearchstore" : "georadiusstore", key);
  return points.length;
}
