import { exact } from "../support/exact.ts";
import type { Client } from "../support/client.ts";

/** `["__keyspace@0__:k", "set"]` */
export type Event = readonly [channel: string, message: string];

const MARK = "__keymark";

/** Collects the keyspace events of a server: between two marks those of the commands between them. */
export class EventListener {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** `client` speaks RESP2 and is for the listener alone. */
  static async start(client: Client): Promise<EventListener> {
    await client.sendRaw("PSUBSCRIBE", "__key*");
    return new EventListener(client);
  }

  /** What happened before `by`, which sent the commands, publishes the mark. */
  async eventsSoFar(by: Client): Promise<Event[]> {
    await by.sendRaw("PUBLISH", MARK, "");
    const events: Event[] = [];
    for (;;) {
      const event = await this.#next();
      if (event[0] === MARK) return events;
      events.push(event);
    }
  }

  /** The next event, which may take its time. */
  async next(): Promise<Event> {
    return this.#next();
  }

  async #next(): Promise<Event> {
    const [, , channel, message] = exact(await this.#client.readRaw()) as string[];
    return [channel!, message!];
  }
}
