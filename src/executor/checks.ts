import type { Client } from "../commands/host.ts";
import type { Command } from "../commands/registered-command.ts";
import { CommandError } from "../errors.ts";
import type { DiskHealth } from "./disk-health.ts";

export interface CheckState {
  /** Started with --readonly. */
  readonly isReadonly: () => boolean;
  readonly disk: DiskHealth;
}

/** Whether a client may run a command now, in the order of Redis' processCommand. Throws the error if not. */
export function check(state: CheckState, client: Client, command: Command): void {
  if (client.authRequired && !command.isNoAuth) throw NOT_AUTHENTICATED;
  if (command.isWrite) {
    if (state.disk.failure !== null) throw state.disk.failure;
    if (state.isReadonly()) throw READ_ONLY;
  }
}

const NOT_AUTHENTICATED = new CommandError("NOAUTH Authentication required.");
const READ_ONLY = new CommandError("READONLY You can't write against a read only replica.");
