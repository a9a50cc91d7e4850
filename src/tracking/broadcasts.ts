import type { Bytes } from "../support/bytes.ts";
import type { TrackedClient } from "./client-tracking.ts";

/** Keys that changed since the last round, in byte order, and who gets them. */
export interface Broadcast {
  readonly keys: readonly Bytes[];
  readonly clients: readonly TrackedClient[];
}

interface Prefix {
  readonly clients: Set<TrackedClient>;
  /** Keys that changed, and who changed them last: null for nobody, when their time was over. */
  readonly changed: Map<Bytes, TrackedClient | null>;
}

/** Prefixes that clients in BCAST mode want to hear of, and what changed under each in this turn of the event loop. */
export class Broadcasts {
  readonly #prefixes = new Map<Bytes, Prefix>();

  /** How many prefixes there are. */
  get size(): number {
    return this.#prefixes.size;
  }

  add(client: TrackedClient, name: Bytes): void {
    let prefix = this.#prefixes.get(name);
    if (prefix === undefined) this.#prefixes.set(name, (prefix = { clients: new Set(), changed: new Map() }));
    prefix.clients.add(client);
  }

  remove(client: TrackedClient, name: Bytes): void {
    const prefix = this.#prefixes.get(name);
    prefix?.clients.delete(client);
    if (prefix?.clients.size === 0) this.#prefixes.delete(name);
  }

  /** False when no prefix takes the key. */
  note(key: Bytes, by: TrackedClient | null): boolean {
    let isTaken = false;
    for (const [name, { changed }] of this.#prefixes) {
      if (!key.startsWith(name)) continue;
      changed.set(key, by);
      isTaken = true;
    }
    return isTaken;
  }

  /** What is to be sent, prefix by prefix in byte order. */
  take(): Broadcast[] {
    const broadcasts: Broadcast[] = [];
    for (const [, { clients, changed }] of [...this.#prefixes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (changed.size === 0) continue;
      const keys = [...changed.keys()].sort();
      const others: TrackedClient[] = [];
      for (const client of clients) {
        if (client.tracking?.isNoLoop !== true) others.push(client);
        else {
          const wanted = keys.filter((key) => changed.get(key) !== client);
          if (wanted.length > 0) broadcasts.push({ keys: wanted, clients: [client] });
        }
      }
      if (others.length > 0) broadcasts.push({ keys, clients: others });
      changed.clear();
    }
    return broadcasts;
  }
}
