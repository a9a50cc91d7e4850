import { randomBytes } from "node:crypto";
import { ByteReader, u16, u64 } from "../storage/numbers.ts";
import type { Bytes } from "../support/bytes.ts";

/** What stands for no id: that of no history. */
export const NO_ID = "0".repeat(40);

/** 40 hexadecimal digits. */
export const newId = (): string => randomBytes(20).toString("hex");

/**
 * Where the data stands in which history of changes. A server that was promoted goes on with a history of its own, but
 * up to `secondOffset` it shares the one of the master that it had (`secondId`): so its former siblings need not begin
 * anew. https://redis.io/docs/latest/operate/oss_and_stack/management/replication/ ("PSYNC2")
 */
export interface History {
  readonly id: string;
  readonly secondId: string;
  /** The first offset that `secondId` does not count for; −1 for none. */
  readonly secondOffset: number;
  /** Bytes of the stream up to now. */
  readonly offset: number;
  /** The database that the stream has selected, −1 for none. */
  readonly dbIndex: number;
  /** It is the history of a master, of which this server can ask for what comes next. */
  readonly isFollowed: boolean;
  /** The server was stopped in order: no replica can know more than is here. */
  readonly isClosed: boolean;
  /** Replicas were told of it: what comes is kept for them. */
  readonly isKept: boolean;
}

const NO_DB = 0xffff;
const FOLLOWED = 1;
const CLOSED = 2;
const KEPT = 4;

/** The record `!replication`: ids 40 bytes each, second offset + 1 u64, offset u64, database u16, flags u8. */
export function encodeHistory(history: History): Bytes {
  const { id, secondId, secondOffset, offset, dbIndex, isFollowed, isClosed, isKept } = history;
  const flags = (isFollowed ? FOLLOWED : 0) | (isClosed ? CLOSED : 0) | (isKept ? KEPT : 0);
  return (
    id +
    secondId +
    u64(secondOffset + 1) +
    u64(offset) +
    u16(dbIndex < 0 ? NO_DB : dbIndex) +
    String.fromCharCode(flags)
  );
}

export function decodeHistory(record: Bytes): History {
  const reader = new ByteReader(record);
  const id = reader.take(40);
  const secondId = reader.take(40);
  const secondOffset = reader.u64() - 1;
  const offset = reader.u64();
  const dbIndex = (reader.u8() << 8) | reader.u8();
  const flags = reader.u8();
  return {
    id,
    secondId,
    secondOffset,
    offset,
    dbIndex: dbIndex === NO_DB ? -1 : dbIndex,
    isFollowed: (flags & FOLLOWED) !== 0,
    isClosed: (flags & CLOSED) !== 0,
    isKept: (flags & KEPT) !== 0,
  };
}
