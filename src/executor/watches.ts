import type { WatchedKey, Watches } from "../commands/transaction.ts";
import type { Entry } from "../keyspace/entry.ts";
import type { Bytes } from "../support/bytes.ts";
import type { ChangeObserver } from "./changes.ts";

/** One client's watches. */
interface Watcher {
  isTouched: boolean;
  readonly keys: WatchedKey[];
}

/** Who watches which key. A change marks the watcher; EXEC looks. */
export class WatchTable implements Watches, ChangeObserver {
  readonly #watchers = new Map<object, Watcher>();
  /** By database and key. */
  readonly #byKey = new Map<string, Map<Watcher, WatchedKey>>();
  readonly #onInterest: () => void;

  /** `onInterest`: `isInterested` may have changed. */
  constructor(onInterest: () => void) {
    this.#onInterest = onInterest;
  }

  get isInterested(): boolean {
    return this.#watchers.size > 0;
  }

  watch(client: object, watched: WatchedKey): void {
    let watcher = this.#watchers.get(client);
    if (watcher === undefined) this.#watchers.set(client, (watcher = { isTouched: false, keys: [] }));
    const name = nameOf(watched.dbIndex, watched.key);
    let watchersOfKey = this.#byKey.get(name);
    if (watchersOfKey === undefined) this.#byKey.set(name, (watchersOfKey = new Map<Watcher, WatchedKey>()));
    if (watchersOfKey.has(watcher)) return;
    watchersOfKey.set(watcher, watched);
    watcher.keys.push(watched);
    this.#onInterest();
  }

  unwatch(client: object): void {
    const watcher = this.#watchers.get(client);
    if (watcher === undefined) return;
    this.#watchers.delete(client);
    for (const { dbIndex, key } of watcher.keys) {
      const name = nameOf(dbIndex, key);
      const watchersOfKey = this.#byKey.get(name)!;
      watchersOfKey.delete(watcher);
      if (watchersOfKey.size === 0) this.#byKey.delete(name);
    }
    this.#onInterest();
  }

  of(client: object): readonly WatchedKey[] {
    return this.#watchers.get(client)?.keys ?? [];
  }

  isTouched(client: object): boolean {
    return this.#watchers.get(client)?.isTouched ?? false;
  }

  keyChanged(entry: Entry): void {
    const watchersOfKey = this.#byKey.get(nameOf(entry.db.index, entry.key));
    if (watchersOfKey === undefined) return;
    for (const [watcher, { existed }] of watchersOfKey) {
      // That a key whose time was over already has now been removed is no change.
      if (existed || entry.value !== null) watcher.isTouched = true;
    }
  }

  databaseChanged(dbIndex: number, existsNow: (key: Bytes) => boolean): void {
    for (const watcher of this.#watchers.values()) {
      if (
        watcher.keys.some(
          (watched) => watched.dbIndex === dbIndex && (watched.existed || existsNow(watched.key)),
        )
      ) {
        watcher.isTouched = true;
      }
    }
  }
}

function nameOf(dbIndex: number, key: Bytes): string {
  return `${dbIndex} ${key}`;
}
