import type { CommandGroup } from "./command.ts";
import { INTROSPECTION } from "./introspection.ts";

/** What the server can do: every group has its rows and handlers in a file of its own. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [INTROSPECTION];
