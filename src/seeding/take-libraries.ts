import { type RestorePolicy, restoreLibraries } from "../commands/scripting/function-payload.ts";
import type { Scripting } from "../commands/scripting/scripting.ts";
import type { Keyspace } from "../keyspace/keyspace.ts";
import type { Bytes } from "../support/bytes.ts";

/** Loads libraries of functions that came with data, within the work that takes the data over. @throws CommandError */
export function takeLibraries(
  { keyspace, scripting }: { readonly keyspace: Keyspace; readonly scripting: Scripting },
  codes: readonly Bytes[],
  policy: RestorePolicy,
): void {
  const work: ((batch: number) => void)[] = [];
  const context = {
    keyspace,
    server: { scripting },
    afterwards: (step: (batch: number) => void) => void work.push(step),
  };
  restoreLibraries(context, codes, policy);
  for (const step of work) step(0);
}
