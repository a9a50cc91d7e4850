import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { TypeName } from "../keyspace/value.ts";

/**
 * What a blocking command returns instead of a reply when there is nothing for it yet. The client then waits until one
 * of `keys` changes and holds a value of `type`, and the same handler runs again, with `Context.wokenBy` set to that
 * key: there is no second code path. Inside MULTI and scripts nobody waits: they get `deniedReply` at once.
 */
export class WaitFor {
  readonly keys: readonly Bytes[];
  /** A key that comes to hold another type wakes nobody. */
  readonly type: TypeName;
  /** Unix time in ms; 0 to wait for ever. */
  readonly untilMs: number;
  /** The answer when the time is over. */
  readonly timeoutReply: Reply;
  /** The answer when the time is over, where that is not known before. */
  readonly lateReply: (() => Reply) | null;
  /** The answer where nobody may wait: in MULTI and scripts. BLMOVE's is another null than that of its timeout. */
  readonly deniedReply: Reply;
  /** What the handler is given when it runs again, where that differs from the request: XREAD's `$` as an id. */
  readonly args: readonly Bytes[] | null;
  /** Wakes too when a key goes away or changes its type: XREADGROUP, whose group went with it. */
  readonly wakesWhenGone: boolean;

  constructor(wait: {
    readonly keys: readonly Bytes[];
    readonly type: TypeName;
    readonly untilMs: number;
    readonly timeoutReply: Reply;
    readonly lateReply?: () => Reply;
    /** Absent: `timeoutReply`. */
    readonly deniedReply?: Reply;
    readonly args?: readonly Bytes[];
    readonly wakesWhenGone?: boolean;
  }) {
    this.keys = wait.keys;
    this.type = wait.type;
    this.untilMs = wait.untilMs;
    this.timeoutReply = wait.timeoutReply;
    this.lateReply = wait.lateReply ?? null;
    // Null is a reply.
    this.deniedReply = wait.deniedReply === undefined ? wait.timeoutReply : wait.deniedReply;
    this.args = wait.args ?? null;
    this.wakesWhenGone = wait.wakesWhenGone ?? false;
  }
}
