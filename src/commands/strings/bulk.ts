import type { BigString } from "../../keyspace/big-string.ts";
import { type Reply, StreamReply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";

/**
 * A whole string as a reply; a long one is streamed from a snapshot of now. So make it when nothing of the command
 * can fault any more, and before it writes.
 */
export function bulk(value: Bytes | BigString | null): Reply {
  if (value === null || typeof value === "string") return value;
  if (!value.mayStream) return value.slice(0, value.length);
  return new StreamReply("bulk", value.length, value.stream());
}
