import { CommandError } from "../errors.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { integerArgument } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { WaitFor } from "./wait-for.ts";

/** WAIT, of a server that no replica follows. */
export const WAIT: CommandGroup = {
  name: "generic",
  rows: {
    wait: {
      arity: 3,
      flags: ["noscript"],
      categories: ["connection"],
      tips: ["request_policy:all_shards", "response_policy:agg_min"],
      doc: {
        summary:
          "Wait for the synchronous replication of all the write commands sent in the context of the current connection",
        since: "3.0.0",
        complexity: "O(1)",
        syntax: "numreplicas:integer timeout:integer",
      },
      run: wait,
    },
  },
};

/** Nobody acknowledges anything: who asks for one replica or more waits until the time is over. */
function wait({ nowMs }: Context, args: readonly Bytes[]): Reply | WaitFor {
  const wanted = integerArgument(args[1]!);
  const timeoutMs = parseInteger(args[2]!);
  if (timeoutMs === null) throw NOT_A_TIMEOUT;
  if (timeoutMs < 0) throw NEGATIVE_TIMEOUT;
  if (wanted <= 0) return 0;
  const untilMs = timeoutMs === 0 ? 0 : nowMs + Number(timeoutMs);
  return new WaitFor({ keys: [], type: "string", untilMs, timeoutReply: 0 });
}

const NOT_A_TIMEOUT = new CommandError("ERR timeout is not an integer or out of range");
const NEGATIVE_TIMEOUT = new CommandError("ERR timeout is negative");
