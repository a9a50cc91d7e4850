import { CommandError } from "../errors.ts";
import type { Database } from "../keyspace/database.ts";
import type { Entry } from "../keyspace/entry.ts";
import type { Reply } from "../resp/reply.ts";
import type { Bytes } from "../support/bytes.ts";
import type { CommandGroup, Context } from "./command.ts";
import { helpReply } from "./help.ts";
import { keyAt } from "./key-spec.ts";

/** OBJECT: how a value is kept. */
export const OBJECT: CommandGroup = {
  name: "generic",
  rows: {
    object: {
      arity: -2,
      flags: [],
      doc: {
        summary: "A container for object introspection commands",
        since: "2.2.3",
        complexity: "Depends on subcommand.",
      },
      subcommands: {
        encoding: {
          arity: 3,
          flags: ["readonly"],
          keys: [keyAt(2, "RO")],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Inspect the internal encoding of a Redis object",
            since: "2.2.3",
            complexity: "O(1)",
            syntax: "key",
          },
          run: objectEncoding,
        },
        freq: {
          arity: 3,
          flags: ["readonly"],
          keys: [keyAt(2, "RO")],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get the logarithmic access frequency counter of a Redis object",
            since: "4.0.0",
            complexity: "O(1)",
            syntax: "key",
          },
          run: objectFreq,
        },
        help: {
          arity: 2,
          flags: ["loading", "stale"],
          doc: {
            summary: "Show helpful text about the different subcommands",
            since: "6.2.0",
            complexity: "O(1)",
          },
          run: objectHelp,
        },
        idletime: {
          arity: 3,
          flags: ["readonly"],
          keys: [keyAt(2, "RO")],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get the time since a Redis object was last accessed",
            since: "2.2.3",
            complexity: "O(1)",
            syntax: "key",
          },
          run: objectIdletime,
        },
        refcount: {
          arity: 3,
          flags: ["readonly"],
          keys: [keyAt(2, "RO")],
          tips: ["nondeterministic_output"],
          doc: {
            summary: "Get the number of references to the value of the key",
            since: "2.2.3",
            complexity: "O(1)",
            syntax: "key",
          },
          run: objectRefcount,
        },
      },
    },
  },
};

function inspect(db: Database, key: Bytes): Entry | null {
  return db.inspect(key, false);
}

function objectEncoding({ db }: Context, args: readonly Bytes[]): Reply {
  return inspect(db, args[2]!)?.encoding ?? null;
}

function objectFreq({ db }: Context, args: readonly Bytes[]): Reply {
  if (inspect(db, args[2]!) === null) return null;
  throw NO_FREQUENCY;
}

/** It is Redis' answer as long as the policy is not one that counts: here it is always `noeviction`. */
const NO_FREQUENCY = new CommandError(
  "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching " +
    "between policies at runtime LRU and LFU data will take some time to adjust.",
);

/** Counted from the last access, or from when the key came into memory. */
function objectIdletime({ db, keyspace }: Context, args: readonly Bytes[]): Reply {
  const entry = inspect(db, args[2]!);
  return entry === null ? null : Math.max(0, keyspace.nowS - entry.accessedAtS);
}

function objectRefcount({ db }: Context, args: readonly Bytes[]): Reply {
  const entry = inspect(db, args[2]!);
  if (entry === null) return null;
  return isSharedInteger(entry) ? SHARED : 1;
}

/** In Redis all keys that hold one of these share one object, whose references are not counted. */
function isSharedInteger(entry: Entry): boolean {
  return entry.encoding === "int" && /^[0-9]{1,4}$/.test(entry.value as Bytes);
}

const SHARED = 2 ** 31 - 1;

function objectHelp(_: Context, args: readonly Bytes[]): Reply {
  return helpReply(args[0]!, [
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
  ]);
}
