import type { Bytes } from "../support/bytes.ts";
import type { Client, Server } from "./host.ts";
import type { Command } from "./registered-command.ts";

/** What a call may do to the data: known before it runs, so that it can be refused or held. */
export interface Effect {
  readonly isWrite: boolean;
  /** Does something that replicas have to do as well, or runs what nobody knows yet. */
  readonly mayReplicate: boolean;
}

/** Of a command as it is called: EXEC does what is in its queue, a script may tell what it does by flags. */
export function effectOf(client: Client, command: Command, args: readonly Bytes[], server: Server): Effect {
  if (!command.runsOthers) return command;
  const { findEffect } = command.row;
  if (findEffect !== undefined) return findEffect(args, server) ?? command;
  return client.transaction ?? command;
}
