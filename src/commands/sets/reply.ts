import type { SetValue } from "../../keyspace/set.ts";
import { type Reply, SetReply, StreamReply } from "../../resp/reply.ts";

export const EMPTY_SET = new SetReply([]);

/** All members; straight from disk when they are too many for memory. */
export function membersReply(set: SetValue): Reply {
  return set.mustStream ? new StreamReply("set", set.count, set.stream()) : new SetReply(set.memberArray());
}
