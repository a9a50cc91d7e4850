import { Push } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { Broadcasts } from "./broadcasts.ts";
import { ClientTracking, type TrackedClient, type TrackingOptions } from "./client-tracking.ts";
import { ReadKeys } from "./read-keys.ts";

/** Where messages go to a client that cannot take pushes, but is subscribed. */
const CHANNEL = "__redis__:invalidate";
/** Keys that one round drops at most from a table that is too large; each further round drops as many more. */
const EFFORT = 100;
const ROUND_MS = 100;

export interface TrackingHost {
  /** In order of connection. */
  readonly clients: Iterable<TrackedClient> & { byId(id: number): TrackedClient | undefined };
  /** How many keys may be remembered; 0: any number. */
  readonly maxKeys: () => number;
}

/**
 * Caches on the client's side: remembers which client has read which key, and tells it when the key changes
 * (https://redis.io/docs/latest/develop/reference/client-side-caching/).
 *
 * A change takes the key out of the table: a client is told once, and again only after it has read the key again. To
 * be told too often costs a client a read, not to be told leaves it with an old value: so whatever cannot be known
 * (a batch that was not written) invalidates everything.
 */
export class Tracking {
  readonly #host: TrackingHost;
  readonly #keys = new ReadKeys();
  readonly #broadcasts = new Broadcasts();
  #broadcastBatch = 0;
  #isBroadcastScheduled = false;
  /** Rounds in a row that did not bring the table back to its size. */
  #failedRounds = 0;
  #roundTimer: NodeJS.Timeout | null = null;
  /** Called when `isInterested` may have changed. */
  onInterest: () => void = () => {};
  /** How many clients have it on. */
  clients = 0;

  constructor(host: TrackingHost) {
    this.#host = host;
  }

  get keyCount(): number {
    return this.#keys.size;
  }

  get itemCount(): number {
    return this.#keys.items;
  }

  get prefixCount(): number {
    return this.#broadcasts.size;
  }

  // ─── who tracks ────────────────────────────────────────────────────────────────────────────────

  /** Turns it on, or changes it: the prefixes are those of before and the new ones. */
  enable(client: TrackedClient, options: TrackingOptions): void {
    const before = client.tracking;
    const prefixes = new Set([...(before?.prefixes ?? []), ...options.prefixes]);
    if (options.mode === "broadcast" && options.prefixes.length === 0) prefixes.add("");
    this.put(client, new ClientTracking({ ...options, prefixes: [...prefixes] }, before?.isCaching ?? false));
  }

  /** What the client has read stays remembered, as in Redis: should it turn tracking on again, it is told. */
  disable(client: TrackedClient): void {
    if (client.tracking !== null) this.put(client, null);
  }

  /** Gives a client its state, also one of before that a transaction takes back. */
  put(client: TrackedClient, state: ClientTracking | null): void {
    const before = client.tracking;
    for (const prefix of before?.prefixes ?? []) {
      if (state?.prefixes.includes(prefix) !== true) this.#broadcasts.remove(client, prefix);
    }
    for (const prefix of state?.prefixes ?? []) this.#broadcasts.add(client, prefix);
    this.clients += (state === null ? 0 : 1) - (before === null ? 0 : 1);
    client.tracking = state;
    this.onInterest();
  }

  // ─── what is read ──────────────────────────────────────────────────────────────────────────────

  remember(client: TrackedClient, keys: readonly Bytes[]): void {
    for (const key of keys) this.#keys.add(key, client.id);
    this.watchSize();
  }

  // ─── what changes ──────────────────────────────────────────────────────────────────────────────

  get isInterested(): boolean {
    return this.clients > 0 || this.#keys.size > 0;
  }

  /** `caller` is whose command it was, null when the server did it; `byTime`: the key's time was over. */
  keyChanged(
    { key }: { readonly key: Bytes },
    caller: TrackedClient | null,
    batch: number,
    byTime: boolean,
  ): void {
    if (this.#broadcasts.size > 0 && this.#broadcasts.note(key, byTime ? null : caller)) {
      this.#scheduleBroadcast(batch);
    }
    let message: Message | null = null;
    for (const id of this.#keys.take(key)) {
      const client = this.#host.clients.byId(id);
      if (client === undefined || client.tracking === null || client.tracking.mode === "broadcast") continue;
      const sent = (message ??= messageOf([key]));
      if (client !== caller) this.#send(client, sent, batch);
      else if (!client.tracking.isNoLoop) client.afterReply(() => this.#send(client, sent, batch));
    }
  }

  /** All keys of a database went. Keys are remembered by name alone, so that is everything for a client. */
  flushed(caller: TrackedClient | null, batch: number): void {
    this.#keys.clear();
    if (this.clients === 0) return;
    const message = messageOf(null);
    for (const client of this.#host.clients) {
      if (client.tracking === null) continue;
      if (client === caller) client.afterReply(() => this.#send(client, message, batch));
      else this.#send(client, message, batch);
    }
  }

  /** Changes were taken back after clients were to be told of them, and are not told any more. */
  lostChanges(): void {
    this.flushed(null, 0);
  }

  databaseChanged(): void {
    // SWAPDB: Redis tells nobody. FLUSHDB is `flushed`.
  }

  /** Not at once: one message tells of all that changes in a turn of the event loop. */
  #scheduleBroadcast(batch: number): void {
    this.#broadcastBatch = Math.max(this.#broadcastBatch, batch);
    if (this.#isBroadcastScheduled) return;
    this.#isBroadcastScheduled = true;
    setImmediate(() => {
      this.#isBroadcastScheduled = false;
      const changed = this.#broadcastBatch;
      this.#broadcastBatch = 0;
      for (const { clients, keys } of this.#broadcasts.take()) {
        const message = messageOf(keys);
        for (const client of clients) this.#send(client, message, changed);
      }
    });
  }

  // ─── messages ──────────────────────────────────────────────────────────────────────────────────

  #send(client: TrackedClient, message: Message, batch: number): void {
    const state = client.tracking;
    if (state === null) return;
    let receiver = client;
    if (state.redirectTo !== 0) {
      const other = this.#host.clients.byId(state.redirectTo);
      if (other === undefined) {
        state.isBroken = true;
        if (client.resp === 3) client.push(new Push(["tracking-redir-broken", state.redirectTo]), batch);
        return;
      }
      receiver = other;
    }
    if (receiver.resp === 3) receiver.push(message.invalidate, batch);
    // In RESP2 only subscribers expect what they did not ask for.
    else if (state.redirectTo !== 0 && receiver.subscriptions.total > 0)
      receiver.push(message.onChannel, batch);
  }

  // ─── size ──────────────────────────────────────────────────────────────────────────────────────

  get isTooLarge(): boolean {
    if (this.clients === 0) return false;
    const limit = this.#host.maxKeys();
    return limit > 0 && this.#keys.size > limit;
  }

  /** Sees to it that a table that is too large shrinks, also when no command comes. */
  watchSize(): void {
    if (this.#roundTimer !== null || !this.isTooLarge) return;
    this.#roundTimer = setTimeout(() => {
      this.#roundTimer = null;
      this.shrink();
      this.watchSize();
    }, ROUND_MS);
    this.#roundTimer.unref();
  }

  /** Drops some keys of a table that is too large, as if they had changed. */
  shrink(): void {
    for (let left = EFFORT * (this.#failedRounds + 1); left > 0 && this.isTooLarge; left--) {
      const key = this.#keys.oldest();
      if (key === undefined) break;
      const message = messageOf([key]);
      for (const id of this.#keys.take(key)) {
        const client = this.#host.clients.byId(id);
        if (client !== undefined && client.tracking?.mode !== "broadcast") this.#send(client, message, 0);
      }
    }
    this.#failedRounds = this.isTooLarge ? this.#failedRounds + 1 : 0;
  }
}

/** The same in the words of each protocol. */
interface Message {
  readonly invalidate: Push;
  readonly onChannel: Push;
}

/** `keys` null: all of them. */
function messageOf(keys: readonly Bytes[] | null): Message {
  return { invalidate: new Push(["invalidate", keys]), onChannel: new Push(["message", CHANNEL, keys]) };
}
