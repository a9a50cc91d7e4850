import { counterBytes } from "../../keyspace/stream/counter.ts";
import {
  type Group,
  type NamedConsumer,
  type NamedGroup,
  UNKNOWN_READS,
  consumerOfElement,
  consumersRange,
  idOfOwned,
  ownedRange,
  pendingOfElement,
  pendingRange,
} from "../../keyspace/stream/groups.ts";
import type { RdbOutput } from "./output.ts";
import { type Reads, forEach } from "./reads.ts";

export interface GroupParts {
  /** Entries read. */
  readonly hasCounters: boolean;
  /** When a consumer was last active; here that is when it was last seen. */
  readonly hasActiveTimes: boolean;
}

/** The consumer groups of a stream: pending entries of all, then the consumers with the ids of their own. */
export function* encodeGroups(output: RdbOutput, groups: readonly NamedGroup[], parts: GroupParts): Reads {
  output.length(groups.length);
  for (const { name, group } of groups) {
    output.string(name);
    output.length64(group.lastId.slice(0, 8));
    output.length64(group.lastId.slice(8));
    if (parts.hasCounters) output.length64(counterBytes(group.entriesRead ?? UNKNOWN_READS));
    output.length(group.pendingCount);
    if (group.pendingCount > 0) {
      yield* forEach(pendingRange(group), (key, value) => {
        const { id, pending } = pendingOfElement([key, value]);
        output.raw(id);
        output.time(pending.deliveredAtMs);
        output.length64(counterBytes(pending.deliveries));
      });
    }
    yield* encodeConsumers(output, group, parts);
  }
}

function* encodeConsumers(output: RdbOutput, group: Group, parts: GroupParts): Reads {
  const consumers: NamedConsumer[] = [];
  if (group.consumerCount > 0) {
    yield* forEach(consumersRange(group), (key, value) => consumers.push(consumerOfElement([key, value])));
  }
  output.length(consumers.length);
  for (const { name, consumer } of consumers) {
    output.string(name);
    output.time(consumer.seenAtMs);
    if (parts.hasActiveTimes) output.time(consumer.seenAtMs);
    output.length(consumer.pendingCount);
    if (consumer.pendingCount === 0) continue;
    yield* forEach(ownedRange(group, name), (key) => output.raw(idOfOwned(key)));
  }
}
