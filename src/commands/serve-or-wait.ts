import type { TypeName } from "../keyspace/value.ts";
import { NULL_ARRAY, type Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { Context } from "./command.ts";
import { WaitFor } from "./wait-for.ts";

/**
 * The reply of the first key that has one (`serve` answers null for a key that has nothing), or the wait for one of
 * them. A client that was woken is served by the key that woke it alone.
 */
export function serveOrWait(
  { db, wokenBy }: Context,
  type: TypeName,
  keys: readonly Bytes[],
  untilMs: number,
  serve: (key: Bytes) => Reply,
): Reply | WaitFor {
  db.ready(keys);
  for (const key of wokenBy === null ? keys : [wokenBy]) {
    const reply = serve(key);
    if (reply !== null) return reply;
  }
  return new WaitFor({ keys, type, untilMs, timeoutReply: NULL_ARRAY });
}
