import type { Effect } from "../commands/effect.ts";
import type { Client } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import type { RunningScript } from "../commands/suspension.ts";
import type { Config } from "../config/config.ts";
import { MASTER_DOWN, READ_ONLY } from "../commands/replica-rules.ts";
import { BUSY_EVAL, BUSY_FUNCTION, CommandError, LOADING, NO_REPLICAS } from "../errors.ts";
import type { LoadingProgress } from "../metrics/loading-progress.ts";
import type { DiskHealth } from "./disk-health.ts";

export interface CheckState {
  /** Started with --readonly. */
  readonly isReadonly: () => boolean;
  readonly disk: DiskHealth;
  readonly config: () => Config;
  readonly loading: () => LoadingProgress | null;
  /** A script that is over its time. */
  readonly busy: { readonly script: RunningScript | null };
  /** Fewer replicas are there than writes have to go to. */
  readonly lacksReplicas: () => boolean;
  /** This server is a copy that only its master changes. */
  readonly refusesWrites: () => boolean;
  /** It is a copy that may be old, and is not to be shown then. */
  readonly hidesData: () => boolean;
}

/** Whether a client may run a command now, in the order of Redis' processCommand. Throws the error if not. */
export function check(state: CheckState, client: Client, command: Command, effect: Effect): void {
  // What it sends has happened already.
  if (client.type === "master") {
    if (effect.isWrite && state.disk.failure !== null) throw state.disk.failure;
    return;
  }
  if (command.isProtected) checkProtected(state.config(), client, command);
  if (client.authRequired && !command.isNoAuth) throw NOT_AUTHENTICATED;
  if (effect.isWrite) {
    const { refusal } = state.disk;
    if (refusal !== null) throw refusal;
    if (state.lacksReplicas()) throw NO_REPLICAS;
    if (state.isReadonly() || state.refusesWrites()) throw READ_ONLY;
  }
  if (client.resp === 2 && client.type === "pubsub") checkSubscriber(command);
  if (!isForStaleData(client, command) && state.hidesData()) throw MASTER_DOWN;
  const loading = state.loading();
  if (loading !== null && (loading.isAsync ? command.isNoAsyncLoading : !command.isLoading)) throw LOADING;
  const { script } = state.busy;
  if (script !== null && !command.isAllowedBusy) throw script.kind === "eval" ? BUSY_EVAL : BUSY_FUNCTION;
  const isFollower = client.isMonitor || client.type === "replica";
  if (isFollower && (effect.isWrite || command.isReadonly || effect.mayReplicate)) throw NOT_FOR_REPLICAS;
}

/** Before it is run again: meanwhile writing may have failed, or the server may have become a replica. */
export function checkAgain(state: CheckState, client: Client, { isWrite }: Effect): void {
  if (!isWrite) return;
  const { refusal } = state.disk;
  if (refusal !== null) throw refusal;
  if (client.type !== "master" && state.refusesWrites()) throw READ_ONLY;
}

/** EXEC does what was queued. */
function isForStaleData({ transaction }: Client, command: Command): boolean {
  if (command.fullName !== "exec" || transaction === null) return command.isStale;
  return transaction.queue.every(({ command }) => command.isStale);
}

/** In RESP2 a subscriber could not tell a message from a reply. */
function checkSubscriber({ fullName }: Command): void {
  if (SUBSCRIBER_COMMANDS.has(fullName)) return;
  throw new CommandError(
    `ERR Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET ` +
      "are allowed in this context",
  );
}

const SUBSCRIBER_COMMANDS: ReadonlySet<string> = new Set([
  "ping",
  "subscribe",
  "unsubscribe",
  "psubscribe",
  "punsubscribe",
  "ssubscribe",
  "sunsubscribe",
  "quit",
  "reset",
]);

/** DEBUG and the subcommands of MODULE that load code are for whom an option of the start names. */
function checkProtected({ values }: Config, client: Client, command: Command): void {
  const container = command.fullName.split("|")[0]!;
  const allowed = container === "debug" ? values.enableDebugCommand : values.enableModuleCommand;
  if (allowed === "yes" || (allowed === "local" && client.isLocal)) return;
  throw new CommandError(
    `ERR ${container.toUpperCase()} command not allowed. If the enable-${container}-command option is set to "local", ` +
      "you can run it from a local connection, otherwise you need to set this option in the configuration file, " +
      "and then restart the server.",
  );
}

/** Redis takes one that said MONITOR for a kind of replica. */
const NOT_FOR_REPLICAS = new CommandError("ERR Replica can't interact with the keyspace");
const NOT_AUTHENTICATED = new CommandError("NOAUTH Authentication required.");
