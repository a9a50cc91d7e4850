import { CLIENT } from "./client.ts";
import type { CommandGroup } from "./command.ts";
import { CONNECTION } from "./connection.ts";
import { HASHES } from "./hashes.ts";
import { INTROSPECTION } from "./introspection.ts";
import { SERVER } from "./server.ts";
import { SETS } from "./sets.ts";
import { SORTED_SETS } from "./sorted-sets.ts";
import { STRINGS } from "./strings.ts";

/** What the server can do: every group has its rows and handlers in a file of its own. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [STRINGS, HASHES, SETS, SORTED_SETS, CONNECTION, CLIENT, INTROSPECTION, SERVER];
