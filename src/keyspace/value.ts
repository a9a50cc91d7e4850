import type { Elements } from "../storage/elements.ts";
import type { Bytes } from "../support/bytes.ts";
import type { WideMembers } from "./member-map.ts";

/** Redis' names, as TYPE gives them. */
export type TypeName = "string" | "hash" | "set" | "zset" | "list" | "stream";

/** Type numbers in records. Frozen. */
export const TYPE_NUMBERS = {
  string: 1,
  hash: 2,
  set: 3,
  zset: 4,
  list: 5,
  stream: 6,
} as const satisfies Record<TypeName, number>;

/**
 * What a key holds. A short string is the byte string itself; everything else is one of these objects,
 * which belongs to exactly one entry and tells it of each change.
 */
export interface ValueObject {
  readonly type: TypeName;
  /** What OBJECT ENCODING calls it. */
  readonly encoding: string;
  /** About how many bytes of memory it takes. */
  readonly memoryBytes: number;
  /** How many it would take with all that it holds in memory. */
  readonly wholeBytes: number;
  /** Someone reads its elements or has writes under way: it must stay in memory. */
  readonly isBusy: boolean;
  /** Where its elements are, null as long as all of it is in the record. */
  readonly elementRange: Elements | null;
  /** Its members in memory, when there are so many that those of several requests are better looked for together. */
  readonly wide: WideMembers | null;
  /** Type's own flag bits of the record (RecordFlag and up). */
  recordFlags(): number;
  /** The record after its header. */
  recordPayload(): Bytes;
  /** Where it belongs; null as long as (or as soon as) it belongs to no key. */
  owner: Owner | null;
  /** Another with the same contents, for another key. May fault. */
  copy(): ValueObject;
  /** It is gone from its key: leave the elements to the collector. */
  discard(): void;
  /** Its whole database was dropped: forget what was not written yet. The collector finds the rest by itself. */
  abandon(): void;
}

export type Value = Bytes | ValueObject;

/** What a value tells the entry that holds it. */
export interface Owner {
  /** The batch of the last change. */
  readonly newest: number;
  /** The record itself changed (count, size, packed contents). */
  recordChanged(): void;
  /** Only elements changed: nothing to write here, but who reads it now waits for that batch. */
  elementsChanged(): void;
  /** The last element went: the key goes with it. */
  becameEmpty(): void;
  /** It takes more or less memory than before, without having changed. */
  memoryChanged(): void;
}
