import type { Database } from "../../keyspace/database.ts";
import type { End } from "../../keyspace/list.ts";
import type { Reply } from "../../resp/reply.ts";
import type { Bytes } from "../../support/bytes.ts";
import type { CommandRow, Context } from "../command.ts";
import { keyAt } from "../key-spec.ts";
import { POP_EVENTS, PUSH_EVENTS, endArgument } from "./list-end.ts";

/** From one list to another, or around in one. */
export const MOVE_ROWS = {
  lmove: {
    arity: 5,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
    doc: {
      summary: "Pop an element from a list, push it to another list and return it",
      since: "6.2.0",
      complexity: "O(1)",
      syntax: "source:key destination:key wherefrom:(LEFT | RIGHT) whereto:(LEFT | RIGHT)",
    },
    run: lmove,
  },
  rpoplpush: {
    arity: 3,
    flags: ["write", "denyoom"],
    keys: [keyAt(1, "RW", "access", "delete"), keyAt(2, "RW", "insert")],
    doc: {
      summary: "Remove the last element in a list, prepend it to another list and return it",
      since: "1.2.0",
      complexity: "O(1)",
      deprecated: { since: "6.2.0", replacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments" },
      syntax: "source:key destination:key",
    },
    run: rpoplpush,
  },
} satisfies Record<string, CommandRow>;

function lmove({ db }: Context, args: readonly Bytes[]): Reply {
  const from = endArgument(args[3]!);
  const to = endArgument(args[4]!);
  return moveElement(db, args[1]!, args[2]!, from, to);
}

function rpoplpush({ db }: Context, args: readonly Bytes[]): Reply {
  return moveElement(db, args[1]!, args[2]!, "tail", "head");
}

/** The element that was moved; null when there is no source. @throws WRONG_TYPE */
export function moveElement(
  db: Database,
  source: Bytes,
  destination: Bytes,
  from: End,
  to: End,
): Bytes | null {
  db.ready([source, destination]);
  const list = db.list(source);
  if (list === null) return null;
  let value: Bytes;
  if (source === destination) {
    value = list.rotate(from, to);
  } else {
    const target = db.listToWrite(destination);
    value = list.popOne(from);
    target.push([value], to);
  }
  db.event("list", PUSH_EVENTS[to], destination);
  db.event("list", POP_EVENTS[from], source);
  return value;
}
