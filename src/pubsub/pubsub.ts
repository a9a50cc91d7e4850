import { Push } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { compileGlob } from "../support/glob.ts";
import type { Subscriber, TopicKind } from "./subscriptions.ts";

/** A channel or pattern that somebody is subscribed to; without subscribers there is none. */
interface Topic {
  /** In order of subscription. */
  readonly subscribers: Set<Subscriber>;
  /** Of a pattern: whether it takes a channel. */
  readonly takes: (channel: Bytes) => boolean;
}

/** A message and whom it reaches. */
interface Part {
  readonly push: Push;
  readonly subscribers: readonly Subscriber[];
}

/** A published message that has not been delivered yet. */
export class Delivery {
  readonly #parts: readonly Part[];
  /** Who is subscribed in several ways counts, and gets it, several times. */
  readonly receivers: number;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.receivers = parts.reduce((sum, part) => sum + part.subscribers.length, 0);
  }

  /** It leaves when `batch` is written; 0: at once. */
  send(batch: number): void {
    for (const { push, subscribers } of this.#parts) {
      for (const subscriber of subscribers) subscriber.push(push, batch);
    }
  }
}

const NOBODY = new Delivery([]);

/** Who listens to what. https://redis.io/docs/latest/develop/interact/pubsub/ */
export class PubSub {
  readonly #topics: Readonly<Record<TopicKind, Map<Bytes, Topic>>> = {
    channel: new Map(),
    pattern: new Map(),
    shardChannel: new Map(),
  };

  /** How many channels or patterns have subscribers. */
  size(kind: TopicKind): number {
    return this.#topics[kind].size;
  }

  names(kind: TopicKind): IterableIterator<Bytes> {
    return this.#topics[kind].keys();
  }

  subscriberCount(kind: TopicKind, name: Bytes): number {
    return this.#topics[kind].get(name)?.subscribers.size ?? 0;
  }

  /** False when it was subscribed already. */
  subscribe(subscriber: Subscriber, kind: TopicKind, name: Bytes): boolean {
    const own = subscriber.subscriptions[kind];
    if (own.has(name) || subscriber.isClosed) return false;
    own.add(name);
    const topics = this.#topics[kind];
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = { subscribers: new Set(), takes: kind === "pattern" ? compileGlob(name) : () => false };
      topics.set(name, topic);
    }
    topic.subscribers.add(subscriber);
    return true;
  }

  /** False when it was not subscribed. */
  unsubscribe(subscriber: Subscriber, kind: TopicKind, name: Bytes): boolean {
    if (!subscriber.subscriptions[kind].delete(name)) return false;
    const topics = this.#topics[kind];
    const { subscribers } = topics.get(name)!;
    subscribers.delete(subscriber);
    if (subscribers.size === 0) topics.delete(name);
    return true;
  }

  /** The client is gone, or starts anew: nothing of it stays. */
  leave(subscriber: Subscriber): void {
    const { subscriptions } = subscriber;
    if (subscriptions.total === 0) return;
    for (const kind of ["channel", "pattern", "shardChannel"] as const) {
      for (const name of subscriptions[kind]) this.unsubscribe(subscriber, kind, name);
    }
  }

  /** To those who are subscribed to the channel, then to those with a pattern that takes it. */
  publish(channel: Bytes, message: Bytes): Delivery {
    const topic = this.#topics.channel.get(channel);
    const patterns = this.#topics.pattern;
    if (topic === undefined && patterns.size === 0) return NOBODY;
    const parts: Part[] = [];
    if (topic !== undefined) parts.push(partOf(topic, ["message", channel, message]));
    for (const [pattern, topic] of patterns) {
      if (topic.takes(channel)) parts.push(partOf(topic, ["pmessage", pattern, channel, message]));
    }
    return new Delivery(parts);
  }

  /** Shard channels know no patterns. */
  publishToShard(channel: Bytes, message: Bytes): Delivery {
    const topic = this.#topics.shardChannel.get(channel);
    return topic === undefined ? NOBODY : new Delivery([partOf(topic, ["smessage", channel, message])]);
  }
}

function partOf({ subscribers }: Topic, elements: readonly Bytes[]): Part {
  return { push: new Push(elements), subscribers: [...subscribers] };
}
