import { CommandError } from "../../errors.ts";
import { FIRST_SEQUENCE, MIN_ID, type StreamId } from "../../keyspace/stream/id.ts";
import type { Bytes } from "../../support/bytes.ts";
import { type Int64, parseInteger } from "../../support/integers.ts";
import { optionWord } from "../arguments.ts";
import { idArgument, quoted, readId } from "./arguments.ts";

export interface ClaimOptions {
  /** 0 for any. */
  readonly minIdleMs: Int64;
  readonly ids: readonly StreamId[];
  readonly force: boolean;
  readonly justId: boolean;
  /** When they count as delivered, Unix time in ms. */
  readonly deliveredAtMs: number;
  /** Null: one more than before. */
  readonly retryCount: Int64 | null;
  /** The group's last id becomes this, if it is smaller. */
  readonly lastId: StreamId;
}

/** All arguments of XCLAIM behind the consumer. */
export function claimOptions(args: readonly Bytes[], nowMs: number): ClaimOptions {
  const minIdleMs = minIdleArgument(args[4]!, "XCLAIM");
  const ids: StreamId[] = [];
  let at = 5;
  for (; at < args.length; at++) {
    const id = readId(args[at]!, FIRST_SEQUENCE);
    if (id === null) break;
    ids.push(id);
  }
  let force = false;
  let justId = false;
  let deliveredAtMs: Int64 = nowMs;
  let retryCount: Int64 | null = null;
  let lastId: StreamId = MIN_ID;
  for (; at < args.length; at++) {
    const word = optionWord(args[at]!);
    const hasMore = at + 1 < args.length;
    if (word === "FORCE") force = true;
    else if (word === "JUSTID") justId = true;
    else if (word === "IDLE" && hasMore) {
      deliveredAtMs = nowMs - Number(optionArgument(args[++at]!, "IDLE"));
    } else if (word === "TIME" && hasMore) {
      deliveredAtMs = optionArgument(args[++at]!, "TIME");
    } else if (word === "RETRYCOUNT" && hasMore) {
      const value = optionArgument(args[++at]!, "RETRYCOUNT");
      retryCount = value < 0 ? null : value;
    } else if (word === "LASTID" && hasMore) lastId = idArgument(args[++at]!);
    else throw new CommandError(`ERR Unrecognized XCLAIM option ${quoted(args[at]!)}`);
  }
  // A time that is not past, or none at all, is no reason to refuse: clients' clocks differ.
  const isPast = deliveredAtMs >= 0 && deliveredAtMs <= nowMs;
  return {
    minIdleMs,
    ids,
    force,
    justId,
    deliveredAtMs: isPast ? Number(deliveredAtMs) : nowMs,
    retryCount,
    lastId,
  };
}

function optionArgument(text: Bytes, option: string): Int64 {
  const value = parseInteger(text);
  if (value === null) throw new CommandError(`ERR Invalid ${option} option argument for XCLAIM`);
  return value;
}

export function minIdleArgument(text: Bytes, command: string): Int64 {
  const value = parseInteger(text);
  if (value === null) throw new CommandError(`ERR Invalid min-idle-time argument for ${command}`);
  return value < 0 ? 0 : value;
}

const BAD_COUNT = new CommandError("ERR COUNT must be > 0");

/** What a list of so many ids would take must be within 64 bits, in Redis. */
const MAX_COUNT = (2n ** 63n - 1n) / 16n;

export function countArgument(text: Bytes): number {
  const count = parseInteger(text);
  if (count === null || count < 1 || count > MAX_COUNT) throw BAD_COUNT;
  return Number(count);
}
