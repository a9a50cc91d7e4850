import { CommandError, SYNTAX } from "../../errors.ts";
import type { Area } from "../../keyspace/geo/area.ts";
import { type Position, positionOf } from "../../keyspace/geo/geohash.ts";
import type { ZSet } from "../../keyspace/zset.ts";
import type { Bytes } from "../../support/bytes.ts";
import { int64Argument, optionWord } from "../arguments.ts";
import { type Reach, boxArgument, positionArgument, radiusArgument } from "./arguments.ts";

/** Which of the commands is called. */
export interface SearchCall {
  /** Whether centre and radius stand at fixed places, or (`geosearch`) behind words of their own. */
  readonly form: "georadius" | "georadiusbymember" | "geosearch";
  readonly keyAt: 1 | 2;
  readonly mayStore: boolean;
}

export interface SearchOptions {
  /** Null only where there is no key to search. */
  readonly area: Area | null;
  readonly metresPerUnit: number;
  /** 0: all. */
  readonly count: number;
  /** The first ones found will do. */
  readonly any: boolean;
  readonly order: "ASC" | "DESC" | null;
  readonly withDistance: boolean;
  readonly withHash: boolean;
  readonly withCoordinates: boolean;
  /** Where the name of the key to store in stands. */
  readonly storeAt: number | null;
  readonly storeDistances: boolean;
}

/** What is wrong is found in the order in which Redis finds it, which depends on whether there is a key. */
export function searchOptions(args: readonly Bytes[], call: SearchCall, zset: ZSet | null): SearchOptions {
  const { form, mayStore } = call;
  const isSearch = form === "geosearch";
  let center: Position | null = null;
  let from: "member" | "position" | null = null;
  let reach: Reach | null = null;
  let at = call.keyAt + 1;
  if (form === "georadius") {
    center = positionArgument(args, 2);
    reach = radiusArgument(args, 4);
    at = 6;
  } else if (form === "georadiusbymember") {
    if (zset !== null) {
      center = positionOfMember(zset, args[2]!);
      reach = radiusArgument(args, 3);
    }
    at = 5;
  }
  let count = 0;
  let any = false;
  let order: SearchOptions["order"] = null;
  let withDistance = false;
  let withHash = false;
  let withCoordinates = false;
  let storeAt = isSearch && mayStore ? 1 : null;
  let storeDistances = false;
  for (; at < args.length; at++) {
    const word = optionWord(args[at]!);
    const left = args.length - at - 1;
    if (word === "WITHDIST") withDistance = true;
    else if (word === "WITHHASH") withHash = true;
    else if (word === "WITHCOORD") withCoordinates = true;
    else if (word === "ANY") any = true;
    else if (word === "ASC" || word === "DESC") order = word;
    else if (word === "COUNT" && left >= 1) count = countArgument(args[++at]!);
    else if ((word === "STORE" || word === "STOREDIST") && mayStore && !isSearch && left >= 1) {
      storeAt = ++at;
      storeDistances = word === "STOREDIST";
    } else if (word === "STOREDIST" && mayStore && isSearch) storeDistances = true;
    else if (word === "FROMMEMBER" && isSearch && left >= 1 && from !== "position") {
      at++;
      if (zset !== null) center = positionOfMember(zset, args[at]!);
      from = "member";
    } else if (word === "FROMLONLAT" && isSearch && left >= 2 && from !== "member") {
      center = positionArgument(args, at + 1);
      from = "position";
      at += 2;
    } else if (word === "BYRADIUS" && isSearch && left >= 2 && reach?.shape !== "box") {
      reach = radiusArgument(args, at + 1);
      at += 2;
    } else if (word === "BYBOX" && isSearch && left >= 3 && reach?.shape !== "circle") {
      reach = boxArgument(args, at + 1);
      at += 3;
    } else throw SYNTAX;
  }
  if (storeAt !== null && (withDistance || withHash || withCoordinates)) {
    const what = isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
    throw new CommandError(`ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
  }
  if (isSearch && from === null) throw exactlyOne("FROMMEMBER or FROMLONLAT", args[0]!);
  if (isSearch && reach === null) throw exactlyOne("BYRADIUS and BYBOX", args[0]!);
  if (any && count === 0) throw ANY_WITHOUT_COUNT;
  return {
    area: center === null || reach === null ? null : { ...reach, center },
    metresPerUnit: reach?.metresPerUnit ?? 1,
    count,
    any,
    order,
    withDistance,
    withHash,
    withCoordinates,
    storeAt,
    storeDistances,
  };
}

function positionOfMember(zset: ZSet, member: Bytes): Position {
  const score = zset.score(member);
  if (score === null) throw NO_SUCH_MEMBER;
  return positionOf(score);
}

function countArgument(text: Bytes): number {
  const count = int64Argument(text);
  if (count <= 0) throw COUNT_NOT_POSITIVE;
  return Number(count);
}

/** `command` as the client spelled it. */
function exactlyOne(options: string, command: Bytes): CommandError {
  return new CommandError(`ERR exactly one of ${options} can be specified for ${command}`);
}

const NO_SUCH_MEMBER = new CommandError("ERR could not decode requested zset member");
const COUNT_NOT_POSITIVE = new CommandError("ERR COUNT must be > 0");
const ANY_WITHOUT_COUNT = new CommandError("ERR the ANY argument requires COUNT argument");
