import type { Push } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";

/** What a client can subscribe to: a channel by its name, channels by a pattern, a shard channel by its name. */
export type TopicKind = "channel" | "pattern" | "shardChannel";

/** What one client is subscribed to, in order. Changed by `PubSub` alone. */
export class Subscriptions {
  readonly channel = new Set<Bytes>();
  readonly pattern = new Set<Bytes>();
  readonly shardChannel = new Set<Bytes>();

  get total(): number {
    return this.channel.size + this.pattern.size + this.shardChannel.size;
  }

  /** The number that a confirmation tells: shard channels are counted for themselves. */
  countFor(kind: TopicKind): number {
    return kind === "shardChannel" ? this.shardChannel.size : this.channel.size + this.pattern.size;
  }
}

/** A client as Pub/Sub needs it. */
export interface Subscriber {
  readonly subscriptions: Subscriptions;
  /** It is gone: it gets no subscriptions any more. */
  readonly isClosed: boolean;
  /** Not before `batch` is written; 0: at once. */
  push(push: Push, batch: number): void;
}
