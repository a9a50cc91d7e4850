import { CommandError } from "../errors.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { parseInteger } from "../support/integers.ts";
import { integerArgument } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";
import { WaitFor } from "./wait-for.ts";

/** WAIT: until replicas have what the client has written. */
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

function wait(context: Context, args: readonly Bytes[]): Reply | WaitFor {
  const { client, server, nowMs } = context;
  const { replicas, upstream } = server.replication;
  if (upstream.isReplica) throw NOT_FOR_REPLICAS;
  const wanted = integerArgument(args[1]!);
  const timeoutMs = parseInteger(args[2]!);
  if (timeoutMs === null) throw NOT_A_TIMEOUT;
  if (timeoutMs < 0) throw NEGATIVE_TIMEOUT;
  const offset = client.changesOffset;
  const count = (): number => replicas.countAcknowledged(offset);
  const reached = count();
  if (reached >= wanted) return reached;
  const untilMs = timeoutMs === 0 ? 0 : nowMs + Number(timeoutMs);
  const waitFor = new WaitFor({
    keys: [],
    type: "string",
    untilMs,
    timeoutReply: 0,
    lateReply: count,
    deniedReply: reached,
  });
  if (client.transaction !== null) return waitFor;
  context.afterwards(() => {
    replicas.waiters.add({
      offset,
      replicas: wanted,
      isOver: () => !server.blocked.isWaitingFor(client, waitFor),
      resume: (reply) => server.blocked.release(client, reply),
    });
    replicas.askForAcknowledgements();
  });
  return waitFor;
}

const NOT_FOR_REPLICAS = new CommandError(
  "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured " +
    "to be writable (which is not the default) writes to replicas are just local and are not propagated.",
);

const NOT_A_TIMEOUT = new CommandError("ERR timeout is not an integer or out of range");
const NEGATIVE_TIMEOUT = new CommandError("ERR timeout is negative");
