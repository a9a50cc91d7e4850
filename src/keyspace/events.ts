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

type Told = KeyEvent | ((batch: number) => void);

/**
 * What the running command (or transaction) did to keys, while somebody listens, and what it sends, in order. A key that
 * lost its last element is told to be gone right behind the event that tells how: `spop`, `del`.
 */
export class KeyEvents {
  /** Somebody listens. */
  isWanted = false;
  /** The running command only reads: a key that it does not find is told as a miss. */
  tellsMisses = false;
  #told: Told[] = [];
  /** Keys that lost their last element, before the event that tells of it. */
  readonly #emptied: KeyEvent[] = [];

  tell(kind: EventKind, name: string, key: Bytes, dbIndex: number): void {
    if (!this.isWanted) return;
    this.#told.push({ kind, name, key, dbIndex });
    if (this.#emptied.length > 0 && kind !== "new") this.#tellEnd(key, dbIndex);
  }

  /** A message of the command's own, in its place among the events. It is given the batch that it must wait for. */
  send(message: (batch: number) => void): void {
    this.#told.push(message);
  }

  becameEmpty(key: Bytes, dbIndex: number): void {
    if (this.isWanted) this.#emptied.push({ kind: "generic", name: "del", key, dbIndex });
  }

  #tellEnd(key: Bytes, dbIndex: number): void {
    const index = this.#emptied.findIndex((event) => event.key === key && event.dbIndex === dbIndex);
    if (index >= 0) this.#told.push(...this.#emptied.splice(index, 1));
  }

  get isEmpty(): boolean {
    return this.#told.length === 0 && this.#emptied.length === 0;
  }

  /** All that happened, to be told now. */
  take(): readonly Told[] {
    const told = this.#told;
    this.#told = [];
    told.push(...this.#emptied.splice(0));
    return told;
  }

  /** Keys whose time is over stay for now: nothing may be written. */
  keepExpired(): void {
    this.#told = this.#told.filter((told) => typeof told === "function" || told.kind !== "expired");
  }

  /** It was taken back, or the command goes on to wait: nothing has happened. */
  discard(): void {
    if (this.isEmpty) return;
    this.#told = [];
    this.#emptied.length = 0;
  }
}
