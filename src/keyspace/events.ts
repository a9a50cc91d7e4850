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

/**
 * What the running command (or transaction) did to keys, in order, while somebody listens. A key that lost its last
 * element is told to be gone right behind the event that tells how: `spop`, `del`.
 */
export class KeyEvents {
  /** Somebody listens. */
  isWanted = false;
  /** The running command only reads: a key that it does not find is told as a miss. */
  tellsMisses = false;
  #events: KeyEvent[] = [];
  /** Keys that lost their last element, before the event that tells of it. */
  readonly #emptied: KeyEvent[] = [];

  tell(kind: EventKind, name: string, key: Bytes, dbIndex: number): void {
    if (!this.isWanted) return;
    this.#events.push({ kind, name, key, dbIndex });
    if (this.#emptied.length > 0 && kind !== "new") this.#tellEnd(key, dbIndex);
  }

  becameEmpty(key: Bytes, dbIndex: number): void {
    if (this.isWanted) this.#emptied.push({ kind: "generic", name: "del", key, dbIndex });
  }

  #tellEnd(key: Bytes, dbIndex: number): void {
    const index = this.#emptied.findIndex((event) => event.key === key && event.dbIndex === dbIndex);
    if (index >= 0) this.#events.push(...this.#emptied.splice(index, 1));
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#emptied.length === 0;
  }

  /** All that happened, to be told now. */
  take(): readonly KeyEvent[] {
    const events = this.#events;
    this.#events = [];
    events.push(...this.#emptied.splice(0));
    return events;
  }

  /** It was taken back, or the command goes on to wait: nothing has happened. */
  discard(): void {
    if (this.isEmpty) return;
    this.#events = [];
    this.#emptied.length = 0;
  }
}
