import type { Entry } from "../keyspace/entry.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Caller } from "./executor.ts";

/** Who wants to know what commands change: watches, blocked clients, client tracking. */
export interface ChangeObserver {
  /** While nobody is, changes are not even collected. */
  readonly isInterested: boolean;
  /**
   * The command (or the transaction around it) that changed the key, or removed it, is final; `caller` is null when the
   * server itself did. `batch` must be written before anybody may see it.
   */
  keyChanged(entry: Entry, caller: Caller | null, batch: number): void;
  /**
   * All keys of a database went, or it was exchanged for another. `existsNow` tells of what memory knows of the new
   * contents.
   */
  databaseChanged(dbIndex: number, existsNow: (key: Bytes) => boolean, caller: Caller | null, batch: number): void;
}

/** Hands what a finished command changed to all who want to know. */
export class Changes {
  readonly #keyspace: Keyspace;
  readonly #observers: ChangeObserver[] = [];

  constructor(keyspace: Keyspace) {
    this.#keyspace = keyspace;
  }

  add(observer: ChangeObserver): void {
    this.#observers.push(observer);
  }

  /** To be called when the interest of an observer may have changed. */
  readonly refresh = (): void => {
    this.#keyspace.changesWanted = this.#observers.some((observer) => observer.isInterested);
  };

  announce(caller: Caller | null, batch: number): void {
    const { changed, changedDatabases } = this.#keyspace;
    if (changed.size === 0 && changedDatabases.size === 0) return;
    const entries = [...changed];
    const databases = [...changedDatabases];
    this.forget();
    for (const dbIndex of databases) {
      const db = this.#keyspace.databases[dbIndex]!;
      const existsNow = (key: Bytes): boolean => (db.inMemory(key)?.value ?? null) !== null;
      for (const observer of this.#observers) observer.databaseChanged(dbIndex, existsNow, caller, batch);
    }
    for (const entry of entries) {
      if (entry.isDropped) continue;
      for (const observer of this.#observers) observer.keyChanged(entry, caller, batch);
    }
  }

  /** What changed was taken back. */
  forget(): void {
    this.#keyspace.changed.clear();
    this.#keyspace.changedDatabases.clear();
  }
}
