import { CommandError } from "../errors.ts";
import { NO_REPLY, OK, type Reply } from "../resp/reply.ts";
import type { CommandGroup, Context } from "./command.ts";

/** MONITOR: see executor/monitors.ts. */
export const MONITOR: CommandGroup = {
  name: "server",
  rows: {
    monitor: {
      arity: 1,
      flags: ["admin", "noscript", "loading", "stale"],
      doc: {
        summary: "Listen for all requests received by the server in real time",
        since: "1.0.0",
      },
      run: monitor,
    },
  },
};

function monitor(context: Context): Reply {
  const { client, server } = context;
  if (client.transaction !== null) throw IN_TRANSACTION;
  if (client.isMonitor) return NO_REPLY;
  context.afterwards(() => server.monitors.add(client));
  return OK;
}

const IN_TRANSACTION = new CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client");
