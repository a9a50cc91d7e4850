import type { Bytes } from "../support/bytes.ts";

/** The classes of `notify-keyspace-events`, by the type of what happened. */
export type EventKind =
  | "generic"
  | "string"
  | "list"
  | "set"
  | "hash"
  | "zset"
  | "stream"
  | "expired"
  | "evicted"
  | "new"
  | "miss";

/** Something that happened to a key, in Redis' words: `hset`, `expire`, `del`. */
export interface KeyEvent {
  readonly kind: EventKind;
  readonly name: string;
  readonly key: Bytes;
  readonly dbIndex: number;
}
