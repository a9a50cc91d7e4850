import type { Server } from "../commands/host.ts";
import type { EventKind, KeyEvent } from "../keyspace/events.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Bytes } from "../support/bytes.ts";

/** The letters of `notify-keyspace-events`; `A` is all but the last two. */
const LETTERS: Readonly<Record<EventKind, string>> = {
  generic: "g",
  string: "$",
  list: "l",
  set: "s",
  hash: "h",
  zset: "z",
  stream: "t",
  expired: "x",
  evicted: "e",
  new: "n",
  miss: "m",
};
const NOT_IN_ALL = "nm";

/**
 * Sends what commands have to tell. Keyspace notifications: what happened to keys, as messages on channels of Pub/Sub. They leave when the change that
 * they tell of is written. https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/
 */
export class Notifications {
  readonly #keyspace: Keyspace;
  readonly #server: Server;
  readonly #kinds = new Set<EventKind>();
  #byKey = false;
  #byEvent = false;

  constructor(keyspace: Keyspace, server: Server) {
    this.#keyspace = keyspace;
    this.#server = server;
    this.#configure(server.config.values.notifyKeyspaceEvents);
    server.config.onChange("notifyKeyspaceEvents", (classes) => this.#configure(classes));
  }

  #configure(classes: Bytes): void {
    this.#byKey = classes.includes("K");
    this.#byEvent = classes.includes("E");
    this.#kinds.clear();
    for (const [kind, letter] of Object.entries(LETTERS) as [EventKind, string][]) {
      const isMeant = classes.includes(letter) || (classes.includes("A") && !NOT_IN_ALL.includes(letter));
      if (isMeant) this.#kinds.add(kind);
    }
    this.#keyspace.events.isWanted = this.#kinds.size > 0 && (this.#byKey || this.#byEvent);
  }

  /** A command is final, what it did is in `batch`. */
  deliver(batch: number): void {
    const { events } = this.#keyspace;
    if (events.isEmpty) return;
    for (const told of events.take()) {
      if (typeof told === "function") told(batch);
      else if (this.#kinds.has(told.kind)) this.#publish(told, batch);
    }
  }

  #publish({ name, key, dbIndex }: KeyEvent, batch: number): void {
    const { pubsub } = this.#server;
    if (this.#byKey) pubsub.publish(`__keyspace@${dbIndex}__:${key}`, name).send(batch);
    if (this.#byEvent) pubsub.publish(`__keyevent@${dbIndex}__:${name}`, key).send(batch);
  }
}
