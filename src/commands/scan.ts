import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import { literalPrefix } from "../support/glob.ts";
import { cursorArgument, scanOptions } from "./arguments.ts";
import type { CommandGroup, Context } from "./command.ts";

/** SCAN; its cursors are explained in keyspace/scan-cursors.ts. */
export const SCAN: CommandGroup = {
  name: "generic",
  rows: {
    scan: {
      arity: -2,
      flags: ["readonly"],
      tips: ["nondeterministic_output", "request_policy:special"],
      doc: {
        summary: "Incrementally iterate the keys space",
        since: "2.8.0",
        complexity:
          "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.",
        history: [["6.0.0", "Added the `TYPE` subcommand."]],
        syntax: "cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type]@6.0.0",
      },
      run: scan,
    },
  },
};

/** COUNT is a hint: no step looks at more keys than this. */
const MAX_COUNT = 100_000;

function scan({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const cursor = cursorArgument(args[1]!);
  const { count, pattern, matches, type } = scanOptions(args, 2, true);
  const typeName = type?.toLowerCase();
  const { prefix, isWhole } = literalPrefix(pattern ?? "*");
  if (isWhole) {
    const entry = db.peek(prefix);
    return ["0", entry === null || (typeName ?? entry.type) !== entry.type ? [] : [prefix]];
  }
  const { keys, next } = db.pages.from(keyspace.scanCursors.key(cursor), prefix, Math.min(count, MAX_COUNT));
  const found = keys.filter((live) => matches(live.key) && (typeName ?? live.type) === live.type);
  return [next === null ? "0" : String(keyspace.scanCursors.remember(next)), found.map(({ key }) => key)];
}
