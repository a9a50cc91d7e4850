import type { Propagation } from "../../keyspace/propagation.ts";
import type { GroupEdit } from "../../keyspace/stream/group-edit.ts";
import type { Pending } from "../../keyspace/stream/groups.ts";
import { MAX_ID, type StreamId, formatId } from "../../keyspace/stream/id.ts";
import { firstNodes } from "../../keyspace/stream/nodes.ts";
import type { StreamView } from "../../keyspace/stream/view.ts";
import type { Bytes } from "../../support/bytes.ts";

/** What replicas are told of consumer groups, in Redis' words: commands that say what came out, whoever decided it. */

/** An entry is pending as told; `id` as it is to be written, `lastId` of the group. */
export function propagateClaim(
  propagation: Propagation,
  key: Bytes,
  group: GroupEdit,
  id: Bytes,
  { consumer, deliveredAtMs, deliveries }: Pending,
  lastId: StreamId = group.group.lastId,
): void {
  propagation.also([
    ...["XCLAIM", key, group.name, consumer, "0", id],
    ...["TIME", String(deliveredAtMs), "RETRYCOUNT", String(deliveries)],
    ...["FORCE", "JUSTID", "LASTID", formatId(lastId)],
  ]);
}

/** How far a group has read, where no claim tells of it. */
export function propagateProgress(propagation: Propagation, key: Bytes, { name, group }: GroupEdit): void {
  const entriesRead = String(group.entriesRead ?? -1);
  propagation.also(["XGROUP", "SETID", key, name, formatId(group.lastId), "ENTRIESREAD", entriesRead]);
}

/** A consumer that no claim makes. */
export function propagateConsumer(
  propagation: Propagation,
  key: Bytes,
  group: GroupEdit,
  consumer: Bytes,
): void {
  propagation.also(["XGROUP", "CREATECONSUMER", key, group.name, consumer]);
}

/**
 * The arguments of XADD or XTRIM with what `~` came to, exactly: where nodes end is an affair of each server. May fault.
 * `limitAt`: of MAXLEN's number, or MINID's id.
 */
export function exactTrim(
  args: readonly Bytes[],
  limitAt: number,
  strategy: "maxlen" | "minid",
  stream: StreamView,
): Bytes[] {
  const limit =
    strategy === "maxlen"
      ? String(stream.header.length)
      : formatId(firstNodes(stream, 1)[0]?.first ?? MAX_ID);
  return args.with(limitAt - 1, "=").with(limitAt, limit);
}
